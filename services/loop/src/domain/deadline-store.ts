import { type LoopChanged } from '@closeloop/contracts';
import { type Deadline } from './deadline.js';
import { type Loop } from './loop.js';
import { type Step } from './settlement.js';

/** A loop, and which of its deadlines were found to be due. */
export interface DueLoop {
  readonly loop: Loop;
  readonly due: readonly Deadline[];
}

/** Deadlines that are due, loop by loop, in one transaction. */
export interface DeadlineTransaction {
  /**
   * Locks loops with deadlines that are due, the longest due first; those that somebody else has locked are left out.
   * A loop is as it is now: what was found due may be void by then.
   */
  lockDue(now: Date, limit: number): Promise<DueLoop[]>;
  save(moved: readonly { readonly before: Loop; readonly loop: Loop }[], steps: readonly Step[]): Promise<void>;
  /** Keeps of these loops the deadlines that they have, and of what was found due nothing else. */
  correct(due: readonly DueLoop[]): Promise<void>;
  /** Sends these once the transaction has committed. */
  tell(events: readonly LoopChanged[]): Promise<void>;
}

export abstract class DeadlineStore {
  /**
   * Commits what `work` did, or rolls back and throws what it threw. `now` is the database's clock.
   * @throws BackPressure while too much waits to be sent
   */
  abstract run<T>(work: (tx: DeadlineTransaction, now: Date) => Promise<T>): Promise<T>;
  /** Milliseconds until the next deadline is due, by the database's clock; below 0: since when one is. */
  abstract untilNext(): Promise<number | undefined>;
}
