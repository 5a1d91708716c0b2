import type { FeedbackRouted } from '@closeloop/contracts';
import { KeptStore, type GivenRouted, type KeptFeedback } from '../domain/kept-store.js';
import { Injectable } from '@nestjs/common';

/** One of a batch, and whether it was sent again on purpose. */
export interface ArrivedRouted extends GivenRouted {
  readonly replayed: boolean;
}

const isHigher = (one: FeedbackRouted, other: FeedbackRouted): boolean => {
  if (one.feedback.revision !== other.feedback.revision) return one.feedback.revision > other.feedback.revision;
  if (one.tagRevision !== other.tagRevision) return one.tagRevision > other.tagRevision;
  return one.routeRevision > other.routeRevision;
};

/** Keeps what rules are tried on, and what a reroute goes on from. */
@Injectable()
export class KeepRouted {
  constructor(private readonly store: KeptStore) {}

  /**
   * @returns for each of the batch the routes that are to be told again: what a reroute has said of a feedback, when the first route of it was
   * sent again on purpose (republish), since Kafka may have lost both
   */
  async handle(batch: readonly ArrivedRouted[], transaction: object): Promise<readonly (readonly KeptFeedback[])[]> {
    const highest = new Map<string, GivenRouted>();
    const again = new Map<string, number>();
    for (const [at, given] of batch.entries()) {
      const { feedbackId } = given.data.feedback;
      const known = highest.get(feedbackId);
      if (!known || isHigher(given.data, known.data)) highest.set(feedbackId, given);
      if (given.replayed) again.set(feedbackId, at);
    }
    const tx = this.store.within(transaction);
    await tx.keep([...highest.values()]);
    const answers: KeptFeedback[][] = batch.map(() => []);
    if (again.size === 0) return answers;
    for (const kept of await tx.higher([...again.values()].map((at) => batch[at]!.data))) {
      answers[again.get(kept.feedback.feedbackId)!]!.push(kept);
    }
    return answers;
  }
}
