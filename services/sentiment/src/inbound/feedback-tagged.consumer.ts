import { feedbackTagged, type FeedbackTagged } from '@closeloop/contracts';
import { EffectContext, ok, Outbox, type IncomingEvent, type Outcome } from '@closeloop/messaging';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { KeepTagged } from '../application/keep-tagged.handler.js';
import { taggedEvent } from '../domain/tagged-event.js';

/** Tagged feedback, off the path on which it is routed. */
@Controller()
export class FeedbackTaggedConsumer {
  constructor(
    private readonly keepTagged: KeepTagged,
    private readonly outbox: Outbox,
  ) {}

  @EventPattern<string>(feedbackTagged.topic)
  async keep(
    @Payload() events: readonly IncomingEvent<FeedbackTagged>[],
    @Ctx() { transaction }: EffectContext,
  ): Promise<Outcome[]> {
    if (events.some(({ replayed }) => replayed)) this.outbox.assertRoom();
    const told = await this.keepTagged.handle(events, transaction);
    return told.map((again) => ok(...again.map(taggedEvent)));
  }
}
