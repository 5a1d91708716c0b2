import { Logger } from '@nestjs/common';
import pg from 'pg';
import { DataSource, type DataSourceOptions, type Logger as TypeOrmLogger, type MigrationInterface } from 'typeorm';

import { loadConfig, variableOf } from './configuration.js';
import { isConnectionFailure } from './connection-failure.js';
import { DatabaseClient, type DatabaseClientConfig } from './database-client.js';
import { databaseNameOf, databaseUrlOf } from './database-url.js';
import { DatabaseConfig } from './database.config.js';
import { type Env, variablePrefixOf } from './environment.js';
import { describeError } from './problem-mapping.js';

/** What a service keeps in its database. */
export interface DatabaseDefinition {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-function-type -- TypeORM's own type for an entity class
  entities: Function[];
  /** Migration classes; TypeORM runs them by the time-stamp at the end of their names. */
  // eslint-disable-next-line @typescript-eslint/no-unsafe-function-type -- TypeORM's own type for a migration class
  migrations: Function[];
}

/** The table TypeORM keeps in each database of what was migrated. */
const MIGRATIONS_TABLE = 'migration';
const UNDEFINED_DATABASE = '3D000';
const UNDEFINED_TABLE = '42P01';
/** Taken on each service's own database, so one number serves all. */
const MIGRATION_LOCK = 4_601_040_603;
const logger = new Logger('Database');

/**
 * What a page costs that is not the next one: as out of memory, and from disks without heads. By Postgres's own 4, a table of some ten
 * thousand rows is read from end to end for a batch of a hundred ids.
 */
const pageCost = 1.1;

/** Connection settings of pg for this service, TLS and time-outs included. */
export function connectionOf(service: string, env: Env): pg.PoolConfig & DatabaseClientConfig {
  const config = loadConfig(DatabaseConfig, env, service);
  const url = new URL(databaseUrlOf(service, env));
  // pg lets the URL's sslmode win over `ssl`.
  if (config.ssl !== undefined) url.searchParams.delete('sslmode');
  return {
    Client: DatabaseClient,
    keepStatements: config.keepStatements,
    // a statement need not wait for the answer to the one before it: see pipelined()
    pipeline: true,
    connectionString: url.toString(),
    ...(config.ssl === undefined ? {} : { ssl: config.ssl && { rejectUnauthorized: true, ca: config.sslCa } }),
    application_name: `closeloop-${service}`,
    max: config.poolSize,
    connectionTimeoutMillis: config.connectTimeoutSeconds * 1000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    // what the server has for others would cost each transaction a statement of its own to be put right
    options: String.raw`-c TimeZone=UTC -c default_transaction_isolation=read\ committed -c random_page_cost=${pageCost}`,
    statement_timeout: config.statementTimeoutSeconds * 1000,
    // A server that no longer answers at all is noticed by the client.
    query_timeout: (config.statementTimeoutSeconds + 5) * 1000,
    lock_timeout: config.lockTimeoutSeconds * 1000,
    idle_in_transaction_session_timeout: config.idleInTransactionTimeoutSeconds * 1000,
  };
}

/** TypeORM would print statements with their parameters, and those are customers' words; what fails is thrown as well. */
class SilentLogger implements TypeOrmLogger {
  logQuery(): void {}
  logQueryError(): void {}
  logQuerySlow(): void {}
  logSchemaBuild(): void {}
  logMigration(): void {}
  log(): void {}
}

/** TypeORM's options for the service's database. */
export function dataSourceOptionsOf(service: string, definition: DatabaseDefinition, env: Env): DataSourceOptions {
  return {
    type: 'postgres',
    url: databaseUrlOf(service, env),
    entities: definition.entities,
    migrations: definition.migrations,
    migrationsTableName: MIGRATIONS_TABLE,
    migrationsTransactionMode: 'each',
    installExtensions: false,
    synchronize: false,
    logging: false,
    logger: new SilentLogger(),
    extra: connectionOf(service, env),
  };
}

/**
 * Calls `connect` until it succeeds or fails otherwise than by an unreachable server, for at most the configured time, with growing pauses.
 */
