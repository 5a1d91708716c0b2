import type { Feedback, FeedbackRouted, Route, Tags } from '@closeloop/contracts';
import type { Fallback, MovedTo } from './fallback.js';
import type { KnownLoop, NotedLoops } from './moved-loops.js';

/** A feedback as it was routed last: its highest revision, with the highest revisions of tags and route. */
export interface KeptFeedback {
  readonly feedback: Feedback;
  readonly tagRevision: number;
  readonly tags: Tags;
  readonly routeRevision: number;
  readonly route: Route;
}

/** A feedback and its tags, in the order in which they came. */
export interface KeptPlace {
  /** RFC 3339, as precise as the store has it */
  readonly receivedAt: string;
  readonly feedbackId: string;
}

export interface Period {
  readonly from: Date;
  /** Exclusive */
  readonly to: Date;
}

/** Routed feedback as it came. `json`: the data in UTF-8, so that what is kept of it need not be written anew */
export interface GivenRouted {
  readonly data: FeedbackRouted;
  readonly json: Buffer;
}

/** What is kept, within one transaction. */
export interface KeptTransaction {
  /** Keeps what is higher than what stands; of what was deleted the words go. */
  keep(routed: readonly GivenRouted[]): Promise<void>;
  /** Of those whose routes stand higher than the ones given of the same tags: as they stand. */
  higher(given: readonly FeedbackRouted[]): Promise<readonly KeptFeedback[]>;
  /** Locked, in the order of their ids; without those that were deleted or are not there */
  lock(feedbackIds: readonly string[]): Promise<readonly KeptFeedback[]>;
  /** The next revision of their routes, which is told to whoever reads them. */
  reroute(rerouted: readonly KeptFeedback[]): Promise<void>;
  /** Loops as they are known, locked */
  loops(loopIds: readonly string[]): Promise<readonly KnownLoop[]>;
  note(noted: NotedLoops): Promise<void>;
}

/** Where the feedback of the last days is kept, with how it was routed, and what people did to loops. */
export abstract class KeptStore {
  /** In a transaction that is given */
  abstract within(transaction: object): KeptTransaction;
  abstract find(feedbackId: string): Promise<KeptFeedback | undefined>;
  abstract count(period: Period): Promise<number>;
  /** The next ones of a period, in the order in which they came */
  abstract page(
    period: Period,
    after: KeptPlace | undefined,
    limit: number,
  ): Promise<{ readonly items: readonly Pick<KeptFeedback, 'feedback' | 'tags'>[]; readonly last?: KeptPlace }>;
  /** Deletes up to `limit` feedback that came more than so many days ago, and as many loops of which nothing was heard for long. @returns how many of the feedback */
  abstract forget(days: number, limit: number): Promise<number>;
  /**
   * Learns from the loops that people have moved since it last did.
   * @returns what was learned; undefined where there was nothing new, or another replica learns
   */
  abstract learn(
    learnFrom: (moved: readonly MovedTo[]) => readonly Fallback[],
  ): Promise<readonly Fallback[] | undefined>;
}
