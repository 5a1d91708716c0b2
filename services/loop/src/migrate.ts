import { migrateDatabase } from '@closeloop/platform';
import { loopDatabase } from './loop.database.js';

await migrateDatabase('loop', loopDatabase, process.env);
