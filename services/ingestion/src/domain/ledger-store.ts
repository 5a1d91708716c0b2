import type { CountedResult } from './acceptance-store.js';
import type { LedgerEntry } from './ledger-entry.js';
import type { Letter } from './letter.js';
import type { LoopStanding } from './loop-standing.js';

/** A feedback and what became of it. */
export interface LedgerRow {
  readonly feedbackId: string;
  readonly source: string;
  readonly acceptedRevision: number;
  readonly entry: LedgerEntry;
  /** The ways of the revisions that this change settles, as `trail-record.ts` writes them; the last one first */
  readonly trail?: string;
}

/** A dead letter to be kept, where it belongs known. */
export interface KeptLetter extends Letter {
  readonly feedbackId?: string;
  readonly revision?: number;
  readonly partition: number;
  readonly offset: string;
  readonly reason: string;
  readonly message: string;
  readonly stack?: string;
  readonly attempts: number;
  /** RFC 3339 */
  readonly time: string;
  /** Where the letter itself says it; else that of the feedback is taken */
  readonly source?: string;
  /** As they were on the wire */
  readonly wireHeaders: WireHeaders;
}

/** Headers of a message: bytes, and several of one name. */
type WireHeaders = Record<string, string | Buffer | (string | Buffer)[] | undefined>;

/** A count that grows or shrinks. */
export type Tally =
  | { readonly measure: 'result'; readonly source: string; readonly value: CountedResult; readonly count: number }
  | {
      readonly measure: 'outcome';
      readonly source: string;
      readonly value: string;
      readonly team?: string;
      readonly sentiment?: string;
      readonly count: number;
    }
  | { readonly measure: 'loop'; readonly source: string; readonly value: string; readonly count: number };

export interface LedgerChange {
  readonly rows: readonly LedgerRow[];
  readonly loops: readonly { readonly loopId: string; readonly standing: LoopStanding; readonly known: boolean }[];
  readonly tallies: readonly Tally[];
}

/** What the ledger does inside the transaction of a Kafka batch. */
export interface LedgerTransaction {
  /** Locks the feedback of these ids (sorted, each once), in their order; those that were never accepted are left out. */
  lock(feedbackIds: readonly string[]): Promise<Map<string, LedgerRow>>;
  /** The same for loops. */
  lockLoops(loopIds: readonly string[]): Promise<Map<string, LoopStanding>>;
  /** Every accepted revision of these. */
  revisionsOf(feedbackIds: readonly string[]): Promise<Map<string, { revision: number; contentHash: string }[]>>;
  /** Keeps the letters; answers the ids of those that were not kept before. */
  keep(letters: readonly KeptLetter[]): Promise<Set<string>>;
  save(change: LedgerChange): Promise<void>;
  /** Notes that an outcome has closed the letters of these revisions. */
  settleLetters(letters: readonly { feedbackId: string; revision: number }[]): Promise<void>;
  /** Notes that what these letters held, and those before that failed as they did, was taken in after all. */
  settleReplayed(letterIds: readonly string[]): Promise<void>;
}

export abstract class LedgerStore {
  abstract within(transaction: object): LedgerTransaction;
}
