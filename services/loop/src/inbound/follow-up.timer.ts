import { BackgroundTimer, Metrics } from '@closeloop/platform';
import { Injectable, Logger } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { Counter, Gauge } from 'prom-client';
import { HandOverFollowUps } from '../application/hand-over-follow-ups.handler.js';
import { FollowUpStore } from '../domain/follow-up-store.js';
import { FollowUpConfig } from '../follow-up.config.js';

/** Longest sleep: one that is requested while it sleeps is handed over so late at most. */
const longestMs = 5_000;
/** What is due but locked by somebody is looked at again after this. */
const shortestMs = 200;

/** Sleeps until the next follow-up is due, by the database's clock, in every replica. */
@Injectable()
export class FollowUpTimer extends BackgroundTimer {
  private readonly logger = new Logger('Follow-ups');
  private readonly handedOver: Counter<'way'>;
  private readonly skipped: Counter<'reason'>;
  private readonly failed: Counter;
  private overdueSeconds = 0;

  constructor(
    private readonly followUps: HandOverFollowUps,
    private readonly store: FollowUpStore,
    private readonly config: FollowUpConfig,
    private readonly host: HttpAdapterHost,
    registry: Metrics,
  ) {
    super('Follow-ups', host);
    const registers = [registry];
    this.handedOver = new Counter({
      ...{ name: 'loop_follow_ups_handed_over_total', labelNames: ['way'], registers },
      help: 'Follow-ups that a mail server took, or that were asked of a connector',
    });
    this.skipped = new Counter({
      ...{ name: 'loop_follow_ups_skipped_total', labelNames: ['reason'], registers },
      help: 'Follow-ups that nobody was asked, by the reason',
    });
    this.failed = new Counter({
      ...{ name: 'loop_follow_ups_failed_total', registers },
      help: 'Mails with a follow-up that a server did not take, and that are tried again',
    });
    const overdue = () => this.overdueSeconds;
    new Gauge({
      ...{ name: 'loop_follow_up_overdue_seconds', registers },
      help: 'For how long the oldest follow-up has been due, at the last look',
      collect() {
        this.set(overdue());
      },
    });
  }

  override onApplicationBootstrap(): void {
    if (this.followUps.isPossible) return super.onApplicationBootstrap();
    this.logger.warn(
      'Customers are not asked whether it is solved: LOOP_LINK_SECRET is not set, so no link can be signed.',
    );
  }

  protected override async look(): Promise<number> {
    const wait = await this.store.untilNext();
    this.overdueSeconds = Math.max(0, -(wait ?? 0) / 1000);
    if (wait === undefined || wait > longestMs) return longestMs * (0.8 + Math.random() / 5);
    if (wait > 0) return wait + Math.random() * 50;
    const baseUrl = this.baseUrl();
    // no link would lead here: not yet, or not any more
    if (baseUrl === undefined) return shortestMs;
    const { looked, handedOver, skipped, failed } = await this.followUps.handle(baseUrl);
    for (const way of handedOver) this.handedOver.inc({ way });
    for (const reason of skipped) this.skipped.inc({ reason });
    if (failed > 0) this.failed.inc(failed);
    return looked > 0 ? 0 : shortestMs * (0.5 + Math.random());
  }

  /** Where customers reach this service, without a slash at the end; undefined where it is nowhere said and nothing listens. */
  private baseUrl(): string | undefined {
    const { publicUrl } = this.config;
    if (publicUrl !== undefined) return publicUrl.replace(/\/+$/, '');
    const address = (this.host.httpAdapter.getHttpServer() as Server).address() as AddressInfo | null;
    return address ? `http://127.0.0.1:${address.port}` : undefined;
  }
}
