import { feedbackRouted, type FeedbackRouted } from '@closeloop/contracts';
import { EffectContext, ok, Outbox, type IncomingEvent, type Outcome } from '@closeloop/messaging';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { KeepRouted } from '../application/keep-routed.handler.js';
import { routedEvent } from '../domain/routed-event.js';

/** What was routed, beside the way on which it becomes loops. */
@Controller()
export class FeedbackRoutedConsumer {
  constructor(
    private readonly keepRouted: KeepRouted,
    private readonly outbox: Outbox,
  ) {}

  @EventPattern<string>(feedbackRouted.topic)
  async keep(
    @Payload() events: readonly IncomingEvent<FeedbackRouted>[],
    @Ctx() { transaction }: EffectContext,
  ): Promise<Outcome[]> {
    if (events.some(({ replayed }) => replayed)) this.outbox.assertRoom();
    const told = await this.keepRouted.handle(events, transaction);
    return told.map((again) => ok(...again.map(routedEvent)));
  }
}
