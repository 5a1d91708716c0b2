import { migrateDatabase } from '@closeloop/platform';
import { routingDatabase } from './routing.database.js';

await migrateDatabase('routing', routingDatabase, process.env);
