import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, Module, Query } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import pg from 'pg';
import { DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';

import {
  createService,
  type DatabaseDefinition,
  DatabaseModule,
  connectionOf,
  migrateDatabase,
  Public,
  type RunningService,
} from './index.js';

jest.setTimeout(60_000);

class CreateNote1700000000000 implements MigrationInterface {
  async up(runner: QueryRunner) {
    await runner.query('create table note (id int primary key)');
  }
  async down(runner: QueryRunner) {
    await runner.query('drop table note');
  }
}

class AddNoteText1700000000001 implements MigrationInterface {
  async up(runner: QueryRunner) {
    // Long enough that replicas which do not wait for each other would collide.
    await runner.query('select pg_sleep(0.3)');
    await runner.query('alter table note add text text');
  }
  async down(runner: QueryRunner) {
    await runner.query('alter table note drop text');
  }
}

class BreakNote1700000000002 implements MigrationInterface {
  async up(runner: QueryRunner) {
    await runner.query('alter table note add colour text');
    await runner.query('alter table note add colour text');
  }
  async down() {}
}

const NAMES = ['CreateNote1700000000000', 'AddNoteText1700000000001'];
const older: DatabaseDefinition = { entities: [], migrations: [CreateNote1700000000000] };
const definition: DatabaseDefinition = {
  entities: [],
  migrations: [CreateNote1700000000000, AddNoteText1700000000001],
};
const broken: DatabaseDefinition = { entities: [], migrations: [...definition.migrations, BreakNote1700000000002] };

@Public()
@Controller('notes')
class NotesController {
  constructor(private readonly dataSource: DataSource) {}

  @Get()
  async count() {
    const [row] = await this.dataSource.query<{ n: number }[]>('select count(*)::int n from note');
    return row;
  }

  @Get('settings')
  async settings() {
    const names = [
      'TimeZone',
      'transaction_isolation',
      'application_name',
      'statement_timeout',
      'lock_timeout',
      'idle_in_transaction_session_timeout',
    ];
    const rows = await this.dataSource.query<{ name: string; value: string }[]>(
      'select n as name, current_setting(n) as value from unnest($1::text[]) n',
      [names],
    );
    return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
  }
}

/** Its session ends between two statements of a transaction; they are sent in each of the ways that TypeORM has. */
@Public()
@Controller('interrupted')
class InterruptedController {
  constructor(private readonly dataSource: DataSource) {}

  @Get()
  interrupted(@Query('by') by: string) {
    return this.dataSource.transaction(async (manager) => {
      const [row] = await manager.query<{ pid: number }[]>('select pg_backend_pid() pid');
      await this.dataSource.query('select pg_terminate_backend($1)', [row?.pid]);
      await new Promise((resolve) => setTimeout(resolve, 200));
      if (by === 'manager') await manager.query('select 1');
      else if (by === 'runner') await manager.queryRunner?.query('select 1');
      else if (by === 'nested') await manager.transaction((inner) => inner.query('select 1'));
      return {};
    });
  }
}

@Module({ imports: [DatabaseModule.forService(definition)], controllers: [NotesController, InterruptedController] })
class NotesModule {}

/** Stands between the service and Postgres, and can be taken away. */
class Cable {
  port = 0;
  #server: Server | undefined;
  readonly #sockets = new Set<Socket>();

  async plug(): Promise<void> {
    const target = new URL(process.env.DATABASE_URL ?? '');
    const server = createServer((near) => {
      const far = connect(Number(target.port || 5432), target.hostname);
      for (const socket of [near, far]) {
        this.#sockets.add(socket);
        socket.on('error', () => undefined);
        socket.on('close', () => {
          near.destroy();
          far.destroy();
        });
      }
      near.pipe(far).pipe(near);
    });
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  async pull(): Promise<void> {
    const closed = new Promise((resolve) => (this.#server ? this.#server.close(resolve) : resolve(undefined)));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  get url(): string {
    const url = new URL(process.env.DATABASE_URL ?? '');
    url.host = `127.0.0.1:${this.port}`;
    return url.toString();
  }
}

async function eventually(check: () => Promise<void>, timeoutMs = 10_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

describe('a service’s database', () => {
  const prefixes: string[] = [];
  const services: RunningService[] = [];
  let server: pg.Client;

  /** An environment with a database that nobody else has. */
  function environment(more: Record<string, string> = {}): Record<string, string | undefined> {
    const prefix = `t${randomBytes(5).toString('hex')}_`;
    prefixes.push(prefix);
    return {
      DATABASE_URL: process.env.DATABASE_URL,
      DATABASE_PREFIX: prefix,
      NOTES_PORT: '0',
      LOG_LEVEL: 'fatal',
      ...more,
    };
  }
  async function start(env: Record<string, string | undefined>): Promise<RunningService> {
    const service = await createService('notes', NotesModule, { env });
    services.push(service);
    return service;
  }

  beforeAll(async () => {
    server = new pg.Client(process.env.DATABASE_URL);
    await server.connect();
  });
  afterEach(async () => {
    await Promise.all(services.splice(0).map((service) => service.close()));
  });
  afterAll(async () => {
    for (const prefix of prefixes) await server.query(`drop database if exists ${prefix}notes with (force)`);
    await server.end();
  });

  it('outlives a connection that ends while nobody listens, as between the pool and who takes it from there', async () => {
    const env = environment();
    await migrateDatabase('notes', definition, env);
    const pool = new pg.Pool(connectionOf('notes', env));
    const taken = await pool.connect();
    const { rows } = await taken.query<{ pid: number }>('select pg_backend_pid() pid');
    await server.query('select pg_terminate_backend($1)', [rows[0]!.pid]);
    // heard of before it is used again
    await new Promise((resolve) => setTimeout(resolve, 200));
    await expect(taken.query('select 1')).rejects.toThrow();
    taken.release(true);
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    await pool.end();
  });

  it('is made and migrated once, however many replicas come at the same time', async () => {
    const env = environment();
    const done = await Promise.all(Array.from({ length: 6 }, () => migrateDatabase('notes', definition, env)));
    expect(done.filter(({ created }) => created)).toHaveLength(1);
    expect(done.map(({ migrations }) => migrations).filter((names) => names.length > 0)).toEqual([NAMES]);
    expect(await migrateDatabase('notes', definition, env)).toEqual({ created: false, migrations: [] });
  });

  it('is made with UTF-8, whatever the server was made with', async () => {
    const env = environment();
    await migrateDatabase('notes', definition, env);
    const { rows } = await server.query<{ encoding: string }>(
      'select pg_encoding_to_char(encoding) encoding from pg_database where datname = $1',
      [`${env.DATABASE_PREFIX}notes`],
    );
    expect(rows).toEqual([{ encoding: 'UTF8' }]);
  });

  it('keeps what was migrated before a migration that fails, and nothing of that one', async () => {
    const env = environment();
    await expect(migrateDatabase('notes', broken, env)).rejects.toThrow('already exists');
    const service = await start(env);
    expect(await (await fetch(`${service.url}/notes`)).json()).toEqual({ n: 0 });
  });

  it('keeps a service from starting while it is not there, and names the command', async () => {
    await expect(createService('notes', NotesModule, { env: environment(), logger: false })).rejects.toThrow(
      /is not there.*npx closeloop migrate/,
    );
  });

  it('keeps a service from starting while migrations are pending, and names them and the command', async () => {
    const env = environment();
    await migrateDatabase('notes', older, env);
    await expect(createService('notes', NotesModule, { env, logger: false })).rejects.toThrow(
      /lacks 1 migration\(s\): AddNoteText1700000000001.*npx closeloop migrate/,
    );
  });

  it('is talked to in UTC, read committed, under the service’s name, with time-outs, whatever the database has for others', async () => {
    const env = environment({ DATABASE_STATEMENT_TIMEOUT_SECONDS: '7' });
    await migrateDatabase('notes', definition, env);
    await server.query(
      `alter database ${env['DATABASE_PREFIX']}notes set default_transaction_isolation = 'serializable'`,
    );
    const service = await start(env);
    expect(await (await fetch(`${service.url}/notes/settings`)).json()).toEqual({
      TimeZone: 'UTC',
      transaction_isolation: 'read committed',
      application_name: 'closeloop-notes',
      statement_timeout: '7s',
      lock_timeout: '10s',
      idle_in_transaction_session_timeout: '15s',
    });
  });

  it('may be away for a while when a service starts', async () => {
    const cable = new Cable();
    await cable.plug();
    const env = environment({ DATABASE_URL: cable.url });
    await migrateDatabase('notes', definition, env);
    await cable.pull();
    const starting = start(env);
    await new Promise((resolve) => setTimeout(resolve, 700));
    await cable.plug();
    const service = await starting;
    expect((await fetch(`${service.url}/notes`)).status).toBe(200);
    await service.close();
    await cable.pull();
  });

  it('is given up at a start after the configured time', async () => {
    const env = environment({
      DATABASE_URL: 'postgres://postgres@127.0.0.1:1/postgres',
      DATABASE_START_TIMEOUT_SECONDS: '1',
    });
    await expect(createService('notes', NotesModule, { env, logger: false })).rejects.toThrow('ECONNREFUSED');
  });

  it('makes the service unready and answers 503 while it is lost, and all is well when it is back', async () => {
    const cable = new Cable();
    await cable.plug();
    const env = environment({ DATABASE_URL: cable.url });
    await migrateDatabase('notes', definition, env);
    const service = await start(env);
    expect((await fetch(`${service.url}/notes`)).status).toBe(200);

    await cable.pull();
    const refused = await fetch(`${service.url}/notes`);
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('2');
    expect(await refused.json()).toMatchObject({ type: 'urn:closeloop:store-unavailable', status: 503 });
    await eventually(async () => {
      const ready = await fetch(`${service.url}/health/ready`);
      expect(ready.status).toBe(503);
      expect(await ready.json()).toEqual({
        status: 'unready',
        reasons: { database: 'the database cannot be reached' },
      });
    });
    expect((await fetch(`${service.url}/health/live`)).status).toBe(200);

    await cable.plug();
    await eventually(async () => {
      expect((await fetch(`${service.url}/notes`)).status).toBe(200);
      expect((await fetch(`${service.url}/health/ready`)).status).toBe(200);
    });
    await service.close();
    await cable.pull();
  }, 30_000);

  it('answers 503 where a session ends between two statements of a transaction', async () => {
    const env = environment();
    await migrateDatabase('notes', definition, env);
    const service = await start(env);
    for (const by of ['manager', 'runner', 'nested', 'commit']) {
      const refused = await fetch(`${service.url}/interrupted?by=${by}`);
      expect({ by, status: refused.status, retry: refused.headers.get('retry-after') }).toEqual({
        by,
        status: 503,
        retry: '2',
      });
    }
    expect((await fetch(`${service.url}/notes`)).status).toBe(200);
  });

  it('is let go of when the service stops', async () => {
    const env = environment();
    await migrateDatabase('notes', definition, env);
    const service = await start(env);
    await service.close();
    await eventually(async () => {
      const { rows } = await server.query('select 1 from pg_stat_activity where datname = $1', [
        `${env.DATABASE_PREFIX}notes`,
      ]);
      expect(rows).toEqual([]);
    });
  });
});
