import { describeError, Metrics } from '@closeloop/platform';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { type FastifyInstance } from 'fastify';
import { setTimeout as sleep } from 'node:timers/promises';
import { Counter, Gauge } from 'prom-client';
import { MeetDeadlines } from '../application/meet-deadlines.handler.js';
import { DeadlineStore } from '../domain/deadline-store.js';

/**
 * Longest sleep. A deadline that is set while it sleeps, here or by another replica, is met in time when it is further
 * off than this, and so much late at most when it is not.
 */
const longestMs = 5_000;
/** What is due but locked by somebody is looked at again after this. */
const shortestMs = 200;

/**
 * Sleeps until the next deadline is due, in every replica. When that is, the database's clock says; the process's own
 * clock only measures sleeps, and may be wrong.
 */
@Injectable()
export class DeadlineTimer implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Deadlines');
  private readonly stopping = new AbortController();
  private readonly met: Counter<'kind'>;
  private overdueSeconds = 0;
  private running: Promise<void> | undefined;

  constructor(
    private readonly deadlines: MeetDeadlines,
    private readonly store: DeadlineStore,
    registry: Metrics,
    host: HttpAdapterHost,
  ) {
    this.met = new Counter({
      name: 'loop_deadlines_met_total',
      help: 'Deadlines of loops that were due and did what they do',
      labelNames: ['kind'],
      registers: [registry],
    });
    const overdue = () => this.overdueSeconds;
    new Gauge({
      name: 'loop_deadline_overdue_seconds',
      help: 'For how long the oldest deadline has been due, at the last look',
      registers: [registry],
      collect() {
        this.set(overdue());
      },
    });
    // before the transport stops: what a last batch tells is sent with the rest
    host.httpAdapter.getInstance<FastifyInstance>().addHook('preClose', () => this.stop());
  }

  onApplicationBootstrap(): void {
    this.running = this.run();
  }

  onModuleDestroy(): Promise<void> {
    return this.stop();
  }

  /** Begins nothing more; the batch at hand is finished. */
  private async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    for (let failures = 0; !this.stopping.signal.aborted;) {
      let pause: number;
      try {
        pause = await this.look();
        if (failures > 0) this.logger.log('Deadlines are met again.');
        failures = 0;
      } catch (error) {
        const told = `Deadlines could not be met: ${describeError(error)}`;
        if (failures === 0) this.logger.warn(told);
        else this.logger.debug(told);
        pause = Math.min(longestMs, shortestMs * 2 ** Math.min(failures++, 10)) * (0.5 + Math.random() / 2);
      }
      await sleep(pause, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    }
  }

  /** @returns the milliseconds to sleep */
  private async look(): Promise<number> {
    const wait = await this.store.untilNext();
    this.overdueSeconds = Math.max(0, -(wait ?? 0) / 1000);
    // replicas that wait for the same moment do not all ask at once
    if (wait === undefined || wait > longestMs) return longestMs * (0.8 + Math.random() / 5);
    if (wait > 0) return wait + Math.random() * 50;
    const { loops, met } = await this.deadlines.handle();
    for (const kind of met) this.met.inc({ kind });
    return loops > 0 ? 0 : shortestMs * (0.5 + Math.random());
  }
}
