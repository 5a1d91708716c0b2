import { feedbackInbound, resendHeader, type InboundFeedback } from '@closeloop/contracts';
import { deadLetter, EffectContext, ok, type IncomingEvent, type Outcome } from '@closeloop/messaging';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { AcceptInboundHandler } from '../application/accept-inbound.handler.js';
import { LedgerStore } from '../domain/ledger-store.js';
import { replayedLetterOf } from '../domain/letter-replay.js';
import { tooLong } from '../domain/candidate.js';

/** Feedback that producers outside offer over Kafka. */
@Controller()
export class FeedbackInboundConsumer {
  constructor(
    private readonly inbound: AcceptInboundHandler,
    private readonly ledger: LedgerStore,
  ) {}

  @EventPattern<string>(feedbackInbound.topic)
  async receive(
    @Payload() events: IncomingEvent<InboundFeedback>[],
    @Ctx() { transaction }: EffectContext,
  ): Promise<Outcome[]> {
    const results = await this.inbound.accept(
      transaction,
      events.map(({ data, headers: { traceparent } }) => ({
        input: data,
        // what is longer is none
        ...(traceparent !== undefined && traceparent.length <= 128 && { traceparent }),
      })),
    );
    const replayed = events.flatMap(({ headers }, at) =>
      results[at]!.result === 'rejected' ? [] : (replayedLetterOf(headers[resendHeader]) ?? []),
    );
    if (replayed.length > 0) await this.ledger.within(transaction).settleReplayed(replayed);
    return results.map((result) => {
      if (result.result !== 'rejected') return ok();
      const told = result.errors.map(({ pointer, message }) => `${pointer || '/'}: ${message}`).join('; ');
      const reason = result.errors.some(({ rule }) => rule === 'forbiddenCharacters')
        ? 'forbidden-characters'
        : result.errors.some(({ rule }) => rule === tooLong)
          ? 'too-large'
          : 'invalid-schema';
      return deadLetter(reason, told);
    });
  }
}
