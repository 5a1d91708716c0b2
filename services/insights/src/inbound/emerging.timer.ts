import { BackgroundTimer } from '@closeloop/platform';
import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { WatchEmerging } from '../application/watch-emerging.handler.js';
import { EmergingConfig } from '../emerging.config.js';

/** Looks for days that are to be judged, in every replica; one of them works at a time. */
@Injectable()
export class EmergingTimer extends BackgroundTimer {
  constructor(
    private readonly watch: WatchEmerging,
    private readonly config: EmergingConfig,
    host: HttpAdapterHost,
  ) {
    super('Emerging issues', host);
  }

  protected override async look(): Promise<number> {
    const done = await this.watch.handle();
    if (done && done.judged > 0) this.log(`Judged ${done.judged} days`);
    return done?.more ? 0 : this.config.everyMs;
  }
}
