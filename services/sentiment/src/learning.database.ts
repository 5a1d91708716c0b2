import { messagingTables } from '@closeloop/messaging';
import { auditTables, type DatabaseDefinition } from '@closeloop/platform';
import { JudgedParts1764720000000 } from './infrastructure/migrations/judged-parts.migration.js';
import { LearningTables1764600000000 } from './infrastructure/migrations/learning-tables.migration.js';
import { WhoseFeedback1764660000000 } from './infrastructure/migrations/whose-feedback.migration.js';

/** Written and read by statements only: most of it is in batches. */
export const learningDatabase: DatabaseDefinition = {
  entities: [],
  migrations: [
    ...messagingTables,
    ...auditTables,
    LearningTables1764600000000,
    WhoseFeedback1764660000000,
    JudgedParts1764720000000,
  ],
};
