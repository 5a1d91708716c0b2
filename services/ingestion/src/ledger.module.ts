import { Module } from '@nestjs/common';
import { ReadDeadLettersHandler } from './application/read-dead-letters.handler.js';
import { ReadLedgerHandler } from './application/read-ledger.handler.js';
import { RecordDeadLettersHandler } from './application/record-dead-letters.handler.js';
import { ReadTraceHandler } from './application/read-trace.handler.js';
import { ReplayDeadLettersHandler } from './application/replay-dead-letters.handler.js';
import { RepublishHandler } from './application/republish.handler.js';
import { SettleFeedbackHandler } from './application/settle-feedback.handler.js';
import { DeadLetters } from './domain/dead-letters.js';
import { LedgerReader } from './domain/ledger-view.js';
import { ReconciliationReader } from './domain/reconciliation.js';
import { RepublicationStore } from './domain/republication.js';
import { TraceReader } from './domain/trace-view.js';
import { DeadLetterConsumer } from './inbound/dead-letter.consumer.js';
import { DeadLettersController } from './inbound/dead-letters.controller.js';
import { FeedbackController } from './inbound/feedback.controller.js';
import { LedgerController } from './inbound/ledger.controller.js';
import { LedgerMetrics } from './inbound/ledger.metrics.js';
import { LoopChangedConsumer } from './inbound/loop-changed.consumer.js';
import { ReconciliationController } from './inbound/reconciliation.controller.js';
import { RepublishController } from './inbound/republish.controller.js';
import { DeadLettersRepository } from './infrastructure/dead-letters.repository.js';
import { LedgerReaderRepository } from './infrastructure/ledger-reader.repository.js';
import { ReconciliationReaderRepository } from './infrastructure/reconciliation-reader.repository.js';
import { RepublicationRepository } from './infrastructure/republication.repository.js';
import { TraceReaderRepository } from './infrastructure/trace-reader.repository.js';

/** The ledger: what became of each feedback, and the routes that ask for it (the plain API is one of them). */
@Module({
  controllers: [
    FeedbackController,
    LedgerController,
    DeadLettersController,
    RepublishController,
    ReconciliationController,
    LoopChangedConsumer,
    DeadLetterConsumer,
  ],
  providers: [
    { provide: DeadLetters, useClass: DeadLettersRepository },
    { provide: LedgerReader, useClass: LedgerReaderRepository },
    { provide: ReconciliationReader, useClass: ReconciliationReaderRepository },
    { provide: RepublicationStore, useClass: RepublicationRepository },
    { provide: TraceReader, useClass: TraceReaderRepository },
    LedgerMetrics,
    ReadDeadLettersHandler,
    ReadLedgerHandler,
    ReadTraceHandler,
    ReplayDeadLettersHandler,
    RecordDeadLettersHandler,
    RepublishHandler,
    SettleFeedbackHandler,
  ],
})
export class LedgerModule {}
