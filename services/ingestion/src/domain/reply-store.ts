import { type ReplyRequested } from '@closeloop/contracts';
import { type ClaimedReply, type FailureReason, type ReplyResult } from './reply.js';

/** What came of a reply, as it is told. */
export interface SettledReply {
  readonly replyId: string;
  readonly loopId: string;
  readonly feedbackId: string;
  readonly at: Date;
  readonly result: ReplyResult;
}

/** Replies inside the transaction of a Kafka batch. */
export interface ReplyTransaction {
  /** Keeps the requests that are not there yet, and answers their ids. Where nobody sends for a source, it has failed at once. */
  take(requests: readonly ReplyRequested[], now: Date): Promise<Set<string>>;
  /** Those of these that are settled. */
  settled(replyIds: readonly string[]): Promise<Map<string, SettledReply>>;
}

/** Replies that wait to be sent, and what came of each. */
export abstract class ReplyStore {
  abstract within(transaction: object): ReplyTransaction;
  /** Milliseconds until one is to be tried, by the database's clock; below 0: since when. Those of these sources do not count. */
  abstract untilNext(without: readonly string[]): Promise<number | undefined>;
  /**
   * Replies that are due, the longest due first, of each feedback the first alone: they are this process's for `leaseMs`. One
   * whose process died comes again after that.
   */
  abstract claim(limit: number, leaseMs: number, without: readonly string[]): Promise<ClaimedReply[]>;
  /** Notes what came of it and tells it, in one transaction. False: the claim was over, and another one's word counts. */
  abstract settle(reply: ClaimedReply, result: ReplyResult): Promise<boolean>;
  /** It is tried again then. */
  abstract postpone(
    reply: ClaimedReply,
    next: (now: Date) => Date | undefined,
    message: string,
  ): Promise<FailureReason | undefined>;
}
