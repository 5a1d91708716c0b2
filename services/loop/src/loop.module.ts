import { pipeline } from '@closeloop/contracts';
import { MessagingModule } from '@closeloop/messaging';
import { API_KEY_VERIFIER, AuditModule, configProvider, DatabaseModule } from '@closeloop/platform';
import { Module } from '@nestjs/common';
import { AnswerFollowUp } from './application/answer-follow-up.handler.js';
import { CommandLoop } from './application/command-loop.handler.js';
import { DraftResponse } from './application/draft-response.handler.js';
import { HandOverFollowUps } from './application/hand-over-follow-ups.handler.js';
import { MeetDeadlines } from './application/meet-deadlines.handler.js';
import { ReadFollowUps } from './application/read-follow-ups.handler.js';
import { ReadLoops } from './application/read-loops.handler.js';
import { Reconcile } from './application/reconcile.handler.js';
import { RecordEvidence } from './application/record-evidence.handler.js';
import { ArchiveLoops } from './application/archive-loops.handler.js';
import { AskAgain } from './application/ask-again.handler.js';
import { PrepareAnswer } from './application/prepare-answer.js';
import { SuggestAnswers } from './application/suggest-answers.handler.js';
import { UseTemplates } from './application/use-templates.handler.js';
import { SuggestionStore } from './domain/suggestion-store.js';
import { TemplateStore } from './domain/template-store.js';
import { SuggestionsController } from './inbound/suggestions.controller.js';
import { TemplatesController } from './inbound/templates.controller.js';
import { SuggestionRepository } from './infrastructure/suggestion.repository.js';
import { TemplateRepository } from './infrastructure/template.repository.js';
import { RecordReplies } from './application/record-replies.handler.js';
import { RepublishHistory } from './application/republish-history.handler.js';
import { TellCustomers } from './application/tell-customers.handler.js';
import { SayAgain } from './application/say-again.handler.js';
import { SettleFeedback } from './application/settle-feedback.handler.js';
import { ArchiveStore } from './domain/archive-store.js';
import { DeadlineStore } from './domain/deadline-store.js';
import { FollowUpMailer } from './domain/follow-up-mailer.js';
import { FollowUpStore } from './domain/follow-up-store.js';
import { HistoryStore } from './domain/history-store.js';
import { LoopStore } from './domain/loop-store.js';
import { NoticeStore } from './domain/notice-store.js';
import { PresentStore } from './domain/present-store.js';
import { ReconciliationStore } from './domain/reconciliation-store.js';
import { ReplyStore } from './domain/reply-store.js';
import { SettlementStore } from './domain/settlement-store.js';
import { SetSla } from './application/set-sla.handler.js';
import { SettingsStore } from './domain/sla/settings-store.js';
import { SlaBook } from './domain/sla/sla-book.js';
import { SlaSettingsController } from './inbound/sla-settings.controller.js';
import { SlaSettingsPoller } from './inbound/sla-settings.poller.js';
import { KeptSlaBook } from './infrastructure/sla-book.repository.js';
import { SlaSettingsRepository } from './infrastructure/sla-settings.repository.js';
import { ArchiveTimer } from './inbound/archive.timer.js';
import { DeadlineTimer } from './inbound/deadline.timer.js';
import { EvidenceController } from './inbound/evidence.controller.js';
import { FollowUpPageController } from './inbound/follow-up-page.controller.js';
import { FollowUpTimer } from './inbound/follow-up.timer.js';
import { FollowUpsController } from './inbound/follow-ups.controller.js';
import { FeedbackRoutedConsumer } from './inbound/feedback-routed.consumer.js';
import { HistoryController } from './inbound/history.controller.js';
import { LoopCommandsController } from './inbound/loop-commands.controller.js';
import { LoopsController } from './inbound/loops.controller.js';
import { NoticeRequestedConsumer } from './inbound/notice-requested.consumer.js';
import { NoticeTimer } from './inbound/notice.timer.js';
import { ReplyResultsConsumer } from './inbound/reply-results.consumer.js';
import { ArchiveRepository } from './infrastructure/archive.repository.js';
import { DeadlineRepository } from './infrastructure/deadline.repository.js';
import { ReconciliationController } from './inbound/reconciliation.controller.js';
import { IngestionKeysClient } from './infrastructure/ingestion-keys.client.js';
import { OpenApiController } from './inbound/openapi.controller.js';
import { FollowUpRepository } from './infrastructure/follow-up.repository.js';
import { HistoryRepository } from './infrastructure/history.repository.js';
import { LoopRepository } from './infrastructure/loop.repository.js';
import { MailClient } from './infrastructure/mail.client.js';
import { NoticeRepository } from './infrastructure/notice.repository.js';
import { PresentRepository } from './infrastructure/present.repository.js';
import { SettlementRepository } from './infrastructure/settlement.repository.js';
import { ReconciliationRepository } from './infrastructure/reconciliation.repository.js';
import { ReplyRepository } from './infrastructure/reply.repository.js';
import { ArchiveConfig } from './archive.config.js';
import { FollowUpConfig } from './follow-up.config.js';
import { LoopConfig } from './loop.config.js';
import { loopDatabase } from './loop.database.js';
import { TeamDeliveryModule } from './team-delivery.module.js';

