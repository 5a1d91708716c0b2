import {
  type DynamicModule,
  Inject,
  Injectable,
  Logger,
  Module,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { type Socket } from 'node:net';
import pg from 'pg';
import { DataSource } from 'typeorm';

import { sqlStateOf } from './connection-failure.js';
import { connectionOf, type DatabaseDefinition, dataSourceOptionsOf, openDatabase } from './database.js';
import { ENVIRONMENT, type Env, SERVICE_NAME } from './environment.js';
import { describeError } from './problem-mapping.js';
import { Readiness } from './readiness.js';

const PROBE_INTERVAL_MS = 2_000;
const PROBE_TIMEOUT_MS = 3_000;

/**
 * Asks the database every two seconds, by a connection of its own so that a busy pool is not taken for a lost server, and makes the
 * service unready while there is no answer.
 */
@Injectable()
class DatabaseProbe implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger('Database');
  #client: pg.Client | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lost = false;
  #stopped = false;

  constructor(
    @Inject(SERVICE_NAME) private readonly service: string,
    @Inject(ENVIRONMENT) private readonly env: Env,
    private readonly dataSource: DataSource,
    readiness: Readiness,
  ) {
    readiness.register('database', () => (this.#lost ? 'the database cannot be reached' : undefined));
  }

  onApplicationBootstrap(): void {
    this.#next(0);
  }

  async onModuleDestroy(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#drop();
  }

  #next(pause: number): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => void this.#probe(), pause);
    this.#timer.unref();
  }

  async #probe(): Promise<void> {
    try {
      await (this.#client ?? (await this.#connect())).query('select 1');
      if (this.#lost) this.#logger.log('The database answers again.');
      this.#lost = false;
    } catch (error) {
      await this.#drop();
      if (isSilence(error)) this.#breakOff();
      if (!this.#lost && !this.#stopped) this.#logger.error(`The database cannot be reached: ${describeError(error)}`);
      this.#lost = true;
    }
    this.#next(PROBE_INTERVAL_MS);
  }

  /**
   * What was asked before the server fell silent may never be answered, and pg keeps such a connection and queues what is asked next
   * behind it: each is broken off, so that those who wait fail and the pool makes new ones.
   */
  #breakOff(): void {
    const { master } = this.dataSource.driver as unknown as { master?: { _clients?: pg.Client[] } };
    for (const client of [...(master?._clients ?? [])]) {
      (client as unknown as { connection: { stream: Socket } }).connection.stream.destroy();
    }
  }

  async #connect(): Promise<pg.Client> {
    const client = new pg.Client({
      ...connectionOf(this.service, this.env),
      application_name: `closeloop-${this.service}-probe`,
      connectionTimeoutMillis: PROBE_TIMEOUT_MS,
      query_timeout: PROBE_TIMEOUT_MS,
    });
    this.#client = client;
    // Without a listener a connection that breaks while idle would end the process.
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  async #drop(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    // A server that no longer answers does not answer the farewell either.
    await Promise.race([
      client?.end().catch(() => undefined),
      new Promise((resolve) => setTimeout(resolve, 500).unref()),
    ]);
  }
}

/** No answer at all: a server that refuses, or says that it has no room, is no reason to break off what it works on. */
const isSilence = (error: unknown): boolean =>
  error instanceof Error && /timeout/i.test(error.message) && sqlStateOf(error) === undefined;

/** The service's Postgres, as TypeORM's DataSource and EntityManager. */
@Module({})
export class DatabaseModule {
  /**
   * A global module. The start waits for a server that is briefly away, and fails with the command to run when migrations are pending.
   */
  static forService(definition: DatabaseDefinition): DynamicModule {
    return {
      module: DatabaseModule,
      imports: [
        TypeOrmModule.forRootAsync({
          inject: [SERVICE_NAME, ENVIRONMENT],
          useFactory: (service: string, env: Env) => ({
            ...dataSourceOptionsOf(service, definition, env),
            retryAttempts: 0,
            // Passed on to the factory below, which needs them besides TypeORM's own.
            closeloop: { service, env },
          }),
          dataSourceFactory: (options) => {
            const { service, env } = (options as unknown as { closeloop: { service: string; env: Env } }).closeloop;
            return openDatabase(service, definition, env);
          },
        }),
      ],
      providers: [DatabaseProbe],
    };
  }
}
