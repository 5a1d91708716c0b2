import { configProvider, TeamDirectoryModule } from '@closeloop/platform';
import { Module } from '@nestjs/common';
import { AnswerInsight } from './application/answer-insight.handler.js';
import { InsightMetrics } from './application/insight-metrics.handler.js';
import { ManageImprovements } from './application/manage-improvements.handler.js';
import { MeasureAim } from './application/measure-aim.handler.js';
import { OwnExperience } from './application/own-experience.handler.js';
import { RaiseInsight } from './application/raise-insight.handler.js';
import { ReadOuterLoop } from './application/read-outer-loop.handler.js';
import { InsightFacts } from './domain/insight-facts.js';
import { NoticeRecord } from './domain/notice-record.js';
import { OuterLoopStore } from './domain/outer-loop-store.js';
import { ImprovementsController } from './inbound/improvements.controller.js';
import { InsightsController } from './inbound/insights.controller.js';
import { NoticeSettledConsumer } from './inbound/notice-settled.consumer.js';
import { OwnershipController } from './inbound/ownership.controller.js';
import { InsightFactsRepository } from './infrastructure/insight-facts.repository.js';
import { NoticeRecordRepository } from './infrastructure/notice-record.repository.js';
import { OuterLoopRepository } from './infrastructure/outer-loop.repository.js';
import { InsightsConfig } from './insights.config.js';
import { MetricsModule } from './metrics.module.js';

/** What service learns reaches those who can change it, and the customers whom it was for. */
@Module({
  imports: [MetricsModule, TeamDirectoryModule],
  controllers: [InsightsController, ImprovementsController, OwnershipController, NoticeSettledConsumer],
  providers: [
    configProvider(InsightsConfig),
    { provide: OuterLoopStore, useClass: OuterLoopRepository },
    { provide: InsightFacts, useClass: InsightFactsRepository },
    { provide: NoticeRecord, useClass: NoticeRecordRepository },
    MeasureAim,
    InsightMetrics,
    RaiseInsight,
    AnswerInsight,
    ManageImprovements,
    ReadOuterLoop,
    OwnExperience,
  ],
  exports: [RaiseInsight],
})
export class OuterLoopModule {}
