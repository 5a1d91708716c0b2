import { setMaxListeners } from 'node:events';
import { Injectable, Logger } from '@nestjs/common';
import { deriveId } from '@closeloop/contracts';
import { describeError } from '@closeloop/platform';
import {
  DeliveryStore,
  type ClaimedDelivery,
  type DeliveryResult,
  type Parcel,
  type Receiver,
} from '../domain/delivery-store.js';
import { verdictOf, DeliveryTimes, type Answer } from '../domain/delivery.js';
import { Courier } from '../domain/courier.js';
import { type Told } from '../domain/told-insight.js';

/** Requests under way in one replica, and to one endpoint of it: one that hangs leaves room for the others. */
const mostUnderWay = 32;
const mostOfEach = 4;

export type DeliveryOutcome = 'sent' | 'retried' | 'given-up';

/**
 * Takes what is due, asks its receivers, and writes what they answered: a database transaction is never open while a receiver
 * is waited for. Who is killed in between leaves a lease that runs out: the same is sent again, under the same id.
 */
@Injectable()
export class DeliverToTeams {
  private readonly logger = new Logger('Deliveries');
  readonly #stopping = new AbortController();
  readonly #underWay = new Map<string, number>();
  readonly #exchanges = new Set<Promise<void>>();
  readonly #results: DeliveryResult[] = [];
  #recording: Promise<void> | undefined;
  #onSettled: (outcome: DeliveryOutcome, kind: Receiver['kind']) => void = () => undefined;
  #onRoom: () => void = () => undefined;

  constructor(
    private readonly store: DeliveryStore,
    private readonly courier: Courier,
    private readonly times: DeliveryTimes,
  ) {
    // each exchange that is under way listens for it
    setMaxListeners(0, this.#stopping.signal);
  }

  /** What hears of each result, and of room for more. */
  listen(onSettled: (outcome: DeliveryOutcome, kind: Receiver['kind']) => void, onRoom: () => void): void {
    this.#onSettled = onSettled;
    this.#onRoom = onRoom;
  }

  /** Begins to send what is due, as far as there is room. @returns how many parcels */
  async begin(): Promise<number> {
    const room = mostUnderWay - this.#exchanges.size;
    if (room <= 0 || this.#stopping.signal.aborted) return 0;
    const parcels = [
      ...(await this.store.claimDigests(this.times)),
      ...(await this.store.claim(room, mostOfEach, this.#underWay, this.times)),
    ];
    for (const parcel of parcels) {
      const exchange = this.#deliver(parcel).finally(() => this.#exchanges.delete(exchange));
      this.#exchanges.add(exchange);
    }
    return parcels.length;
  }

  /** Breaks off what is under way after so long; it is free for another replica then. */
  async stop(graceMs: number): Promise<void> {
    const patience = setTimeout(() => this.#stopping.abort(), graceMs);
    while (this.#exchanges.size > 0) await Promise.all(this.#exchanges);
    clearTimeout(patience);
    this.#stopping.abort();
    await this.#recording;
  }

  /** Sends one thing now, beside all deliveries, and records nothing. */
  async sample(receiver: Receiver, id: string, told: Told): Promise<Answer> {
    return this.courier.send(receiver, id, [told], this.#stopping.signal);
  }

  async #deliver({ receiver, deliveries }: Parcel): Promise<void> {
    const { endpointId } = receiver;
    this.#count(endpointId, 1);
    try {
      const known = deliveries.filter(hasStep);
      const [first] = known;
      const id =
        known.length === 1 ? first!.deliveryId : deriveId('digest', ...known.map(({ deliveryId }) => deliveryId));
      const at = new Date();
      const answer: Answer =
        known.length === 0
          ? { kind: 'failed', error: 'the step is in no history', milliseconds: 0 }
          : await this.courier.send(
              receiver,
              id,
              known.map(({ told }) => told),
              this.#stopping.signal,
            );
      this.#results.push(...deliveries.map((delivery, index) => this.#resultOf(receiver, delivery, answer, at, index)));
      await (this.#recording ??= this.#record().finally(() => (this.#recording = undefined)));
    } finally {
      this.#count(endpointId, -1);
      this.#onRoom();
    }
  }

  #count(endpointId: string, change: 1 | -1): void {
    const count = (this.#underWay.get(endpointId) ?? 0) + change;
    if (count > 0) this.#underWay.set(endpointId, count);
    else this.#underWay.delete(endpointId);
  }

  #resultOf(
    { endpointId, kind }: Receiver,
    { deliveryId, lease, attempts, giveUpAt }: ClaimedDelivery,
    answer: Answer,
    at: Date,
    index: number,
  ): DeliveryResult {
    const own = { deliveryId, endpointId, lease };
    if (answer.kind === 'stopped') return { ...own, state: 'pending', dueInMs: 0 };
    const { state, dueInMs } = verdictOf(
      answer,
      attempts + 1,
      { now: new Date(), giveUpAt },
      this.times,
      Math.random(),
    );
    this.#onSettled(state === 'pending' ? 'retried' : state, kind);
    if (answer.kind === 'gone') this.logger.warn(`Endpoint ${endpointId} answers 410 and is paused.`);
    return {
      ...{ ...own, state, dueInMs },
      attempt: {
        ...{ at: at.toISOString(), milliseconds: answer.milliseconds },
        ...(answer.status !== undefined && { status: answer.status }),
        ...(answer.kind !== 'taken' && { error: answer.error }),
      },
      // a digest is one request, however many it holds
      ...(index === 0 && { receiver: answer.kind === 'taken' ? ('took' as const) : answer.kind }),
    };
  }

  /** Writes results together while others come in. What cannot be written is sent again when its lease is over. */
  async #record(): Promise<void> {
    // those that end in the same turn go together
    await Promise.resolve();
    while (this.#results.length > 0) {
      const results = this.#results.splice(0);
      try {
        await this.store.record(results, this.times);
      } catch (error) {
        this.logger.warn(`${results.length} results of deliveries were not written: ${describeError(error)}`);
      }
    }
  }
}

const hasStep = (delivery: ClaimedDelivery): delivery is ClaimedDelivery & { told: Told } =>
  delivery.told !== undefined;
