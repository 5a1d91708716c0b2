import { pipeline } from '@closeloop/contracts';
import { MessagingModule } from '@closeloop/messaging';
import { API_KEY_VERIFIER, configProvider, DatabaseModule } from '@closeloop/platform';
import { Module } from '@nestjs/common';
import { CommandLoop } from './application/command-loop.handler.js';
import { DraftResponse } from './application/draft-response.handler.js';
import { MeetDeadlines } from './application/meet-deadlines.handler.js';
import { ReadLoops } from './application/read-loops.handler.js';
import { Reconcile } from './application/reconcile.handler.js';
import { RecordEvidence } from './application/record-evidence.handler.js';
import { SayAgain } from './application/say-again.handler.js';
import { SettleFeedback } from './application/settle-feedback.handler.js';
import { DeadlineStore } from './domain/deadline-store.js';
import { LoopStore } from './domain/loop-store.js';
import { PresentStore } from './domain/present-store.js';
import { ReconciliationStore } from './domain/reconciliation-store.js';
import { SettlementStore } from './domain/settlement-store.js';
import { DeadlineTimer } from './inbound/deadline.timer.js';
import { EvidenceController } from './inbound/evidence.controller.js';
import { FeedbackRoutedConsumer } from './inbound/feedback-routed.consumer.js';
import { LoopCommandsController } from './inbound/loop-commands.controller.js';
import { LoopsController } from './inbound/loops.controller.js';
import { DeadlineRepository } from './infrastructure/deadline.repository.js';
import { ReconciliationController } from './inbound/reconciliation.controller.js';
import { IngestionKeysClient } from './infrastructure/ingestion-keys.client.js';
import { OpenApiController } from './inbound/openapi.controller.js';
import { LoopRepository } from './infrastructure/loop.repository.js';
import { PresentRepository } from './infrastructure/present.repository.js';
import { SettlementRepository } from './infrastructure/settlement.repository.js';
import { ReconciliationRepository } from './infrastructure/reconciliation.repository.js';
import { LoopConfig } from './loop.config.js';
import { loopDatabase } from './loop.database.js';

@Module({
  imports: [DatabaseModule.forService(loopDatabase), MessagingModule.forService(pipeline.loop, { mode: 'effect' })],
  controllers: [
    FeedbackRoutedConsumer,
    LoopsController,
    LoopCommandsController,
    EvidenceController,
    ReconciliationController,
    OpenApiController,
  ],
  providers: [
    configProvider(LoopConfig),
    { provide: SettlementStore, useClass: SettlementRepository },
    { provide: PresentStore, useClass: PresentRepository },
    { provide: ReconciliationStore, useClass: ReconciliationRepository },
    { provide: LoopStore, useClass: LoopRepository },
    { provide: DeadlineStore, useClass: DeadlineRepository },
    { provide: API_KEY_VERIFIER, useClass: IngestionKeysClient },
    SettleFeedback,
    CommandLoop,
    DraftResponse,
    ReadLoops,
    Reconcile,
    RecordEvidence,
    MeetDeadlines,
    DeadlineTimer,
    SayAgain,
  ],
})
export class LoopModule {}