export async function untilReachable<T>(service: string, env: Env, connect: () => Promise<T>): Promise<T> {
  const { startTimeoutSeconds } = loadConfig(DatabaseConfig, env, service);
  const giveUpAt = Date.now() + startTimeoutSeconds * 1000;
  for (let attempt = 0; ; attempt++) {
    try {
      return await connect();
    } catch (error) {
      const pause = Math.min(5_000, 200 * 2 ** attempt) * (0.75 + Math.random() / 2);
      if (!isConnectionFailure(error) || Date.now() + pause > giveUpAt) throw error;
      if (attempt === 0) logger.warn(`Waiting for the database of ${service}: ${describeError(error)}`);
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}

/** An open DataSource on a database that has every migration of the definition. */
export async function openDatabase(service: string, definition: DatabaseDefinition, env: Env): Promise<DataSource> {
  const dataSource = await untilReachable(service, env, async () => {
    const candidate = new DataSource(dataSourceOptionsOf(service, definition, env));
    try {
      return await candidate.initialize();
    } catch (error) {
      if (stateOf(error) === UNDEFINED_DATABASE) {
        throw new Error(
          `The database ${databaseNameOf(databaseUrlOf(service, env))} is not there. Run: npx closeloop migrate`,
          {
            cause: error,
          },
        );
      }
      throw error;
    }
  });
  try {
    const pending = await pendingMigrations(dataSource, definition);
    if (pending.length > 0) {
      throw new Error(
        `The database of ${service} lacks ${pending.length} migration(s): ${pending.join(', ')}. Run: npx closeloop migrate`,
      );
    }
    return dataSource;
  } catch (error) {
    await dataSource.destroy();
    throw error;
  }
}

/**
 * Makes the service's database if it is not there and runs what migrations are pending, one process at a time (advisory lock); others
 * wait and find nothing left to do.
 * @returns whether the database was made, and the names of the migrations that ran.
 */
export async function migrateDatabase(
  service: string,
  definition: DatabaseDefinition,
  env: Env,
): Promise<{ created: boolean; migrations: string[] }> {
  const created = await untilReachable(service, env, () => createDatabase(service, env));
  // A migration may take longer than any statement of the service.
  const patient = {
    statement_timeout: 0,
    query_timeout: 0,
    lock_timeout: 0,
    idle_in_transaction_session_timeout: 0,
    max: 2,
  };
  const lock = new pg.Client({ ...connectionOf(service, env), ...patient });
  await lock.connect();
  try {
    await lock.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    const options = dataSourceOptionsOf(service, definition, env);
    const dataSource = new DataSource({
      ...options,
      extra: { ...connectionOf(service, env), ...patient },
    });
    await dataSource.initialize();
    try {
      const ran = await dataSource.runMigrations();
      return { created, migrations: ran.map((migration) => migration.name) };
    } finally {
      await dataSource.destroy();
    }
  } finally {
    // Ending the session gives the lock back.
    await lock.end();
  }
}

async function createDatabase(service: string, env: Env): Promise<boolean> {
  const connection = connectionOf(service, env);
  const name = databaseNameOf(databaseUrlOf(service, env));
  const own = new pg.Client(connection);
  try {
    await own.connect();
    return false;
  } catch (error) {
    if (stateOf(error) !== UNDEFINED_DATABASE) throw error;
  } finally {
    await own.end().catch(() => undefined);
  }

  const server = new URL(connection.connectionString ?? '');
  server.pathname = `/${maintenanceDatabaseOf(service, env)}`;
  const maintenance = new pg.Client({ ...connection, connectionString: server.toString() });
  await maintenance.connect();
  try {
    // template0 is never in use, so two creations do not block each other, and it takes any encoding.
    await maintenance.query(`create database ${pg.escapeIdentifier(name)} template template0 encoding 'UTF8'`);
    return true;
  } catch (error) {
    // Another replica made it in the meantime: 42P04, or 23505 from the catalog itself when both were at it.
    if (['42P04', '23505'].includes(stateOf(error) ?? '')) return false;
    throw error;
  } finally {
    await maintenance.end();
  }
}

/** A database that is there, to be connected to while the service's own is not: the one of DATABASE_URL when that names one. */
function maintenanceDatabaseOf(service: string, env: Env): string {
  const url = variableOf(env, 'DATABASE_URL');
  const isOwn = variableOf(env, `${variablePrefixOf(service)}_DATABASE_URL`) !== undefined;
  const named = url === undefined || isOwn ? '' : new URL(url).pathname.slice(1);
  return named === '' ? 'postgres' : named;
}

/** Names of the migrations that the database does not have yet. Reads only; the service may lack the right to make tables. */
async function pendingMigrations(dataSource: DataSource, definition: DatabaseDefinition): Promise<string[]> {
  let done: Set<string>;
  try {
    const rows = await dataSource.query<{ name: string }[]>(`select name from ${MIGRATIONS_TABLE}`);
    done = new Set(rows.map((row) => row.name));
  } catch (error) {
    if (stateOf(error) !== UNDEFINED_TABLE) throw error;
    done = new Set();
  }
  return definition.migrations
    .map((migration) => new (migration as new () => MigrationInterface)().name ?? migration.name)
    .filter((name) => !done.has(name));
}

function stateOf(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
}
