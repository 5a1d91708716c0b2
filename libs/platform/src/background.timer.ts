import { Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { type HttpAdapterHost } from '@nestjs/core';
import { type FastifyInstance } from 'fastify';
import { setTimeout as sleep } from 'node:timers/promises';

import { describeError } from './problem-mapping.js';

/** First and longest pause after a failure, milliseconds */
const usualPauses = [500, 10_000] as const;

/** Does something again and again, in every replica; what fails is said once, and tried again after a growing pause. */
export abstract class BackgroundTimer implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger: Logger;
  #stopped = false;
  #pausing = new AbortController();
  #running: Promise<void> | undefined;

  constructor(
    private readonly name: string,
    host: HttpAdapterHost,
    private readonly failingMs: readonly [first: number, longest: number] = usualPauses,
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

  /** Begins nothing more; the step at hand is finished. */
  async #stop(): Promise<void> {
    this.#stopped = true;
    this.#pausing.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let failures = 0; !this.#stopped;) {
      let pause: number;
      try {
        pause = await this.look();
        if (failures > 0) this.#logger.log(`${this.name} goes on.`);
        failures = 0;
      } catch (error) {
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
