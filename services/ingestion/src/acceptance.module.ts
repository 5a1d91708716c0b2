import { configProvider } from '@closeloop/platform';
import { Global, Module } from '@nestjs/common';
import { AcceptFeedback } from './application/accept-feedback.js';
import { AcceptFeedbackHandler } from './application/accept-feedback.handler.js';
import { AcceptInboundHandler } from './application/accept-inbound.handler.js';
import { ForgetRequests } from './application/forget-requests.js';
import { GroupCommit } from './application/group-commit.js';
import { AcceptanceStore } from './domain/acceptance-store.js';
import { LedgerStore } from './domain/ledger-store.js';
import { FeedbackInboundConsumer } from './inbound/feedback-inbound.consumer.js';
import { AcceptanceRepository } from './infrastructure/acceptance.repository.js';
import { LedgerRepository } from './infrastructure/ledger.repository.js';
import { IngestionConfig } from './ingestion.config.js';

/** Acceptance, for every edge: by HTTP through `AcceptFeedback`, and from Kafka. */
@Global()
@Module({
  controllers: [FeedbackInboundConsumer],
  providers: [
    configProvider(IngestionConfig),
    { provide: AcceptanceStore, useClass: AcceptanceRepository },
    { provide: LedgerStore, useClass: LedgerRepository },
    { provide: AcceptFeedback, useClass: GroupCommit },
    AcceptFeedbackHandler,
    AcceptInboundHandler,
    ForgetRequests,
  ],
  exports: [AcceptFeedback, IngestionConfig, LedgerStore],
})
export class AcceptanceModule {}
