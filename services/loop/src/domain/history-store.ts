import { type Person } from './permission.js';

/** A page of loops whose history was sent again. */
export interface HistoryPage {
  readonly loops: number;
  /** Events that were put into the outbox */
  readonly events: number;
  /** The last loop of the page; absent after the last page */
  readonly next?: string;
}

export abstract class HistoryStore {
  /**
   * Puts what was told of the next loops, step by step, into the outbox again, in one transaction: for the rebuild of a read model, and for its
   * reader alone.
   * @param after the last loop of the page before
   */
  abstract republish(rebuildId: string, after: string | undefined, person: Person): Promise<HistoryPage>;
  /** Events that wait to be sent, seconds old. */
  abstract unsent(): number;
  abstract isFull(): boolean;
  abstract wake(): void;
}
