import { type Delivery, type DeliveryAttempt, type DeliveryState, type DeliveryTimes } from './delivery.js';
import { type EndpointKind } from './endpoint.js';
import { type Person } from './permission.js';
import { type Told } from './told-insight.js';

/** A receiver with what it takes to reach it. */
export interface Receiver {
  readonly endpointId: string;
  readonly team: string;
  readonly kind: EndpointKind;
  /** Of a webhook and of Slack; absent where its secret cannot be opened */
  readonly url?: string;
  readonly addresses: readonly string[];
  /** What signs now; the newest first */
  readonly keys: readonly Uint8Array[];
}

/** A delivery that is ours until its lease is over. */
export interface ClaimedDelivery {
  readonly deliveryId: string;
  readonly lease: string;
  /** Attempts before this one */
  readonly attempts: number;
  readonly giveUpAt: Date;
  /** undefined: its step is in no history, which cannot be */
  readonly told: Told | undefined;
}

/** What goes out in one piece: a delivery, or several in a digest. */
export interface Parcel {
  readonly receiver: Receiver;
  readonly deliveries: readonly ClaimedDelivery[];
}

export interface DeliveryResult {
  readonly deliveryId: string;
  readonly endpointId: string;
  readonly lease: string;
  readonly state: DeliveryState;
  readonly dueInMs: number;
  /** Absent: it counts as no attempt, and is free again */
  readonly attempt?: DeliveryAttempt;
  /** How the receiver did: unset where it was not asked */
  readonly receiver?: 'took' | 'failed' | 'gone';
}

export interface DeliveryFilter {
  readonly teams?: readonly string[];
  readonly endpointId?: string;
  readonly loopId?: string;
  readonly states?: readonly DeliveryState[];
  /** Only what comes after this place, newest first */
  readonly after?: { readonly createdAt: Date; readonly deliveryId: string };
  readonly limit: number;
}

export interface PendingDeliveries {
  readonly count: number;
  readonly oldestSeconds: number;
}

export abstract class DeliveryStore {
  /** Milliseconds until something may be due; below 0 when it is already. undefined: nothing waits */
  abstract untilNext(): Promise<number | undefined>;
  /**
   * Takes what is due, at most so many, and of an endpoint no more than its share beside what is under way here. A later step of a loop is not
   * taken before the earlier ones are settled; of an endpoint that failed often, one alone.
   */
  abstract claim(
    limit: number,
    ofEach: number,
    underWay: ReadonlyMap<string, number>,
    times: DeliveryTimes,
  ): Promise<Parcel[]>;
  /** Takes the digests that are due, each whole, once among all replicas. */
  abstract claimDigests(times: DeliveryTimes): Promise<Parcel[]>;
  /** Writes how it went; what is no longer ours is left alone. */
  abstract record(results: readonly DeliveryResult[], times: DeliveryTimes): Promise<void>;
  /** Gives up what nobody tries any more, and deletes what is older than the log is kept; a bounded number of each. */
  abstract tidy(keptDays: number, times: DeliveryTimes): Promise<PendingDeliveries>;

  abstract page(filter: DeliveryFilter): Promise<Delivery[]>;
  abstract one(deliveryId: string): Promise<Delivery | undefined>;
  /** Sends it again, under its id. @returns whether it is there */
  abstract replay(deliveryId: string, by: Person): Promise<boolean>;
  /** Sends all that an endpoint was to hear in a time, and what it would have heard had it been there; at most so many. */
  abstract replayPeriod(
    team: string,
    endpointId: string,
    period: { readonly from: Date; readonly to: Date },
    by: Person,
    limit: number,
  ): Promise<number>;
  /** To send a sample. */
  abstract receiver(team: string, endpointId: string): Promise<Receiver | undefined>;
  /** Rings when deliveries may have been committed by this process. */
  abstract onAppended(ring: () => void): void;
}
