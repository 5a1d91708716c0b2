import { BackgroundTimer, Metrics } from '@closeloop/platform';
import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Counter, Gauge } from 'prom-client';
import { MeetDeadlines } from '../application/meet-deadlines.handler.js';
import { DeadlineStore } from '../domain/deadline-store.js';

/**
 * Longest sleep. A deadline that is set while it sleeps, here or by another replica, is met in time when it is further
 * off than this, and so much late at most when it is not.
 */
const longestMs = 1_000;
/** Longest pause while the database does not answer */
const longestWhileFailingMs = 5_000;
/** What is due but locked by somebody is looked at again after this. */
const shortestMs = 200;

/**
 * Sleeps until the next deadline is due, in every replica. When that is, the database's clock says; the process's own
 * clock only measures sleeps, and may be wrong.
 */
@Injectable()
export class DeadlineTimer extends BackgroundTimer {
  private readonly met: Counter<'kind'>;
  private overdueSeconds = 0;

  constructor(
    private readonly deadlines: MeetDeadlines,
    private readonly store: DeadlineStore,
    registry: Metrics,
    host: HttpAdapterHost,
  ) {
    super('Deadlines', host, [shortestMs, longestWhileFailingMs]);
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
  }

  protected override async look(): Promise<number> {
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
