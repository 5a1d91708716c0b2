import type { Violation } from '@closeloop/contracts';

/** One piece of feedback as an edge hands it over. */
export interface Submission {
  /** The source that the caller is known as; an input that names another one is refused. */
  readonly source: string;
  /** The JSON value as it came, not validated yet. */
  readonly input: unknown;
  /** Where an id comes from when the input has no externalId: this and `index`. */
  readonly idempotencyKey?: string;
  /** Place in the request, line in the file, id of the message. */
  readonly index?: number | string;
  /** Why the input could not even be read (a line that is no JSON): it is counted as rejected, `input` is ignored. */
  readonly unreadable?: readonly Violation[];
}

/** A request that its sender may repeat: the repeat gets the stored results, and counts nothing. */
export interface RepeatableRequest {
  readonly source: string;
  /** Idempotency-Key, as sent */
  readonly key: string;
  /** Hash of the whole request: the same key with another one is refused (rule `idempotency-key-reuse`). */
  readonly fingerprint: string;
}

export type AcceptanceResult =
  | {
      readonly result: 'accepted' | 'revised' | 'duplicate' | 'stale';
      readonly feedbackId: string;
      /** The revision accepted; for a duplicate or a stale one, the latest there is. */
      readonly revision: number;
      /** Why it is stale, where it is not for its updatedAt. */
      readonly reason?: 'deleted';
    }
  | { readonly result: 'rejected'; readonly errors: readonly Violation[] };

/** The door: every edge of ingestion hands its feedback over here. */
export abstract class AcceptFeedback {
  /**
   * Accepts durably, and answers for each submission, in their order. Resolves when all are committed; several calls
   * share a transaction. One feedbackId's submissions are judged in the order of the calls.
   *
   * Rejects with nothing accepted: a Problem `backlog-full` (503) at the bound of outbox or queue, the store's own
   * connection error (platform answers 503 `store-unavailable`), a Problem `invalid` with rule `idempotency-key-reuse`.
   * A connection that breaks during the commit rejects too: sending again is safe, ids are derived.
   */
  abstract accept(submissions: readonly Submission[], request?: RepeatableRequest): Promise<AcceptanceResult[]>;
}
