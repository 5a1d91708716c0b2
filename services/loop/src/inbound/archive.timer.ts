import { BackgroundTimer, Metrics } from '@closeloop/platform';
import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Counter, Gauge } from 'prom-client';
import { ArchiveLoops } from '../application/archive-loops.handler.js';
import { ArchiveStore } from '../domain/archive-store.js';

/** Between two looks when there is nothing to do: what is due by the day is not in a hurry. */
const betweenMs = 60_000;

/** Archives in every replica, a batch at a time; they share what there is, since each leaves out what another holds. */
@Injectable()
export class ArchiveTimer extends BackgroundTimer {
  private readonly archived: Counter;
  private readonly dropped: Counter;
  private oldestClosedSeconds = 0;

  constructor(
    private readonly archive: ArchiveLoops,
    private readonly store: ArchiveStore,
    host: HttpAdapterHost,
    registry: Metrics,
  ) {
    super('Archive', host);
    const registers = [registry];
    this.archived = new Counter({
      ...{ name: 'loop_archived_total', registers },
      help: 'Closed loops that were moved into the archive',
    });
    this.dropped = new Counter({
      ...{ name: 'loop_archive_months_dropped_total', registers },
      help: 'Months of the archive that are read no more',
    });
    const oldest = () => this.oldestClosedSeconds;
    new Gauge({
      ...{ name: 'loop_archive_oldest_closed_seconds', registers },
      help: 'Since when the oldest closed loop that is not in the archive is closed, at the last look',
      collect() {
        this.set(oldest());
      },
    });
  }

  protected override async look(): Promise<number> {
    const began = performance.now();
    const { loops, months, isMore } = await this.archive.handle();
    this.archived.inc(loops);
    this.dropped.inc(months.length);
    for (const month of months) this.log(`The archive of ${month.slice(0, 7)} is dropped.`);
    if (isMore) {
      // half the time of one connection at most: people and events go before
      return performance.now() - began;
    }
    this.oldestClosedSeconds = await this.store.oldestClosedSeconds();
    // replicas do not all look at once
    return betweenMs * (0.5 + Math.random() / 2);
  }
}
