/** Loops that were closed long ago, out of the way of those that are worked on. */
export abstract class ArchiveStore {
  /**
   * Moves loops that were closed so many days ago, those that were closed first before others, with their history and words, in one
   * transaction. Left out is what somebody holds, and what a reply or a notice is still on its way for. @returns how many
   * @throws ConcurrentChange where somebody wrote what is moved meanwhile: nothing was moved
   */
  abstract archive(days: number, limit: number): Promise<number>;
  /** Ends reading the months whose last loop was closed so many days ago. @returns which, as `2026-05-01` */
  abstract detach(days: number): Promise<readonly string[]>;
  /**
   * Deletes what hangs on loops of a month that is not read any more, so many at a time; its table with the last of them.
   * @returns how many; undefined: there is no such month, or another replica is at it
   */
  abstract clear(limit: number): Promise<number | undefined>;
  /** Seconds since the first of the loops that are not in the archive was closed; 0: none is closed. */
  abstract oldestClosedSeconds(): Promise<number>;
}
