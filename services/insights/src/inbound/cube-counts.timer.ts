import { BackgroundTimer } from '@closeloop/platform';
import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { CubeCounts } from '../domain/cube-counts.js';

/** So long it may be until cubes that nobody asks take in what was counted: what waits is not to become much. */
const everyMs = 5_000;

/** For so long a stop waits for what is being taken in: what is cut off waits as before. */
const patienceMs = 500;

@Injectable()
export class CubeCountsTimer extends BackgroundTimer {
  constructor(
    private readonly counts: CubeCounts,
    host: HttpAdapterHost,
  ) {
    super('Counts', host, undefined, patienceMs);
  }

  protected override async look(): Promise<number> {
    await this.counts.takeIn();
    return everyMs;
  }
}
