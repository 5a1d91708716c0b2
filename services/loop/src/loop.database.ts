import { messagingTables } from '@closeloop/messaging';
import { type DatabaseDefinition } from '@closeloop/platform';
import { EvidenceEntity } from './infrastructure/evidence.entity.js';
import { FeedbackEntity } from './infrastructure/feedback.entity.js';
import { LoopHistoryEntity } from './infrastructure/loop-history.entity.js';
import { LoopEntity } from './infrastructure/loop.entity.js';
import { Deadlines1764500000000 } from './infrastructure/migrations/deadlines.migration.js';
import { LoopTally1764500100000 } from './infrastructure/migrations/loop-tally.migration.js';
import { LoopTables1764000000000 } from './infrastructure/migrations/loop-tables.migration.js';
import { WordsEntity } from './infrastructure/words.entity.js';

export const loopDatabase: DatabaseDefinition = {
  entities: [LoopEntity, LoopHistoryEntity, FeedbackEntity, WordsEntity, EvidenceEntity],
  migrations: [...messagingTables, LoopTables1764000000000, Deadlines1764500000000, LoopTally1764500100000],
};
