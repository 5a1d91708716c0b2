import { insightChanged, insightRaised, type InsightChanged, type InsightRaised } from '@closeloop/contracts';
import { EffectContext, ok, type IncomingEvent, type Outcome } from '@closeloop/messaging';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { raisedInsight, teamToldOf, ToldInsightStore, type ToldInsight } from '../domain/told-insight.js';

/** What teams are to hear of insights: who answers them, and whoever raised them of the answer. */
@Controller()
export class InsightsConsumer {
  constructor(private readonly store: ToldInsightStore) {}

  @EventPattern<string>(insightRaised.topic)
  raised(@Payload() events: IncomingEvent<InsightRaised>[], @Ctx() context: EffectContext): Promise<Outcome[]> {
    return this.keep(
      events.map(({ data }) => raisedInsight(data)),
      context,
    );
  }

  @EventPattern<string>(insightChanged.topic)
  changed(@Payload() events: IncomingEvent<InsightChanged>[], @Ctx() context: EffectContext): Promise<Outcome[]> {
    return this.keep(
      events.map(({ data }) => data),
      context,
    );
  }

  private async keep(insights: readonly ToldInsight[], { transaction }: EffectContext): Promise<Outcome[]> {
    const told = insights.flatMap((insight) => {
      const team = teamToldOf(insight);
      return team === undefined ? [] : [{ team, insight }];
    });
    await this.store.keep(transaction, told);
    return insights.map(() => ok());
  }
}
