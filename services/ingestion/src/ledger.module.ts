import { Module } from '@nestjs/common';
import { ReadLedgerHandler } from './application/read-ledger.handler.js';
import { RecordDeadLettersHandler } from './application/record-dead-letters.handler.js';
import { SettleFeedbackHandler } from './application/settle-feedback.handler.js';
import { LedgerStore } from './domain/ledger-store.js';
import { LedgerReader } from './domain/ledger-view.js';
import { DeadLetterConsumer } from './inbound/dead-letter.consumer.js';
import { FeedbackController } from './inbound/feedback.controller.js';
import { LedgerController } from './inbound/ledger.controller.js';
import { LedgerMetrics } from './inbound/ledger.metrics.js';
import { LoopChangedConsumer } from './inbound/loop-changed.consumer.js';
import { LedgerReaderRepository } from './infrastructure/ledger-reader.repository.js';
import { LedgerRepository } from './infrastructure/ledger.repository.js';

/** The ledger: what became of each feedback, and the routes that ask for it (the plain API is one of them). */
@Module({
  controllers: [FeedbackController, LedgerController, LoopChangedConsumer, DeadLetterConsumer],
  providers: [
    { provide: LedgerStore, useClass: LedgerRepository },
    { provide: LedgerReader, useClass: LedgerReaderRepository },
    LedgerMetrics,
    ReadLedgerHandler,
    RecordDeadLettersHandler,
    SettleFeedbackHandler,
  ],
})
export class LedgerModule {}
