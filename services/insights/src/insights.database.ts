import { messagingTables } from '@closeloop/messaging';
import { auditTables, type DatabaseDefinition } from '@closeloop/platform';
import { ImprovementEntity } from './infrastructure/improvement.entity.js';
import { InsightEntity, InsightHistoryEntity } from './infrastructure/insight.entity.js';
import { DayDigests1764850000000 } from './infrastructure/migrations/day-digests.migration.js';
import { Emerging1764820000000 } from './infrastructure/migrations/emerging.migration.js';
import { OuterLoop1764810000000 } from './infrastructure/migrations/outer-loop.migration.js';
import { PendingCounts1764840000000 } from './infrastructure/migrations/pending-counts.migration.js';
import { ReadModel1764800000000 } from './infrastructure/migrations/read-model.migration.js';

export const insightsDatabase: DatabaseDefinition = {
  entities: [InsightEntity, InsightHistoryEntity, ImprovementEntity],
  migrations: [
    ...messagingTables,
    ...auditTables,
    ReadModel1764800000000,
    OuterLoop1764810000000,
    Emerging1764820000000,
    PendingCounts1764840000000,
    DayDigests1764850000000,
  ],
};
