import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { access, mkdir, open, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { follow, writeWhole, type Say } from './kafka-distribution.js';
import { commandOf } from './port.js';
import {
  hand,
  postgresBinaries,
  postgresUser,
  reachableFolder,
  type OsUser,
  type PostgresBinaries,
} from './postgres-binaries.js';
import { spawned, wantedPort, type RunningServer, type ServerOptions } from './server.js';
import { findProcess, isAlive, pause, stopProcess, untilReady } from './process.js';

export interface RunningPostgres extends RunningServer {
  /** As DATABASE_URL takes it: the server's database `postgres`, as its owner, password included. */
  readonly url: string;
}

const OWNER = 'closeloop';
/** Recovery after a kill replays the log, which may be long. */
const STARTED_WITHIN_S = 180;

/** A PostgreSQL server on loopback, in a process of its own that outlives this one. Its password is generated and kept in
 * the data folder: with `trust`, every user of this machine could read what customers wrote and run programs as us.
 * @throws PortTaken */
export async function startPostgres(options: ServerOptions): Promise<RunningPostgres> {
  const say = options.say ?? (() => undefined);
  await mkdir(options.dataDir, { recursive: true });
  const given = await realpath(options.dataDir);
  const user = await postgresUser(join(given, 'data'));
  const folder = await reachableFolder(given, user, say);
  const data = join(folder, 'data');
  const password = await keptPassword(join(given, 'password'));
  const url = (port: number) => `postgres://${OWNER}:${password}@127.0.0.1:${port}/postgres`;
  const logFile = join(folder, 'postgres.log');
  const running = (pid: number, port: number, adopted: boolean): RunningPostgres => ({
    url: url(port),
    port,
    pid,
    adopted,
    stop: () => stopPostgres(pid),
  });

  const left = await leftRunning(data);
  if (left) {
    const usable =
      (options.port === 0 || options.port === left.port) &&
      (await untilReady('Postgres', { ...left, logFile, seconds: 30, ready: () => acceptsQueries(url(left.port)) })
        .then(() => true)
        .catch(() => false));
    if (usable) {
      say(`Postgres runs already on this data (process ${left.pid}, port ${left.port}); it is used as it is.`);
      return running(left.pid, left.port, true);
    }
    say(`Postgres runs already on ${data} (process ${left.pid}), but not as wanted; it is restarted.`);
    await stopPostgres(left.pid);
  }

  const port = await wantedPort(options, 'Postgres');
  const binaries = await postgresBinaries(user, say);
  await initialise(binaries, data, user, password, options, say);

  const log = await open(logFile, 'w');
  const child = spawn(binaries.postgres, postgresWords(data, port, options.ephemeral ?? false), {
    ...(user && { uid: user.uid, gid: user.gid }),
    cwd: '/',
    env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  });
  const pid = await spawned(child, binaries.postgres);
  await log.close();
  child.unref();
  await untilReady('Postgres', {
    pid,
    logFile,
    seconds: STARTED_WITHIN_S,
    ready: () => acceptsQueries(url(port)),
  }).catch(async (error: unknown) => {
    await stopPostgres(pid);
    throw error;
  });
  return running(pid, port, false);
}

const postgresWords = (data: string, port: number, ephemeral: boolean) => [
  ...['-D', data, '-p', String(port)],
  ...[
    'listen_addresses=127.0.0.1',
    // A socket file's path has at most 107 characters, which a deep checkout exceeds.
    'unix_socket_directories=',
    'max_connections=200',
    'timezone=UTC',
    'log_timezone=UTC',
    ...(ephemeral ? ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'] : []),
  ].flatMap((setting) => ['-c', setting]),
];

/** Stops the server that something left running on that data folder, if there is one. */
export async function stopLeftPostgres(dataDir: string): Promise<void> {
  const left = await leftRunning(join(dataDir, 'data'));
  if (left) await stopPostgres(left.pid);
}

/** SIGINT is Postgres's fast shutdown: sessions are ended, everything is written. */
const stopPostgres = (pid: number) =>
  stopProcess(pid, 'Postgres', [
    { signal: 'SIGINT', seconds: 60 },
    { signal: 'SIGQUIT', seconds: 10 },
    { signal: 'SIGKILL', seconds: 10 },
  ]);

async function keptPassword(file: string): Promise<string> {
  const kept = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (kept) return kept;
  const password = randomBytes(18).toString('base64url');
  await writeWhole(file, password, 0o600);
  return password;
}

/** Made beside its place and renamed when whole: a kill while it is made leaves nothing that looks like a database. */
async function initialise(
  { initdb }: PostgresBinaries,
  data: string,
  user: OsUser | undefined,
  password: string,
  { ephemeral = false }: ServerOptions,
  say: Say,
): Promise<void> {
  if (
    await access(join(data, 'PG_VERSION')).then(
      () => true,
      () => false,
    )
  )
    return;
  say('Postgres: a new data folder is made.');
  const unfinished = `${data}.new`;
  const passwordFile = `${data}.password`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { mode: 0o700 });
  await writeFile(passwordFile, password, { mode: 0o600 });
  await Promise.all([hand(unfinished, user), hand(passwordFile, user)]);
  const words = [
    ...[`--pgdata=${unfinished}`, `--username=${OWNER}`, `--pwfile=${passwordFile}`, '--auth=scram-sha-256'],
    // The server's own C.UTF-8: the system's is not everywhere, and without LANG initdb would choose SQL_ASCII.
    ...['--encoding=UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'],
    ...(ephemeral ? ['--no-sync'] : []),
  ];
  try {
    await follow(initdb, words, () => undefined, process.env, user);
    await rename(unfinished, data);
  } finally {
    await rm(passwordFile, { force: true });
  }
}

/** A server that was not stopped, by its own postmaster.pid (pid, folder, start, port) or by its command line. */
async function leftRunning(data: string): Promise<{ pid: number; port: number } | undefined> {
  const pidFile = join(data, 'postmaster.pid');
  const lines = (await readFile(pidFile, 'utf8').catch(() => '')).split('\n');
  const named = Number.parseInt(lines[0] ?? '', 10) || undefined;
  const isOurs =
    named !== undefined && ` ${await commandOf(named)} `.includes(` -D ${data} `) && (await isAlive(named));
  const pid = isOurs ? named : await findProcess('-D', data, '-p');
  if (pid !== undefined) {
    const port = Number(/ -p (\d+)/.exec((await commandOf(pid)) ?? '')?.[1] ?? lines[3]);
    return { pid, port };
  }
  if (named === undefined) return undefined;
  await backendsGone(lines);
  // A server that was just killed has its number until it is reaped; else the number went to another program since, and
  // Postgres, which only asks whether it exists, would take that for itself and refuse to start.
  for (let tries = 0; tries < 60 && !(await isAlive(named)) && hasEntry(named); tries += 1) await pause(50);
  if (hasEntry(named)) await rm(pidFile);
  return undefined;
}

function hasEntry(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** After a kill -9 of the server its sessions end by themselves, within moments; until then it could not start. */
async function backendsGone(pidFileLines: readonly string[]): Promise<void> {
  const shared = /^\s*\d+\s+(\d+)\s*$/.exec(pidFileLines[6] ?? '')?.[1];
  if (shared === undefined || process.platform !== 'linux') return;
  for (let tries = 0; tries < 200; tries += 1) {
    const segments = await readFile('/proc/sysvipc/shm', 'utf8').catch(() => '');
    const segment = segments.split('\n').find((line) => line.trim().split(/\s+/)[1] === shared);
    if (segment === undefined || segment.trim().split(/\s+/)[6] === '0') return;
    await pause(50);
  }
}

async function acceptsQueries(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}
