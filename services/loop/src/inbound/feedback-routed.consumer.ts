import { feedbackRouted, type FeedbackRouted } from '@closeloop/contracts';
import { EffectContext, ok, Outbox, type IncomingEvent, type Outcome } from '@closeloop/messaging';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { SayAgain } from '../application/say-again.handler.js';
import { SettleFeedback } from '../application/settle-feedback.handler.js';
import { outgoing } from '../domain/loop-changed.js';
import { SettlementStore } from '../domain/settlement-store.js';

/** Feedback that a rule has sent to a team. */
@Controller()
export class FeedbackRoutedConsumer {
  constructor(
    private readonly store: SettlementStore,
    private readonly handler: SettleFeedback,
    private readonly again: SayAgain,
    private readonly outbox: Outbox,
  ) {}

  @EventPattern<string>(feedbackRouted.topic)
  async settle(
    @Payload() events: IncomingEvent<FeedbackRouted>[],
    @Ctx() { transaction, now }: EffectContext,
  ): Promise<Outcome[]> {
    // every settlement is told: while nothing is sent, nothing more is taken
    this.outbox.assertRoom();
    const told = await this.handler.handle(events, this.store.within(transaction), now);
    const said = await this.again.handle(events, told, transaction);
    return said.map((changes) => ok(...changes.map(outgoing)));
  }
}
