import { type LoopChanged, type ReplyRequested } from '@closeloop/contracts';
import { type Loop } from './loop.js';
import { type GivenAnswer, type Reply } from './reply.js';
import { type Step } from './settlement.js';
import { type InboxEvent } from './team-inbox.js';

/** What came of replies, in the transaction of a Kafka batch. */
export interface ReplyTransaction {
  /** Those of these that were asked for here, and their loops: loops locked in the order of ids, then the replies. */
  lock(replyIds: readonly string[]): Promise<{ readonly replies: readonly Reply[]; readonly loops: readonly Loop[] }>;
  /** Every answer of these loops, by loop. */
  answersOf(loopIds: readonly string[]): Promise<Map<string, GivenAnswer[]>>;
  /** `version`: of the loop, where it was noted; absent where it was not */
  save(
    moved: readonly { readonly before: Loop; readonly loop: Loop }[],
    steps: readonly Step[],
    settled: readonly { readonly reply: Reply; readonly version?: number }[],
  ): Promise<void>;
  /** Answers to these that nobody knows the end of, as they were asked for. */
  openOf(feedbackIds: readonly string[]): Promise<ReplyRequested[]>;
  /** What the inboxes of teams hear of these steps, by step. */
  inboxOf(changes: readonly LoopChanged[]): Promise<Map<string, readonly InboxEvent[]>>;
  /** What was told when these were noted, by reply. */
  toldOf(replyIds: readonly string[]): Promise<Map<string, LoopChanged>>;
}

export abstract class ReplyStore {
  abstract within(transaction: object): ReplyTransaction;
}
