import { type Alarm, placeOf } from './batch.js';
import { type PartitionState } from './station-status.js';

/** One partition for as long as this member owns it. */
export class OwnedPartition {
  /** Where to go on: the first offset that is not done. Unknown until it was read at assignment. */
  position: bigint | undefined;
  alarm: Alarm | undefined;
  /** Tries that failed since one last succeeded */
  attempts = 0;
  /** Monotonic milliseconds; a wait for room is no failure */
  failingSince: number | undefined;
  /** Events failed, and none of them was done since: that their position can be read again is no success yet. */
  eventsFailed = false;
  /** Monotonic milliseconds since when it does not run */
  heldSince: number | undefined = performance.now();
  /** What it waits for while it does not run: a fault, or room */
  failure: string | undefined;
  timer: NodeJS.Timeout | undefined;
  /** The end of its log as Kafka told it last, and when: monotonic milliseconds */
  end: { readonly offset: bigint; readonly at: number } | undefined;
  /** Kafka's timestamp of the first event at hand that is not done */
  oldest: number | undefined;
  /** Milliseconds since 1970 when an event was last done */
  lastEventAt: number | undefined;
  /** A batch is being worked on */
  busy = false;
  /** Offsets [start, end) that kafkajs fetched and threw away, control records and what was aborted, and went past by itself. */
  #filtered: { start: bigint; end: bigint } | undefined;

  constructor(
    /** Without the environment's prefix */
    readonly topic: string,
    readonly partition: number,
  ) {}

  get place(): string {
    return placeOf(this.topic, this.partition);
  }

  filtered(first: bigint, last: bigint): void {
    const known = this.#filtered;
    if (known && first >= known.start && first <= known.end) {
      if (last + 1n > known.end) known.end = last + 1n;
    } else {
      this.#filtered = { start: first, end: last + 1n };
    }
  }

  /**
   * Whether a batch that was fetched at `offset` follows on the position: at once, or with nothing between them but
   * what no consumer is to see.
   */
  followsOn(offset: bigint): boolean {
    if (this.position === undefined) return false;
    if (offset === this.position) return true;
    const filtered = this.#filtered;
    return (
      filtered !== undefined && filtered.start <= this.position && this.position < offset && offset <= filtered.end
    );
  }

  succeeded(): void {
    this.attempts = 0;
    this.eventsFailed = false;
    this.failingSince = undefined;
    this.failure = undefined;
    this.heldSince = undefined;
  }

  get state(): PartitionState {
    if (this.alarm) return 'alarm';
    if (this.failingSince !== undefined) return 'failing';
    if (this.attempts > 0) return 'waiting';
    return this.position === undefined ? 'positioning' : 'running';
  }

  /** Events and control records that are not done; undefined while the position or the end is not known. */
  get lag(): bigint | undefined {
    if (this.position === undefined || this.end === undefined) return undefined;
    return this.end.offset > this.position ? this.end.offset - this.position : 0n;
  }
}

/** The partitions of one generation of the group; the next rebalance makes another. */
export class Assignment {
  readonly partitions: ReadonlyMap<string, OwnedPartition>;

  constructor(owned: readonly OwnedPartition[]) {
    this.partitions = new Map(owned.map((partition) => [partition.place, partition]));
  }

  end(): void {
    for (const { timer } of this.partitions.values()) clearTimeout(timer);
  }
}
