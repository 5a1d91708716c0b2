import { BackgroundTimer, Metrics } from '@closeloop/platform';
import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { type FastifyInstance } from 'fastify';
import { Counter, Gauge } from 'prom-client';
import { DeliverToTeams } from '../application/deliver-to-teams.handler.js';
import { DeliveryStore, type PendingDeliveries } from '../domain/delivery-store.js';
import { DeliveryTimes } from '../domain/delivery.js';
import { DeliveryConfig } from '../delivery.config.js';

/** What was written is looked for after so long, and again while it is not there: its transaction has not ended. */
const expectedMs = 25;
/** What is due and cannot be taken now (another replica has it, or it waits for an earlier one) is looked at again after this. */
const heldUpMs = 500;
const tidyEveryMs = 60_000;
/** How long a stop waits for receivers. */
const graceMs = 3_000;

/** Looks what is due for the endpoints of teams, in every replica. */
@Injectable()
export class DeliveryTimer extends BackgroundTimer {
  readonly #settled: Counter<'kind' | 'outcome'>;
  #pending: PendingDeliveries = { count: 0, oldestSeconds: 0 };
  #tidiedAt = -Infinity;
  /** Looks that are still to come soon, because something was written */
  #expected = 0;
  /** There is room since this look began */
  #hasRoom = false;

  constructor(
    private readonly deliver: DeliverToTeams,
    private readonly store: DeliveryStore,
    private readonly config: DeliveryConfig,
    private readonly times: DeliveryTimes,
    registry: Metrics,
    host: HttpAdapterHost,
  ) {
    super('Deliveries', host);
    // after the looks: what is under way is finished, or given back
    host.httpAdapter.getInstance<FastifyInstance>().addHook('preClose', () => deliver.stop(graceMs));
    this.#settled = new Counter({
      name: 'loop_deliveries_total',
      help: 'Attempts to tell the endpoints of teams, by what became of the delivery',
      labelNames: ['kind', 'outcome'],
      registers: [registry],
    });
    const pending = () => this.#pending;
    new Gauge({
      name: 'loop_deliveries_pending',
      help: 'Deliveries to endpoints that are not done, at the last look, a minute old at most',
      registers: [registry],
      collect() {
        this.set(pending().count);
      },
    });
    new Gauge({
      name: 'loop_delivery_oldest_pending_seconds',
      help: 'Age of the oldest delivery that is not done, at the last look',
      registers: [registry],
      collect() {
        this.set(pending().oldestSeconds);
      },
    });
    deliver.listen(
      (outcome, kind) => this.#settled.inc({ kind, outcome }),
      () => {
        this.#hasRoom = true;
        this.lookWithin(0);
      },
    );
    store.onAppended(() => {
      this.#expected = 6;
      this.lookWithin(expectedMs);
    });
  }

  protected override async look(): Promise<number> {
    this.#hasRoom = false;
    if (performance.now() - this.#tidiedAt > tidyEveryMs) {
      this.#pending = await this.store.tidy(this.config.logDays, this.times);
      this.#tidiedAt = performance.now();
    }
    const wait = await this.store.untilNext();
    const taken = wait !== undefined && wait <= 0 ? await this.deliver.begin() : 0;
    if (taken > 0 || this.#hasRoom) return 0;
    // 25, 50, … 800 ms after it was written
    if (this.#expected > 0) return expectedMs * 2 ** (6 - this.#expected--);
    const { longestSleepMs } = this.times;
    if (wait === undefined || wait > longestSleepMs) return longestSleepMs * (0.8 + Math.random() / 5);
    return wait > 0 ? wait + Math.random() * 20 : Math.min(heldUpMs, longestSleepMs);
  }
}
