import { BackgroundTimer } from '@closeloop/platform';
import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { LearnFallbacks } from '../application/learn-fallbacks.handler.js';
import { ReroutePeriod } from '../application/reroute.handler.js';
import { KeptStore } from '../domain/kept-store.js';
import { RehearsalConfig } from '../rehearsal.config.js';

/** Nothing to do: looked at again after so long */
const idleMs = 5_000;
const shortestMs = 20;
const hourMs = 3_600_000;
const forgottenAtOnce = 1_000;

/** Works on what is to be routed anew. */
@Injectable()
export class RerouteTimer extends BackgroundTimer {
  constructor(
    private readonly reroute: ReroutePeriod,
    host: HttpAdapterHost,
  ) {
    super('Rerouting', host);
  }

  protected override async look(): Promise<number> {
    if (await this.reroute.step()) return 0;
    const wait = (await this.reroute.untilNext()) ?? idleMs;
    // What is due is another replica's at this moment.
    return Math.max(shortestMs, Math.min(wait, idleMs)) * (0.8 + Math.random() / 5);
  }
}

/** Learns from loops that people have moved. */
@Injectable()
export class FallbackTimer extends BackgroundTimer {
  constructor(
    private readonly learnFallbacks: LearnFallbacks,
    host: HttpAdapterHost,
  ) {
    super('Fallbacks', host);
  }

  protected override async look(): Promise<number> {
    const learned = await this.learnFallbacks.handle();
    if (learned) this.log(`Fallbacks of ${learned.length} topics were learned`);
    return idleMs;
  }
}

/** Deletes what was kept long enough. */
@Injectable()
export class ForgettingTimer extends BackgroundTimer {
  constructor(
    private readonly store: KeptStore,
    private readonly config: RehearsalConfig,
    host: HttpAdapterHost,
  ) {
    super('Forgetting', host);
  }

  protected override async look(): Promise<number> {
    const gone = await this.store.forget(this.config.keepDays, forgottenAtOnce);
    return gone === forgottenAtOnce ? 1_000 : hourMs;
  }
}
