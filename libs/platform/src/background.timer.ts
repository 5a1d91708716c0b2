import { Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { type HttpAdapterHost } from '@nestjs/core';
import { type FastifyInstance } from 'fastify';
import { setTimeout as sleep } from 'node:timers/promises';

import { describeError } from './problem-mapping.js';

/** First and longest pause after a failure, milliseconds */
const usualPauses = [500, 10_000] as const;
/** For how long a stop waits for the step at hand, milliseconds: less than the server's own stop may take. */
const usualPatienceMs = 5_000;

/** Does something again and again, in every replica; what fails is said once, and tried again after a growing pause. */
export abstract class BackgroundTimer implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger: Logger;
  #stopped = false;
  #pausing = new AbortController();
  #running: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  constructor(
    private readonly name: string,
    host: HttpAdapterHost,
    private readonly failingMs: readonly [first: number, longest: number] = usualPauses,
    private readonly patienceMs = usualPatienceMs,
  ) {
    this.#logger = new Logger(name);
    // before the transport stops: what a last step tells is sent with the rest
    host.httpAdapter.getInstance<FastifyInstance>().addHook('preClose', () => this.#stop());
  }

  /** @returns the milliseconds until the next one */
  protected abstract look(): Promise<number>;

  /** Cuts the pause at hand short where it would last longer than so many milliseconds. */
  protected lookWithin(ms: number): void {
    const pausing = this.#pausing;
    setTimeout(() => pausing.abort(), ms).unref();
  }

  protected log(message: string): void {
    this.#logger.log(message);
  }

  onApplicationBootstrap(): void {
    this.#running = this.#run();
  }

  onModuleDestroy(): Promise<void> {
    return this.#stop();
  }

  /** Begins nothing more; the step at hand is finished, or cut off where it takes long, as a kill would: what it had not committed is done again. */
  #stop(): Promise<void> {
    return (this.#stopping ??= this.#finish());
  }

  async #finish(): Promise<void> {
    this.#stopped = true;
    this.#pausing.abort();
    const patience = new AbortController();
    const cutOff = sleep(this.patienceMs, undefined, { signal: patience.signal, ref: false }).then(
      () => this.#logger.warn(`${this.name} is cut off in the middle of a step, which is done again after the start.`),
      () => undefined,
    );
    await Promise.race([this.#running, cutOff]);
    patience.abort();
  }

  async #run(): Promise<void> {
    for (let failures = 0; !this.#stopped;) {
      let pause: number;
      try {
        pause = await this.look();
        if (failures > 0) this.#logger.log(`${this.name} goes on.`);
        failures = 0;
      } catch (error) {
        // its database is closed under a step that was cut off
        if (this.#stopped) return;
        const told = `${this.name} failed: ${describeError(error)}`;
        if (failures === 0) this.#logger.warn(told);
        else this.#logger.debug(told);
        pause =
          Math.min(this.failingMs[1], this.failingMs[0] * 2 ** Math.min(failures++, 10)) * (0.5 + Math.random() / 2);
      }
      if (this.#stopped) return;
      this.#pausing = new AbortController();
      await sleep(pause, undefined, { signal: this.#pausing.signal }).catch(() => undefined);
    }
  }
}
