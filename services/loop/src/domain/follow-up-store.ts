import { type ReplyRequested } from '@closeloop/contracts';
import { type Asked, type Contact, type FollowedLoop, type FollowUp, type FollowUpState } from './follow-up.js';
import { type LoopTransaction } from './loop-store.js';

/** A follow-up whose turn it is, its loop as it is now, and the loop's feedback that has words, newest first. */
export interface DueFollowUp {
  readonly followUp: FollowUp;
  readonly loop: FollowedLoop;
  readonly contacts: readonly Contact[];
  /** Whom the cap counts; its row is locked. Absent where nobody is known */
  readonly customer?: string;
}

/** What a connector is to say, and in which cycle of the loop it was asked for. */
export interface RequestedReply {
  readonly data: ReplyRequested;
  readonly cycle: number;
}

/** Follow-ups that are due, in one transaction. */
export interface HandOverTransaction {
  /**
   * Locks follow-ups that are due, the longest due first, by their customers and loops; those whose loop somebody else
   * has locked are left out. `customerOf`: whom the cap counts, of a loop's customer and feedback.
   */
  lockDue(
    now: Date,
    limit: number,
    customerOf: (customer: string | undefined, contacts: readonly Contact[]) => string | undefined,
  ): Promise<DueFollowUp[]>;
  /** What these customers were asked since then. To be read once their lock is held. */
  askedSince(customers: readonly string[], since: Date): Promise<(Asked & { readonly customer: string })[]>;
  save(followUps: readonly FollowUp[]): Promise<void>;
  /** Sends these once the transaction has committed. */
  tell(replies: readonly RequestedReply[]): Promise<void>;
}

/** A follow-up as readers see it; `words`: what the customer wrote, unless it was erased. */
export interface ReadFollowUp {
  readonly followUp: FollowUp;
  readonly team: string;
  readonly words?: string;
}

export interface FollowUpFilter {
  /** undefined: of every team */
  readonly teams?: readonly string[];
  readonly states?: readonly FollowUpState[];
  readonly loopId?: string;
  /** Only what comes after this place, newest first */
  readonly after?: { readonly requestedAt: Date; readonly followUpId: string };
  readonly limit: number;
}

/** One follow-up and its loop, in one transaction. */
export interface AnswerTransaction {
  /** The loops of the same transaction. Lock in this order: feedback, then loops. */
  readonly loops: LoopTransaction;
  /** To be decided upon when its loop is locked: then nobody else writes it. */
  find(followUpId: string): Promise<ReadFollowUp | undefined>;
  save(followUp: FollowUp): Promise<void>;
  /** Keeps words that belong to no event of the loop, or that come after it. */
  saveWords(followUp: FollowUp, words: string, at: Date): Promise<void>;
}

export abstract class FollowUpStore {
  /**
   * Commits what `work` did, or rolls back and throws what it threw. `now` is the database's clock.
   * @throws BackPressure while too much waits to be sent
   */
  abstract handOver<T>(work: (tx: HandOverTransaction, now: Date) => Promise<T>): Promise<T>;
  abstract answer<T>(work: (tx: AnswerTransaction, now: Date) => Promise<T>): Promise<T>;
  /** One that has been handed over; what else became of it meanwhile stays. */
  abstract handedOver(followUpId: string): Promise<void>;
  /** One that nobody took: it is tried again then, or `refused` for good. */
  abstract notTaken(followUpId: string, next: { readonly at: Date } | 'refused'): Promise<void>;
  /** Newest first. */
  abstract page(filter: FollowUpFilter): Promise<ReadFollowUp[]>;
  /** Milliseconds until the next one is due, by the database's clock; below 0: since when one is. */
  abstract untilNext(): Promise<number | undefined>;
}
