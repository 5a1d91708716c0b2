import { messagingTables } from '@closeloop/messaging';
import { auditTables, type DatabaseDefinition } from '@closeloop/platform';
import { ArchivedLoopEntity } from './infrastructure/archived-loop.entity.js';
import { EndpointEntity, EndpointSecretEntity } from './infrastructure/endpoint.entity.js';
import { EvidenceEntity } from './infrastructure/evidence.entity.js';
import { FeedbackEntity } from './infrastructure/feedback.entity.js';
import { FollowUpEntity } from './infrastructure/follow-up.entity.js';
import { LoopHistoryEntity } from './infrastructure/loop-history.entity.js';
import { LoopEntity } from './infrastructure/loop.entity.js';
import { Answering1764630010000 } from './infrastructure/migrations/answering.migration.js';
import { Archive1764900000000 } from './infrastructure/migrations/archive.migration.js';
import { ClocksInHistory1764810000000 } from './infrastructure/migrations/clocks-in-history.migration.js';
import { DeadlineKey1764960000000 } from './infrastructure/migrations/deadline-key.migration.js';
import { Deadlines1764500000000 } from './infrastructure/migrations/deadlines.migration.js';
import { DeliveryTables1764620000100 } from './infrastructure/migrations/delivery-tables.migration.js';
import { FollowUps1764640000000 } from './infrastructure/migrations/follow-ups.migration.js';
import { LoopDue1764740000000 } from './infrastructure/migrations/loop-due.migration.js';
import { LoopTally1764500100000 } from './infrastructure/migrations/loop-tally.migration.js';
import { LoopTables1764000000000 } from './infrastructure/migrations/loop-tables.migration.js';
import { OuterLoop1764820000000 } from './infrastructure/migrations/outer-loop.migration.js';
import { Replies1764630000000 } from './infrastructure/migrations/replies.migration.js';
import { Sla1764700000000 } from './infrastructure/migrations/sla.migration.js';
import { StandingSettlement1764950000000 } from './infrastructure/migrations/standing-settlement.migration.js';
import { NoticeEntity } from './infrastructure/notice.entity.js';
import { ReplyEntity } from './infrastructure/reply.entity.js';
import { SlaSettingsEntity } from './infrastructure/sla-settings.entity.js';
import { TemplateEntity } from './infrastructure/template.entity.js';
import { WordsEntity } from './infrastructure/words.entity.js';

export const loopDatabase: DatabaseDefinition = {
  entities: [
    LoopEntity,
    ArchivedLoopEntity,
    LoopHistoryEntity,
    FeedbackEntity,
    WordsEntity,
    EvidenceEntity,
    SlaSettingsEntity,
    ReplyEntity,
    EndpointEntity,
    EndpointSecretEntity,
    FollowUpEntity,
    TemplateEntity,
    NoticeEntity,
  ],
  migrations: [
    ...messagingTables,
    ...auditTables,
    LoopTables1764000000000,
    Deadlines1764500000000,
    LoopTally1764500100000,
    DeliveryTables1764620000100,
    FollowUps1764640000000,
    Sla1764700000000,
    Replies1764630000000,
    Answering1764630010000,
    LoopDue1764740000000,
    ClocksInHistory1764810000000,
    OuterLoop1764820000000,
    Archive1764900000000,
    StandingSettlement1764950000000,
    DeadlineKey1764960000000,
  ],
};
