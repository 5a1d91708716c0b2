import type { FeedbackKind } from '@closeloop/contracts';
import type { Standing } from './acceptance.js';
import type { CanonicalContent } from './candidate.js';

/** What is counted for good, by source. */
export const countedResults = ['accepted', 'revised', 'duplicate', 'stale', 'rejected', 'dead-inbound'] as const;
export type CountedResult = (typeof countedResults)[number];

/** A revision to be kept, with the event that tells of it. */
export interface NewRevision {
  readonly feedbackId: string;
  readonly revision: number;
  readonly kind: FeedbackKind;
  readonly contentHash: string;
  /** Canonical JSON of `content`: what contentHash is the hash of */
  readonly canonical: string;
  readonly content: CanonicalContent;
  /** W3C trace that it came in: a transaction may hold those of many requests */
  readonly traceparent?: string;
}

export interface AcceptanceChange {
  readonly now: Date;
  /** Last standing of each feedback that was unknown, sorted by id */
  readonly created: readonly { feedbackId: string; source: string; standing: Standing }[];
  /** Last standing of each known feedback that has a new revision */
  readonly changed: readonly { feedbackId: string; standing: Standing }[];
  /** In the order in which their events are to be sent */
  readonly revisions: readonly NewRevision[];
  readonly counts: readonly { source: string; result: CountedResult; count: number }[];
  readonly requests: readonly { id: RequestId; fingerprint: string; results: unknown }[];
}

/** A request that may be repeated: its source and the hash of its Idempotency-Key. */
export interface RequestId {
  readonly source: string;
  readonly keyHash: string;
}

export interface StoredRequest {
  readonly fingerprint: string;
  readonly results: unknown;
}

/** What acceptance does inside one transaction of the store. */
export interface AcceptanceTransaction {
  /** The results kept for these requests, in their order. */
  recall(requests: readonly RequestId[]): Promise<(StoredRequest | undefined)[]>;
  /**
   * Locks what is known of these ids until the transaction ends, in the order given (sorted, each once), and reads it
   * after the lock. `now` is the store's time.
   */
  lock(feedbackIds: readonly string[]): Promise<{ now: Date; standings: Map<string, Standing> }>;
  /** contentHashes of all revisions of these, which must be locked. */
  hashesOf(feedbackIds: readonly string[]): Promise<Map<string, Set<string>>>;
  /** Writes everything, the events too. Throws `Overtaken` when another transaction created or answered one of them. */
  save(change: AcceptanceChange): Promise<void>;
  /** Does the work, or undoes it alone and throws what it threw; the transaction goes on. */
  attempt<T>(work: () => Promise<T>): Promise<T>;
}

export abstract class AcceptanceStore {
  /** A transaction of its own; commits when the work resolves. */
  abstract transaction<T>(work: (transaction: AcceptanceTransaction) => Promise<T>): Promise<T>;
  /** Inside the transaction that a Kafka batch was given with. */
  abstract within(transaction: object): AcceptanceTransaction;
  /** Whether too many events wait to be sent for more to be accepted. */
  abstract isFull(): boolean;
  /** Throws what pauses a Kafka partition when `isFull`. */
  abstract assertRoom(): void;
  /** Tells the relay, after a commit, that there is something to send. */
  abstract wake(): void;
  /** Forgets requests older than this many days, a bounded number at a time; how many it forgot. */
  abstract forgetRequests(days: number): Promise<number>;
}

/** Another transaction was first: nothing is wrong, it has to be looked at again. */
export class Overtaken extends Error {
  override readonly name = 'Overtaken';
}

/** The store refuses a value (SQLSTATE classes 22 and 23): one of the rows is bad, and stays so. */
export class Unstorable extends Error {
  override readonly name = 'Unstorable';
}
