import { BackgroundTimer } from '@closeloop/platform';
import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { CubeCounts } from '../domain/cube-counts.js';

/** So long it may be until cubes that nobody asks take in what was counted: what waits is not to become much. */
const everyMs = 5_000;

@Injectable()
export class CubeCountsTimer extends BackgroundTimer {
  constructor(
    private readonly counts: CubeCounts,
    host: HttpAdapterHost,
  ) {
    super('Counts', host);
  }

  protected override async look(): Promise<number> {
    await this.counts.takeIn();
    return everyMs;
  }
}
