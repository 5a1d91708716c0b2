import { Injectable } from '@nestjs/common';
import { type InboundFeedback } from '@closeloop/contracts';
import { AcceptanceStore, Overtaken } from '../domain/acceptance-store.js';
import { canonicalise, isRefusal, type Candidate } from '../domain/candidate.js';
import { type AcceptanceResult } from './accept-feedback.js';
import { AcceptFeedbackHandler } from './accept-feedback.handler.js';

/** How often a batch is tried again because another transaction was first, before messaging does. */
const attempts = 5;

/** What an event of `feedback.inbound.v1` offers, and the W3C trace it came in. */
export interface Offered {
  readonly input: InboundFeedback;
  readonly traceparent?: string | undefined;
}

/** Accepts what came over Kafka, in the transaction of its batch: as the HTTP edges do, with the same results and counts. */
@Injectable()
export class AcceptInboundHandler {
  constructor(
    private readonly store: AcceptanceStore,
    private readonly handler: AcceptFeedbackHandler,
  ) {}

  /**
   * A result for each, in their order. What is rejected is not counted here: it becomes a dead letter, and is counted as
   * that. Throws at the outbox bound, so that the partition pauses.
   */
  async accept(transaction: object, feedback: readonly Offered[]): Promise<AcceptanceResult[]> {
    this.store.assertRoom();
    const judged = feedback.map(({ input, traceparent }) => {
      const one = canonicalise({ source: input.source, input });
      return isRefusal(one) || traceparent === undefined ? one : { ...one, traceparent };
    });
    const candidates = judged.filter((one): one is Candidate => !isRefusal(one));
    const accepted = candidates.length > 0 ? await this.acceptAll(transaction, candidates) : [];
    let next = 0;
    return judged.map((one) => (isRefusal(one) ? { result: 'rejected', errors: one.errors } : accepted[next++]!));
  }

  private async acceptAll(transaction: object, judged: readonly Candidate[]): Promise<AcceptanceResult[]> {
    const within = this.store.within(transaction);
    for (let attempt = 1; ; attempt += 1) {
      try {
        const [answer] = await within.attempt(() => this.handler.accept(within, [{ judged }]));
        return answer as AcceptanceResult[];
      } catch (error) {
        if (!(error instanceof Overtaken) || attempt === attempts) throw error;
      }
    }
  }
}
