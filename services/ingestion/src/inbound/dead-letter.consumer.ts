import {
  deadLetterTopic,
  feedbackInbound,
  feedbackReceived,
  feedbackRouted,
  feedbackTagged,
  insightChanged,
  insightRaised,
  loopChanged,
  noticeRequested,
  noticeSettled,
  replyFailed,
  replyRequested,
  replySent,
} from '@closeloop/contracts';
import { drop, EffectContext, ok, type IncomingDeadLetter, type Outcome } from '@closeloop/messaging';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { RecordDeadLettersHandler } from '../application/record-dead-letters.handler.js';
import { LedgerStore } from '../domain/ledger-store.js';

/** What died on its way through the pipeline or to a customer, and what died at the door from Kafka. */
@Controller()
export class DeadLetterConsumer {
  constructor(
    private readonly store: LedgerStore,
    private readonly handler: RecordDeadLettersHandler,
  ) {}

  @EventPattern<string>(deadLetterTopic(feedbackInbound.topic))
  inbound(@Payload() letters: IncomingDeadLetter[], @Ctx() context: EffectContext): Promise<Outcome[]> {
    return this.record(letters, context);
  }

  @EventPattern<string>(deadLetterTopic(feedbackReceived.topic))
  received(@Payload() letters: IncomingDeadLetter[], @Ctx() context: EffectContext): Promise<Outcome[]> {
    return this.record(letters, context);
  }

  @EventPattern<string>(deadLetterTopic(feedbackTagged.topic))
  tagged(@Payload() letters: IncomingDeadLetter[], @Ctx() context: EffectContext): Promise<Outcome[]> {
    return this.record(letters, context);
  }

  @EventPattern<string>(deadLetterTopic(feedbackRouted.topic))
  routed(@Payload() letters: IncomingDeadLetter[], @Ctx() context: EffectContext): Promise<Outcome[]> {
    return this.record(letters, context);
  }

  @EventPattern<string>(deadLetterTopic(loopChanged.topic))
  loopChanged(@Payload() letters: IncomingDeadLetter[], @Ctx() context: EffectContext): Promise<Outcome[]> {
    return this.record(letters, context);
  }

  @EventPattern<string>(deadLetterTopic(replyRequested.topic))
  replyRequested(@Payload() letters: IncomingDeadLetter[], @Ctx() context: EffectContext): Promise<Outcome[]> {
    return this.record(letters, context);
  }

  @EventPattern<string>(deadLetterTopic(replySent.topic))
  replySent(@Payload() letters: IncomingDeadLetter[], @Ctx() context: EffectContext): Promise<Outcome[]> {
    return this.record(letters, context);
  }

  @EventPattern<string>(deadLetterTopic(replyFailed.topic))
  replyFailed(@Payload() letters: IncomingDeadLetter[], @Ctx() context: EffectContext): Promise<Outcome[]> {
    return this.record(letters, context);
  }

  @EventPattern<string>(deadLetterTopic(insightRaised.topic))
  insightRaised(@Payload() letters: IncomingDeadLetter[], @Ctx() context: EffectContext): Promise<Outcome[]> {
    return this.record(letters, context);
  }

  @EventPattern<string>(deadLetterTopic(insightChanged.topic))
  insightChanged(@Payload() letters: IncomingDeadLetter[], @Ctx() context: EffectContext): Promise<Outcome[]> {
    return this.record(letters, context);
  }

  @EventPattern<string>(deadLetterTopic(noticeRequested.topic))
  noticeRequested(@Payload() letters: IncomingDeadLetter[], @Ctx() context: EffectContext): Promise<Outcome[]> {
    return this.record(letters, context);
  }

  @EventPattern<string>(deadLetterTopic(noticeSettled.topic))
  noticeSettled(@Payload() letters: IncomingDeadLetter[], @Ctx() context: EffectContext): Promise<Outcome[]> {
    return this.record(letters, context);
  }

  private async record(letters: readonly IncomingDeadLetter[], { transaction }: EffectContext): Promise<Outcome[]> {
    const kept = await this.handler.record(this.store.within(transaction), letters);
    return kept.map((one) => (one ? ok() : drop('a dead letter of a group that settles nothing')));
  }
}
