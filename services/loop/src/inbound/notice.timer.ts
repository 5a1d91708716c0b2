import { BackgroundTimer, Metrics } from '@closeloop/platform';
import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Counter } from 'prom-client';
import { TellCustomers } from '../application/tell-customers.handler.js';
import { NoticeStore } from '../domain/notice-store.js';

/** Longest sleep: one that is requested while it sleeps is handed over so late at most. */
const longestMs = 5_000;
/** What is due but locked by somebody is looked at again after this. */
const shortestMs = 200;

/** Sleeps until the next notice is due, by the database's clock, in every replica. */
@Injectable()
export class NoticeTimer extends BackgroundTimer {
  private readonly handedOver: Counter<'way'>;
  private readonly skipped: Counter<'reason'>;
  private readonly failed: Counter;

  constructor(
    private readonly notices: TellCustomers,
    private readonly store: NoticeStore,
    host: HttpAdapterHost,
    registry: Metrics,
  ) {
    super('Notices', host);
    const registers = [registry];
    this.handedOver = new Counter({
      ...{ name: 'loop_notices_handed_over_total', labelNames: ['way'], registers },
      help: 'Notices of improvements that a mail server took, or that were asked of a connector',
    });
    this.skipped = new Counter({
      ...{ name: 'loop_notices_skipped_total', labelNames: ['reason'], registers },
      help: 'Notices of improvements that nobody was told, by the reason',
    });
    this.failed = new Counter({
      ...{ name: 'loop_notices_failed_total', registers },
      help: 'Mails with a notice that a server did not take, and that are tried again',
    });
  }

  protected override async look(): Promise<number> {
    const wait = await this.store.untilNext();
    if (wait === undefined || wait > longestMs) return longestMs * (0.8 + Math.random() / 5);
    if (wait > 0) return wait + Math.random() * 50;
    const { looked, handedOver, skipped, failed } = await this.notices.handle();
    for (const way of handedOver) this.handedOver.inc({ way });
    for (const reason of skipped) this.skipped.inc({ reason });
    if (failed > 0) this.failed.inc(failed);
    return looked > 0 ? 0 : shortestMs * (0.5 + Math.random());
  }
}
