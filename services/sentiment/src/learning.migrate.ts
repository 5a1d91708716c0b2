import { migrateDatabase } from '@closeloop/platform';
import { learningDatabase } from './learning.database.js';

await migrateDatabase('learning', learningDatabase, process.env);
