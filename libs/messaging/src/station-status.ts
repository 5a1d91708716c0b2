import { type OutcomeCounts } from './batch.js';

/** What a partition is doing, for people. */
export type PartitionState =
  /** Takes events, or waits for some */
  | 'running'
  /** Asks where to go on */
  | 'positioning'
  /** Waits for room in the outbox; no fault */
  | 'waiting'
  /** Waits to be tried again after a fault */
  | 'failing'
  /** Has no position that can be gone on from: nothing happens until a person mends it */
  | 'alarm';

/** One partition that this replica owns. */
export interface PartitionStatus {
  /** Without the environment's prefix */
  readonly topic: string;
  readonly partition: number;
  /** The first offset that is not done; null until it was read */
  readonly position: number | null;
  /** The offset that the next event gets, a few seconds old at most; null while Kafka does not say */
  readonly end: number | null;
  /** Events, and control records, between the two */
  readonly lag: number | null;
  readonly state: PartitionState;
  /** The fault, or what is missing; never an event's text */
  readonly waitsFor?: string;
  /** RFC 3339: since when it is in this state; absent while it runs */
  readonly since?: string;
  /** Tries that failed since one last succeeded */
  readonly attempts: number;
  /** RFC 3339: when an event was last done here */
  readonly lastEventAt?: string;
}

/** What a replica of a service is doing with its events. */
export interface StationStatus {
  readonly service: string;
  readonly group: string;
  readonly ready: boolean;
  /** Why not, by check */
  readonly reasons: Readonly<Record<string, string>>;
  readonly partitions: readonly PartitionStatus[];
  /** Of services with effects */
  readonly outbox?: {
    readonly unsent: number;
    /** Unsent rows at which nothing more is accepted */
    readonly bound: number;
    readonly full: boolean;
    /** How long the oldest row is known to wait */
    readonly oldestSeconds: number;
  };
  /** By outcome, since the start */
  readonly events: OutcomeCounts;
}
