import { pipeline } from '@closeloop/contracts';
import { MessagingModule } from '@closeloop/messaging';
import { configProvider, DatabaseModule } from '@closeloop/platform';
import { Module } from '@nestjs/common';
import { ActivateRuleSetHandler } from './application/activate-rule-set.handler.js';
import { ActiveRules } from './application/active-rules.js';
import { RouteFeedbackHandler } from './application/route-feedback.handler.js';
import { RuleSetStore } from './domain/rule-set.store.js';
import { TeamStore } from './domain/team.store.js';
import { ActiveRulesPoller } from './inbound/active-rules.poller.js';
import { FeedbackTaggedConsumer } from './inbound/feedback-tagged.consumer.js';
import { RuleSetsController } from './inbound/rule-sets.controller.js';
import { TeamsController } from './inbound/teams.controller.js';
import { RuleFailures } from './infrastructure/rule-failures.js';
import { RuleSetRepository } from './infrastructure/rule-set.repository.js';
import { TeamRepository } from './infrastructure/team.repository.js';
import { RoutingConfig } from './routing.config.js';
import { routingDatabase } from './routing.database.js';

/** feedback.tagged → rules → feedback.routed; owns teams and rule sets. */
@Module({
  imports: [DatabaseModule.forService(routingDatabase), MessagingModule.forService(pipeline.routing, { mode: 'hop' })],
  controllers: [FeedbackTaggedConsumer, TeamsController, RuleSetsController],
  providers: [
    configProvider(RoutingConfig),
    { provide: TeamStore, useClass: TeamRepository },
    { provide: RuleSetStore, useClass: RuleSetRepository },
    RuleFailures,
    {
      provide: ActiveRules,
      inject: [RuleSetStore],
      useFactory: (store: RuleSetStore) => new ActiveRules(store),
    },
    ActiveRulesPoller,
    {
      provide: RouteFeedbackHandler,
      inject: [ActiveRules, RuleFailures],
      useFactory: (activeRules: ActiveRules, failures: RuleFailures) =>
        new RouteFeedbackHandler(activeRules, (...failure) => failures.report(...failure)),
    },
    {
      provide: ActivateRuleSetHandler,
      inject: [RuleSetStore, TeamStore, ActiveRules],
      useFactory: (ruleSets: RuleSetStore, teams: TeamStore, activeRules: ActiveRules) =>
        new ActivateRuleSetHandler(ruleSets, teams, activeRules),
    },
  ],
})
export class RoutingModule {}
