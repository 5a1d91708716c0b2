/**
 * The counts of cubes. A transaction that counts only says what it counts, since most of what one counts another has counted a moment ago: the
 * cubes take in many together.
 */
export abstract class CubeCounts {
  /** Lets the cubes take in all that was counted by transactions that are committed: to be done before they are read. */
  abstract takeIn(): Promise<void>;
}
