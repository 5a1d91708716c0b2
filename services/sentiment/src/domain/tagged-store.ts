import type { Feedback, FeedbackTagged, Tags } from '@closeloop/contracts';
import type { Actor } from './actor.js';
import type { TagCorrection } from './correction/correct-tags.js';

/** A feedback as it stands here: its highest revision, and the highest revision of that one's tags. */
export interface TaggedFeedback {
  readonly feedback: Feedback;
  readonly tagRevision: number;
  readonly tags: Tags;
}

/** What a person has said, and when. */
export interface KeptCorrection {
  readonly revision: number;
  readonly tagRevision: number;
  readonly by: string;
  readonly at: Date;
  readonly said: TagCorrection;
}

/** Of what the tagger said: how often people judged a part of it in a week, and found it right. */
export interface JudgedWeek {
  /** ISO week, UTC: `2026-W48` */
  readonly week: string;
  readonly part: string;
  readonly n: number;
  readonly right: number;
}

/** Tagged feedback as it came. `json`: the data in UTF-8, so that what is kept of it need not be written anew */
export interface GivenTagged {
  readonly data: FeedbackTagged;
  readonly json: Buffer;
}

/** Tagged feedback, within one transaction. */
export interface TaggedTransaction {
  /** Keeps what is higher than what stands; of what was deleted the words go, those of its corrections too. */
  keep(tagged: readonly GivenTagged[]): Promise<void>;
  /** Of those whose tags stand higher than the ones given of the same revision: as they stand. */
  higher(given: readonly FeedbackTagged[]): Promise<readonly TaggedFeedback[]>;
  /** Locked, in the order of their ids; without those that were deleted or are not there */
  lock(feedbackIds: readonly string[]): Promise<readonly TaggedFeedback[]>;
  /** The next revision of their tags, which is told to whoever reads them. */
  retag(tagged: readonly TaggedFeedback[]): Promise<void>;
  /** Keeps what was said, to learn from; who said it is in the audit log too. */
  noteCorrection(before: TaggedFeedback, after: TaggedFeedback, correction: KeptCorrection, by: Actor): Promise<void>;
}

export abstract class TaggedStore {
  /** In a transaction that is given */
  abstract within(transaction: object): TaggedTransaction;
  /** In one of its own; `now` is the database's. @throws BackPressure while too much waits to be sent */
  abstract run<T>(work: (tx: TaggedTransaction, now: Date) => Promise<T>): Promise<T>;
  abstract find(
    feedbackId: string,
  ): Promise<{ readonly tagged: TaggedFeedback; readonly corrections: readonly KeptCorrection[] } | undefined>;
  /** By what people have said since then, in the order of weeks */
  abstract judgedByWeek(since: Date): Promise<readonly JudgedWeek[]>;
  /** Deletes up to `limit` feedback that came more than so many days ago and that nobody has corrected, and whose it was. @returns how many */
  abstract forget(days: number, limit: number): Promise<number>;
}
