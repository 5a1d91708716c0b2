import { BackgroundTimer } from '@closeloop/platform';
import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Learn } from '../application/learn.handler.js';
import { RetagPeriod } from '../application/retag.handler.js';
import { TaggedStore } from '../domain/tagged-store.js';
import { LearningConfig } from '../learning.config.js';

/** Nothing to do: looked at again after so long */
const idleMs = 2_000;
const shortestMs = 20;
const dayMs = 86_400_000;
const hourMs = 3_600_000;
/** Longest sleep between two looks whether there is enough to learn from, and first one */
const firstMs = 10_000;
const forgottenAtOnce = 1_000;

/** Learns when there are enough new corrections. */
@Injectable()
export class LearningTimer extends BackgroundTimer {
  #begun = false;

  constructor(
    private readonly learn: Learn,
    private readonly config: LearningConfig,
    host: HttpAdapterHost,
  ) {
    super('Learning', host);
  }

  protected override async look(): Promise<number> {
    const { everySeconds, minCorrections } = this.config;
    if (everySeconds === 0) return dayMs;
    if (!this.#begun) {
      this.#begun = true;
      return Math.min(firstMs, everySeconds * 1_000);
    }
    if (await this.learn.isDue(minCorrections)) {
      const outcome = await this.learn.handle(undefined);
      if (outcome) {
        const { version, activated, held } = outcome;
        const came = version
          ? `${version} is better${activated ? ', and active' : `; not activated: ${held}`}`
          : 'nothing better';
        this.log(`Learned from ${outcome.corrections} corrections: ${came}`);
      }
    }
    return everySeconds * 1_000;
  }
}

/** Works on what is to be tagged anew. */
@Injectable()
export class RetagTimer extends BackgroundTimer {
  constructor(
    private readonly retagPeriod: RetagPeriod,
    host: HttpAdapterHost,
  ) {
    super('Retagging', host);
  }

  protected override async look(): Promise<number> {
    if (await this.retagPeriod.step()) return 0;
    const wait = (await this.retagPeriod.untilNext()) ?? idleMs;
    // What is due is another replica's at this moment.
    return Math.max(shortestMs, Math.min(wait, idleMs)) * (0.8 + Math.random() / 5);
  }
}

/** Deletes the words that were kept long enough. */
@Injectable()
export class ForgettingTimer extends BackgroundTimer {
  constructor(
    private readonly store: TaggedStore,
    private readonly config: LearningConfig,
    host: HttpAdapterHost,
  ) {
    super('Forgetting', host);
  }

  protected override async look(): Promise<number> {
    const gone = await this.store.forget(this.config.keepDays, forgottenAtOnce);
    return gone === forgottenAtOnce ? 1_000 : hourMs;
  }
}
