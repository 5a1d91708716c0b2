import { messagingTables } from '@closeloop/messaging';
import { type DatabaseDefinition } from '@closeloop/platform';
import { LearningTables1764600000000 } from './infrastructure/migrations/learning-tables.migration.js';

/** Written and read by statements only: most of it is in batches. */
export const learningDatabase: DatabaseDefinition = {
  entities: [],
  migrations: [...messagingTables, LearningTables1764600000000],
};
