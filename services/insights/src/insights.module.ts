import { pipeline } from '@closeloop/contracts';
import { MessagingModule } from '@closeloop/messaging';
import { AuditModule, DatabaseModule } from '@closeloop/platform';
import { Module } from '@nestjs/common';
import { OpenApiController } from './inbound/openapi.controller.js';
import { DriversModule } from './drivers.module.js';
import { EmergingModule } from './emerging.module.js';
import { insightsDatabase } from './insights.database.js';
import { MetricsModule } from './metrics.module.js';
import { OuterLoopModule } from './outer-loop.module.js';
import { ReadModelModule } from './read-model.module.js';

/** feedback.routed and loop.changed → read models, metrics, and what comes of them. */
@Module({
  imports: [
    DatabaseModule.forService(insightsDatabase),
    MessagingModule.forService(pipeline.insights, { mode: 'effect', restMs: 250 }),
    AuditModule,
    ReadModelModule,
    MetricsModule,
    OuterLoopModule,
    DriversModule,
    EmergingModule,
  ],
  controllers: [OpenApiController],
})
export class InsightsModule {}
