import { type LoopChanged, type LoopState } from '@closeloop/contracts';
import { type Loop, type LoopEvent } from './loop.js';
import { type SettledFeedback, type Step } from './settlement.js';

/** Words that belong to an event of a loop. `text` and the rest: as they were given. */
export interface EventWords {
  readonly kind: 'response' | 'reason' | 'evidence';
  readonly loopId: string;
  readonly version: number;
  readonly feedbackId?: string;
  readonly body: { readonly text: string } & Readonly<Record<string, string>>;
}

/** An event of a history as readers see it, with the words that belong to it and were not erased. */
export type ReadEvent = LoopEvent & { readonly words?: object };

/** A feedback of a loop as readers see it; `words` is absent once it is deleted or erased. */
export interface ReadFeedback {
  readonly feedback: SettledFeedback;
  readonly words?: object;
}

export interface Draft {
  readonly agent: string;
  readonly at: Date;
  readonly feedbackId: string;
  readonly revision: number;
  readonly text: string;
}

export interface LoopFilter {
  /** undefined: of every team */
  readonly teams?: readonly string[];
  readonly states?: readonly LoopState[];
  readonly feedbackId?: string;
  /** Only what comes after this place, newest first */
  readonly after?: { readonly openedAt: Date; readonly loopId: string };
  readonly limit: number;
}

export interface LoopCount {
  readonly team: string;
  readonly state: LoopState;
  readonly count: number;
}

/** What a connector was answered for an Idempotency-Key. */
export interface StoredEvidence {
  readonly source: string;
  readonly idempotencyKey: string;
  readonly requestHash: string;
  readonly feedbackId: string;
  readonly kind: string;
  readonly type: string;
  readonly status: number;
  readonly answer: object;
}

/** Loops one by one, in one transaction. Lock in this order: feedback, then loops. */
export interface LoopTransaction {
  find(loopId: string): Promise<Loop | undefined>;
  lock(loopId: string): Promise<Loop | undefined>;
  /**
   * Writes what comes after a loop as it was, its deadlines too: false where it is not at that version any more, and
   * nothing was written. The row stays locked until the transaction ends.
   */
  advance(before: Loop, steps: readonly Step[], words?: EventWords): Promise<boolean>;
  open(opened: Step): Promise<void>;
  /** Events after a version, in order. */
  history(loopId: string, after: number): Promise<ReadEvent[]>;
  lockFeedback(feedbackId: string): Promise<SettledFeedback | undefined>;
  /** Gives a feedback another loop: its settlement is told anew, by that loop's first event. */
  moveFeedback(feedback: SettledFeedback, at: Date): Promise<void>;
  feedbackOf(loopId: string): Promise<ReadFeedback[]>;
  draftsOf(loopId: string): Promise<Draft[]>;
  /** One draft for an agent and a loop: the last one stands. */
  saveDraft(loopId: string, draft: Draft): Promise<void>;
  deleteDraft(loopId: string, agent: string): Promise<void>;
  /** Newest first. */
  page(filter: LoopFilter): Promise<Loop[]>;
  counts(teams?: readonly string[]): Promise<LoopCount[]>;
  evidence(source: string, idempotencyKey: string): Promise<StoredEvidence | undefined>;
  /** @throws ConcurrentChange where the key has been used in the meantime */
  saveEvidence(evidence: StoredEvidence, at: Date): Promise<void>;
  /**
   * Sends these once the transaction has committed. To be called when the rows that they tell of are locked.
   * @throws Problem `backlog-full` while too much waits to be sent
   */
  tell(events: readonly LoopChanged[]): Promise<void>;
}

export abstract class LoopStore {
  /** Commits what `work` did, or rolls back and throws what it threw. `now` is the database's clock. */
  abstract run<T>(work: (tx: LoopTransaction, now: Date) => Promise<T>): Promise<T>;
}
