import { migrateDatabase } from '@closeloop/platform';
import { ingestionDatabase } from './ingestion.database.js';

await migrateDatabase('ingestion', ingestionDatabase, process.env);
