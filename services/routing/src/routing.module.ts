import { pipeline } from '@closeloop/contracts';
import { MessagingModule } from '@closeloop/messaging';
import { AuditModule, configProvider, DatabaseModule } from '@closeloop/platform';
import { Module } from '@nestjs/common';
import { ActiveRules } from './application/active-rules.js';
import { MakeTeam } from './application/make-team.handler.js';
import { RouteFeedbackHandler } from './application/route-feedback.handler.js';
import { RuleSetsHandler } from './application/rule-sets.handler.js';
import { FallbackStore } from './domain/fallback.store.js';
import { InboxTopics } from './domain/inbox-topics.js';
import { RuleSetStore } from './domain/rule-set.store.js';
import { TeamStore } from './domain/team.store.js';
import { ActiveRulesPoller } from './inbound/active-rules.poller.js';
import { ConditionsController } from './inbound/conditions.controller.js';
import { FeedbackTaggedConsumer } from './inbound/feedback-tagged.consumer.js';
import { InboxTopicsTimer } from './inbound/inbox-topics.timer.js';
import { OpenApiController, OPENAPI_DOCUMENT } from './inbound/openapi.controller.js';
import { routingDocument } from './inbound/routing.openapi.js';
import { RuleSetsController } from './inbound/rule-sets.controller.js';
import { TeamsController } from './inbound/teams.controller.js';
import { FallbackRepository } from './infrastructure/fallback.repository.js';
import { InboxTopicsClient } from './infrastructure/inbox-topics.client.js';
import { release } from './infrastructure/release.js';
import { RuleFailures } from './infrastructure/rule-failures.js';
import { RuleSetRepository } from './infrastructure/rule-set.repository.js';
import { TeamRepository } from './infrastructure/team.repository.js';
import { RoutingConfig } from './routing.config.js';
import { routingDatabase } from './routing.database.js';

/** feedback.tagged → rules → feedback.routed; owns teams and rule sets. */
@Module({
  imports: [
    DatabaseModule.forService(routingDatabase),
    MessagingModule.forService(pipeline.routing, { mode: 'hop' }),
    AuditModule,
  ],
  controllers: [FeedbackTaggedConsumer, TeamsController, RuleSetsController, ConditionsController, OpenApiController],
  providers: [
    configProvider(RoutingConfig),
    { provide: OPENAPI_DOCUMENT, useFactory: () => routingDocument(release()) },
    { provide: TeamStore, useClass: TeamRepository },
    { provide: RuleSetStore, useClass: RuleSetRepository },
    { provide: FallbackStore, useClass: FallbackRepository },
    { provide: InboxTopics, useClass: InboxTopicsClient },
    RuleFailures,
    {
      provide: ActiveRules,
      inject: [RuleSetStore, FallbackStore, RoutingConfig],
      useFactory: (ruleSets: RuleSetStore, fallbacks: FallbackStore, { fallbackThreshold }: RoutingConfig) =>
        new ActiveRules(ruleSets, fallbacks, fallbackThreshold),
    },
    ActiveRulesPoller,
    {
      provide: RouteFeedbackHandler,
      inject: [ActiveRules, RuleFailures],
      useFactory: (activeRules: ActiveRules, failures: RuleFailures) =>
        new RouteFeedbackHandler(activeRules, (...failure) => failures.report(...failure)),
    },
    {
      provide: RuleSetsHandler,
      inject: [RuleSetStore, TeamStore, ActiveRules, RoutingConfig],
      useFactory: (
        ruleSets: RuleSetStore,
        teams: TeamStore,
        activeRules: ActiveRules,
        { slaPolicies }: RoutingConfig,
      ) => new RuleSetsHandler(ruleSets, teams, activeRules, new Set(slaPolicies)),
    },
    {
      provide: MakeTeam,
      inject: [TeamStore, InboxTopics],
      useFactory: (teams: TeamStore, inboxes: InboxTopics) => new MakeTeam(teams, inboxes),
    },
    InboxTopicsTimer,
  ],
})
export class RoutingModule {}
