import { type NoticeRequested } from '@closeloop/contracts';
import { type RequestedReply } from './follow-up-store.js';
import { type Asked, type Contact, type FollowedLoop } from './follow-up.js';
import { type Notice, type OtherNotice, type Settled } from './notice.js';

/** A notice whose turn it is, its loop as it is now, and the loop's feedback that has words, newest first. */
export interface DueNotice {
  readonly notice: Notice;
  readonly loop: FollowedLoop;
  readonly contacts: readonly Contact[];
  /** In the words of who improved it */
  readonly text: string;
  /** Who is told once; its row is locked. Absent where nobody is known */
  readonly customer?: string;
}

/** Notices that are due, in one transaction. */
export interface TellTransaction {
  /** As follow-ups are locked: by their customers and loops, the longest due first. */
  lockDue(
    now: Date,
    limit: number,
    customerOf: (customer: string | undefined, contacts: readonly Contact[]) => string | undefined,
  ): Promise<DueNotice[]>;
  /** What these customers were asked and told since then. */
  askedSince(customers: readonly string[], since: Date): Promise<(Asked & { readonly customer: string })[]>;
  /** All notices of these improvements to these customers. */
  othersOf(
    improvements: readonly string[],
    customers: readonly string[],
  ): Promise<(OtherNotice & { readonly improvementId: string; readonly customer: string })[]>;
  save(notices: readonly Notice[]): Promise<void>;
  /** Tells the outer loop what came of these, once the transaction has committed. */
  settle(settled: readonly Settled[]): Promise<void>;
  /** Sends these once the transaction has committed. */
  tell(replies: readonly RequestedReply[]): Promise<void>;
}

export abstract class NoticeStore {
  /**
   * Keeps what is asked for, in the transaction of a Kafka batch; the first that came under an id counts.
   * @returns what is to be told of those that are settled already, or whose loop is not there
   */
  abstract request(
    transaction: object,
    requested: readonly NoticeRequested[],
    now: Date,
    expiresAt: Date,
  ): Promise<Settled[]>;
  /**
   * Commits what `work` did, or rolls back and throws what it threw. `now` is the database's clock.
   * @throws BackPressure while too much waits to be sent
   */
  abstract handOver<T>(work: (tx: TellTransaction, now: Date) => Promise<T>): Promise<T>;
  /** The mail was taken: the customer is told. */
  abstract sent(noticeId: string): Promise<void>;
  /** Nobody took the mail: it is tried again then, or `refused` for good: another way, if there is one. */
  abstract notTaken(noticeId: string, next: { readonly at: Date } | 'refused'): Promise<void>;
  /** Milliseconds until the next one is due, by the database's clock; below 0: since when one is. */
  abstract untilNext(): Promise<number | undefined>;
}
