import { pipeline } from '@closeloop/contracts';
import { MessagingModule } from '@closeloop/messaging';
import { AuditLog, configProvider, DatabaseModule, ENVIRONMENT, type Env } from '@closeloop/platform';
import { Module } from '@nestjs/common';
import { ActiveRules } from './application/active-rules.js';
import { DryRunRules } from './application/dry-run.handler.js';
import { KeepRouted } from './application/keep-routed.handler.js';
import { LearnFallbacks } from './application/learn-fallbacks.handler.js';
import { NoteLoops } from './application/note-loops.handler.js';
import { ReroutePeriod } from './application/reroute.handler.js';
import { FallbackStore } from './domain/fallback.store.js';
import { KeptStore } from './domain/kept-store.js';
import { RerouteStore } from './domain/reroute-store.js';
import { RuleSetStore } from './domain/rule-set.store.js';
import { FallbacksController } from './inbound/fallbacks.controller.js';
import { FeedbackRoutedConsumer } from './inbound/feedback-routed.consumer.js';
import { LoopChangedConsumer } from './inbound/loop-changed.consumer.js';
import { OpenApiController, OPENAPI_DOCUMENT } from './inbound/openapi.controller.js';
import { RehearsalController } from './inbound/rehearsal.controller.js';
import { rehearsalDocument } from './inbound/rehearsal.openapi.js';
import { FallbackTimer, ForgettingTimer, RerouteTimer } from './inbound/rehearsal.timers.js';
import { ReroutesController } from './inbound/reroutes.controller.js';
import { FallbackRepository } from './infrastructure/fallback.repository.js';
import { KeptRepository } from './infrastructure/kept.repository.js';
import { release } from './infrastructure/release.js';
import { RerouteRepository } from './infrastructure/reroute.repository.js';
import { RuleFailures } from './infrastructure/rule-failures.js';
import { RuleSetRepository } from './infrastructure/rule-set.repository.js';
import { RehearsalConfig } from './rehearsal.config.js';
import { routingDatabase } from './routing.database.js';

/** Beside the path of the feedback: rules are tried on what was said, explained, and a period is routed anew by them. */
@Module({
  imports: [
    DatabaseModule.forService(routingDatabase),
    MessagingModule.forService(pipeline.rehearsal, { mode: 'effect', restMs: 250 }),
  ],
  controllers: [
    FeedbackRoutedConsumer,
    LoopChangedConsumer,
    RehearsalController,
    ReroutesController,
    FallbacksController,
    OpenApiController,
  ],
  providers: [
    configProvider(RehearsalConfig),
    { provide: OPENAPI_DOCUMENT, useFactory: () => rehearsalDocument(release()) },
    // The log is routing's, which seals it and answers for it: this program writes to it only.
    { provide: AuditLog, inject: [ENVIRONMENT], useFactory: (env: Env) => AuditLog.for('rehearsal', env) },
    { provide: RuleSetStore, useClass: RuleSetRepository },
    { provide: FallbackStore, useClass: FallbackRepository },
    { provide: KeptStore, useClass: KeptRepository },
    { provide: RerouteStore, useClass: RerouteRepository },
    RuleFailures,
    {
      provide: ActiveRules,
      inject: [RuleSetStore, FallbackStore, RehearsalConfig],
      useFactory: (ruleSets: RuleSetStore, fallbacks: FallbackStore, { fallbackThreshold }: RehearsalConfig) =>
        new ActiveRules(ruleSets, fallbacks, fallbackThreshold),
    },
    KeepRouted,
    NoteLoops,
    LearnFallbacks,
    {
      provide: DryRunRules,
      inject: [KeptStore, FallbackStore, RehearsalConfig],
      useFactory: (kept: KeptStore, fallbacks: FallbackStore, { fallbackThreshold }: RehearsalConfig) =>
        new DryRunRules(kept, fallbacks, fallbackThreshold),
    },
    {
      provide: ReroutePeriod,
      inject: [RerouteStore, ActiveRules, RuleFailures],
      useFactory: (reroutes: RerouteStore, activeRules: ActiveRules, failures: RuleFailures) =>
        new ReroutePeriod(reroutes, activeRules, (...failure) => failures.report(...failure)),
    },
    RerouteTimer,
    FallbackTimer,
    ForgettingTimer,
  ],
})
export class RehearsalModule {}
