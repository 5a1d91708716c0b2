import { setTimeout as sleep } from 'node:timers/promises';
import { describeError } from '@closeloop/platform';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { type Pool, type PoolClient } from 'pg';
import { DataSource } from 'typeorm';
import { type Change, ChangeFeed } from '../domain/change-feed.js';
import { changesChannel } from './changes.channel.js';

/** A connection that breaks is made anew after so long. */
const againMs = 500;

/** Hears of every commit of every replica, by a connection of its own. */
@Injectable()
export class ChangesClient extends ChangeFeed implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger('Changes');
  readonly #listeners = new Set<(change: Change) => void>();
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;

  constructor(private readonly dataSource: DataSource) {
    super();
  }

  override subscribe(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onApplicationBootstrap(): void {
    this.#running = this.#listen();
  }

  async onModuleDestroy(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #listen(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      let client: PoolClient | undefined;
      try {
        client = await (this.dataSource.driver as unknown as { master: Pool }).master.connect();
        const listening = client;
        const broken = new Promise<void>((resolve) => {
          listening.once('error', () => resolve());
          listening.once('end', () => resolve());
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
        listening.on('notification', ({ payload }) => this.#tell(payload));
        await listening.query(`listen ${changesChannel}`);
        if (!signal.aborted) await broken;
      } catch (error) {
        this.#logger.debug(`Changes are not listened to: ${describeError(error)}`);
      } finally {
        // Never back into the pool: it listens.
        client?.removeAllListeners('notification');
        client?.on('error', () => undefined);
        client?.release(true);
      }
      await sleep(againMs, undefined, { signal }).catch(() => undefined);
    }
  }

  #tell(payload: string | undefined): void {
    if (!payload || this.#listeners.size === 0) return;
    for (const change of JSON.parse(payload) as Change[]) {
      for (const listener of this.#listeners) listener(change);
    }
  }
}
