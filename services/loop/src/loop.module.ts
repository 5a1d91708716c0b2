import { pipeline } from '@closeloop/contracts';
import { MessagingModule } from '@closeloop/messaging';
import { API_KEY_VERIFIER, configProvider, DatabaseModule } from '@closeloop/platform';
import { Module } from '@nestjs/common';
import { CommandLoop } from './application/command-loop.handler.js';
import { DraftResponse } from './application/draft-response.handler.js';
import { ReadLoops } from './application/read-loops.handler.js';
import { RecordEvidence } from './application/record-evidence.handler.js';
import { SettleFeedback } from './application/settle-feedback.handler.js';
import { LoopStore } from './domain/loop-store.js';
import { SettlementStore } from './domain/settlement-store.js';
import { EvidenceController } from './inbound/evidence.controller.js';
import { FeedbackRoutedConsumer } from './inbound/feedback-routed.consumer.js';
import { LoopCommandsController } from './inbound/loop-commands.controller.js';
import { LoopsController } from './inbound/loops.controller.js';
import { IngestionKeysClient } from './infrastructure/ingestion-keys.client.js';
import { OpenApiController } from './inbound/openapi.controller.js';
import { LoopRepository } from './infrastructure/loop.repository.js';
import { SettlementRepository } from './infrastructure/settlement.repository.js';
import { LoopConfig } from './loop.config.js';
import { loopDatabase } from './loop.database.js';

@Module({
  imports: [DatabaseModule.forService(loopDatabase), MessagingModule.forService(pipeline.loop, { mode: 'effect' })],
  controllers: [FeedbackRoutedConsumer, LoopsController, LoopCommandsController, EvidenceController, OpenApiController],
  providers: [
    configProvider(LoopConfig),
    { provide: SettlementStore, useClass: SettlementRepository },
    { provide: LoopStore, useClass: LoopRepository },
    { provide: API_KEY_VERIFIER, useClass: IngestionKeysClient },
    SettleFeedback,
    CommandLoop,
    DraftResponse,
    ReadLoops,
    RecordEvidence,
  ],
})
export class LoopModule {}
