import { messagingTables } from '@closeloop/messaging';
import { type DatabaseDefinition } from '@closeloop/platform';
import { edgesDatabase } from './edges.database.js';
import { DeadLetterEntity } from './infrastructure/dead-letter.entity.js';
import { FeedbackBodyEntity } from './infrastructure/feedback-body.entity.js';
import { FeedbackRevisionEntity } from './infrastructure/feedback-revision.entity.js';
import { FeedbackEntity } from './infrastructure/feedback.entity.js';
import { LoopStateEntity } from './infrastructure/loop-state.entity.js';
import { IngestionSchema1763760000000 } from './infrastructure/migrations/ingestion-schema-1763760000000.migration.js';
import { Operator1764100000000 } from './infrastructure/migrations/operator-1764100000000.migration.js';
import { Replies1764630050000 } from './infrastructure/migrations/replies-1764630050000.migration.js';

/** What ingestion keeps. */
export const ingestionDatabase: DatabaseDefinition = {
  entities: [
    FeedbackEntity,
    FeedbackRevisionEntity,
    FeedbackBodyEntity,
    DeadLetterEntity,
    LoopStateEntity,
    ...edgesDatabase.entities,
  ],
  migrations: [
    ...messagingTables,
    IngestionSchema1763760000000,
    ...edgesDatabase.migrations,
    Operator1764100000000,
    Replies1764630050000,
  ],
};
