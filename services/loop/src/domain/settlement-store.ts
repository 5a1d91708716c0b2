import { type LoopChanged } from '@closeloop/contracts';
import { type Loop } from './loop.js';
import { type Position, type SettledFeedback, type Step } from './settlement.js';

/** What a settlement is the same by: one that is known was settled before. */
export interface SettlementKey extends Position {
  readonly feedbackId: string;
  /** Lower-case hexadecimal */
  readonly contentHash: string;
}

/** One text of the dedupe key, for maps. */
export const keyText = ({ feedbackId, revision, tagRevision, routeRevision, contentHash }: SettlementKey): string =>
  `${feedbackId}/${revision}/${tagRevision}/${routeRevision}/${contentHash}`;

/** Parts of a routed feedback as they came, each JSON in UTF-8. */
export interface RoutedJson {
  readonly feedback: Buffer;
  readonly tags: Buffer;
  readonly route: Buffer;
}

/** What a customer wrote, for those who answer it. */
export interface FeedbackWords {
  readonly feedbackId: string;
  readonly revision: number;
  readonly loopId: string;
  readonly json: RoutedJson;
}

/** All that a batch of settlements writes. */
export interface SettlementChanges {
  readonly opened: readonly Loop[];
  /** Loops that were there, as they are now and as they were */
  readonly moved: readonly { readonly loop: Loop; readonly before: Loop }[];
  readonly steps: readonly Step[];
  readonly newFeedback: readonly SettledFeedback[];
  readonly knownFeedback: readonly SettledFeedback[];
  readonly settlements: readonly { readonly key: SettlementKey; readonly told: LoopChanged }[];
  readonly words: readonly FeedbackWords[];
  /** Feedback whose words its source deleted */
  readonly erased: readonly string[];
}

/** Rows of settlements, set by set, in one transaction. Lock in this order: feedback, customers, loops; ids sorted. */
export interface SettlementTransaction {
  /** Locks what is known of these and reads it. */
  lockFeedback(feedbackIds: readonly string[]): Promise<Map<string, SettledFeedback>>;
  /** What was told of those of these keys that are settled already, by the text of the key. */
  toldOf(keys: readonly SettlementKey[]): Promise<Map<string, LoopChanged>>;
  lockCustomers(customers: readonly string[]): Promise<void>;
  /** Ids of the customers' loops that are open and were opened at `since` or later. To be read once their lock is held. */
  openLoopsOf(customers: readonly string[], since: Date): Promise<string[]>;
  /** Wherever they are kept; without those that were dropped. */
  lockLoops(loopIds: readonly string[]): Promise<Loop[]>;
  /** Loops of feedback that was received before this may have been dropped with their month; undefined: none was. */
  droppedUntil(): Promise<Date | undefined>;
  /** The teams that loops left by steps that were written, by `<loopId>/<version>`. */
  teamsLeft(changes: readonly LoopChanged[]): Promise<Map<string, string>>;
  /** @throws ConcurrentChange where somebody settled or moved what is written: nothing of the batch may stay */
  save(now: Date, changes: SettlementChanges): Promise<void>;
}

export abstract class SettlementStore {
  abstract within(transaction: object): SettlementTransaction;
}
