import { feedbackRouted, type FeedbackRouted } from '@closeloop/contracts';
import { EffectContext, ok, type IncomingEvent, type Outcome } from '@closeloop/messaging';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { KeepFeedback } from '../application/keep-feedback.handler.js';
import { byRebuild } from './by-rebuild.js';

@Controller()
export class FeedbackRoutedConsumer {
  constructor(private readonly keepFeedback: KeepFeedback) {}

  @EventPattern<string>(feedbackRouted.topic)
  async keep(
    @Payload() events: readonly IncomingEvent<FeedbackRouted>[],
    @Ctx() { transaction }: EffectContext,
  ): Promise<Outcome[]> {
    for (const [rebuild, part] of byRebuild(events)) await this.keepFeedback.handle(part, transaction, rebuild);
    return events.map(() => ok());
  }
}
