import type { FeedbackTagged } from '@closeloop/contracts';
import { Injectable } from '@nestjs/common';
import { TaggedStore, type GivenTagged, type TaggedFeedback } from '../domain/tagged-store.js';

/** One of a batch, and whether it was sent again on purpose. */
export interface ArrivedTagged extends GivenTagged {
  readonly replayed: boolean;
}

const isHigher = (one: FeedbackTagged, other: FeedbackTagged): boolean =>
  one.feedback.revision !== other.feedback.revision
    ? one.feedback.revision > other.feedback.revision
    : one.tagRevision > other.tagRevision;

/** Keeps what people may correct and models may learn from. */
@Injectable()
export class KeepTagged {
  constructor(private readonly store: TaggedStore) {}

  /**
   * @returns for each of the batch the tags that are to be told again: what a person has said of a feedback, when the tagger's own tags of
   * it were sent again on purpose (republish), since Kafka may have lost both
   */
  async handle(batch: readonly ArrivedTagged[], transaction: object): Promise<readonly (readonly TaggedFeedback[])[]> {
    const highest = new Map<string, GivenTagged>();
    const again = new Map<string, number>();
    for (const [at, given] of batch.entries()) {
      const { feedbackId } = given.data.feedback;
      const known = highest.get(feedbackId);
      if (!known || isHigher(given.data, known.data)) highest.set(feedbackId, given);
      if (given.replayed) again.set(feedbackId, at);
    }
    const tx = this.store.within(transaction);
    await tx.keep([...highest.values()]);
    const answers: TaggedFeedback[][] = batch.map(() => []);
    if (again.size === 0) return answers;
    for (const tagged of await tx.higher([...again.values()].map((at) => batch[at]!.data))) {
      answers[again.get(tagged.feedback.feedbackId)!]!.push(tagged);
    }
    return answers;
  }
}