@Module({
  imports: [
    DatabaseModule.forService(loopDatabase),
    MessagingModule.forService(pipeline.loop, { mode: 'effect' }),
    AuditModule,
    TeamDeliveryModule,
  ],
  controllers: [
    FeedbackRoutedConsumer,
    ReplyResultsConsumer,
    NoticeRequestedConsumer,
    SuggestionsController,
    TemplatesController,
    LoopsController,
    LoopCommandsController,
    EvidenceController,
    ReconciliationController,
    HistoryController,
    SlaSettingsController,
    FollowUpsController,
    FollowUpPageController,
    OpenApiController,
  ],
  providers: [
    configProvider(LoopConfig),
    KeptSlaBook,
    { provide: SlaBook, useExisting: KeptSlaBook },
    { provide: SettingsStore, useClass: SlaSettingsRepository },
    configProvider(FollowUpConfig),
    configProvider(ArchiveConfig),
    { provide: ArchiveStore, useClass: ArchiveRepository },
    { provide: FollowUpMailer, useExisting: MailClient },
    { provide: FollowUpStore, useClass: FollowUpRepository },
    { provide: NoticeStore, useClass: NoticeRepository },
    { provide: SettlementStore, useClass: SettlementRepository },
    { provide: PresentStore, useClass: PresentRepository },
    { provide: ReconciliationStore, useClass: ReconciliationRepository },
    { provide: LoopStore, useClass: LoopRepository },
    { provide: HistoryStore, useClass: HistoryRepository },
    { provide: DeadlineStore, useClass: DeadlineRepository },
    { provide: ReplyStore, useClass: ReplyRepository },
    { provide: SuggestionStore, useClass: SuggestionRepository },
    { provide: TemplateStore, useClass: TemplateRepository },
    { provide: API_KEY_VERIFIER, useClass: IngestionKeysClient },
    SettleFeedback,
    CommandLoop,
    DraftResponse,
    ReadLoops,
    Reconcile,
    RecordEvidence,
    RecordReplies,
    PrepareAnswer,
    SuggestAnswers,
    UseTemplates,
    MeetDeadlines,
    DeadlineTimer,
    SetSla,
    SlaSettingsPoller,
    HandOverFollowUps,
    AnswerFollowUp,
    ReadFollowUps,
    FollowUpTimer,
    TellCustomers,
    NoticeTimer,
    SayAgain,
    RepublishHistory,
    AskAgain,
    ArchiveLoops,
    ArchiveTimer,
  ],
})
export class LoopModule {}
