import { loopChanged, pipeline, resendHeader, trailHeader, withStep, type LoopChanged } from '@closeloop/contracts';
import { drop, EffectContext, ok, type IncomingEvent, type Outcome } from '@closeloop/messaging';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { SettleFeedbackHandler } from '../application/settle-feedback.handler.js';
import { LedgerStore } from '../domain/ledger-store.js';
import { replayedLetterOf } from '../domain/letter-replay.js';

/** What the loop service says became of feedback. */
@Controller()
export class LoopChangedConsumer {
  constructor(
    private readonly store: LedgerStore,
    private readonly handler: SettleFeedbackHandler,
  ) {}

  @EventPattern<string>(loopChanged.topic)
  async settle(
    @Payload() events: IncomingEvent<LoopChanged>[],
    @Ctx() { transaction, now, attempts }: EffectContext,
  ): Promise<Outcome[]> {
    const at = now.toISOString();
    const ledger = this.store.within(transaction);
    const unknown = await this.handler.settle(
      ledger,
      events.map(({ data, headers, topic, partition, offset }) => ({
        data,
        // only what settles a feedback has a place for its way
        ...(data.feedback && {
          trail: withStep(headers[trailHeader], {
            group: pipeline.ingestion.group,
            ...{ topic, partition, offset, at, attempts },
          }),
        }),
      })),
    );
    // what came of a reply has been taken in: no revision says so
    const replayed = events.flatMap(({ data, headers }) =>
      data.note?.startsWith('reply-') ? (replayedLetterOf(headers[resendHeader]) ?? []) : [],
    );
    if (replayed.length > 0) await ledger.settleReplayed(replayed);
    return events.map(({ data: { feedback } }) =>
      feedback && unknown.has(feedback.feedbackId) ? drop('the feedback was never accepted here') : ok(),
    );
  }
}
