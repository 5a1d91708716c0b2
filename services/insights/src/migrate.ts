import { migrateDatabase } from '@closeloop/platform';
import { insightsDatabase } from './insights.database.js';

await migrateDatabase('insights', insightsDatabase, process.env);
