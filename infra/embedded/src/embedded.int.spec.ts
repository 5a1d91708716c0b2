import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer } from 'node:net';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startKafka } from './kafka.js';
import { answersKafka } from './kafka-protocol.js';
import { removeServerData, stopLeftServers } from './left-servers.js';
import { freePorts, isListening } from './port.js';
import { startPostgres } from './postgres.js';
import { findProcess, isAlive } from './process.js';

// Real servers, whose port and data are this spec's own.
describe.each([
  {
    name: 'Kafka',
    start: startKafka,
    answers: answersKafka,
    words: (folder: string) => [join(folder, 'server.properties')],
  },
  {
    name: 'Postgres',
    start: startPostgres,
    answers: isListening,
    words: (folder: string) => ['-D', join(folder, 'data')],
  },
])('the embedded $name', ({ name, start, answers, words }) => {
  let folder: string;
  let dataDir: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'closeloop-embedded-'));
    await chmod(folder, 0o755);
    dataDir = join(folder, 'server');
  });
  afterAll(async () => {
    const folders = { kafka: dataDir, postgres: dataDir };
    await stopLeftServers(folders);
    await removeServerData(folders);
    await rm(folder, { recursive: true });
  });

  it('says who holds its port, and which variable chooses another', async () => {
    const [port] = await freePorts(1);
    const other = createServer().listen(port, '127.0.0.1');
    try {
      await expect(start({ dataDir, port: port!, portVariable: 'SOME_PORT' })).rejects.toThrow(
        new RegExp(`Port ${port} is wanted for ${name}, but process ${process.pid} \\(.*node.*SOME_PORT=`),
      );
    } finally {
      await new Promise((resolve) => other.close(resolve));
    }
  });

  it('is adopted by the next start, where something ended without stopping it', async () => {
    const first = await start({ dataDir, port: 0, ephemeral: true });
    const lines: string[] = [];
    const second = await start({ dataDir, port: first.port, ephemeral: true, say: (line) => lines.push(line) });
    expect(second).toMatchObject({ pid: first.pid, port: first.port, adopted: true });
    expect(lines.join()).toContain(`process ${first.pid}`);
  });

  it('is restarted where another port is wanted', async () => {
    const before = await findProcess(...words(dataDir));
    const [port] = await freePorts(1);
    const moved = await start({ dataDir, port: port!, ephemeral: true });
    expect(moved).toMatchObject({ port, adopted: false });
    expect(moved.pid).not.toBe(before);
    expect(await answers(port!)).toBe(true);
  });

  it('starts again on its data after a kill -9, and stops without a trace', async () => {
    const running = await start({ dataDir, port: 0, ephemeral: true });
    process.kill(running.pid!, 'SIGKILL');
    // any port: that of the killed one may be another program's by now
    const again = await start({ dataDir, port: 0, ephemeral: true });
    expect(again.adopted).toBe(false);
    expect(await answers(again.port)).toBe(true);

    await again.stop();
    expect(await isAlive(again.pid!)).toBe(false);
    expect(await isListening(again.port)).toBe(false);
    expect(await findProcess(...words(dataDir))).toBeUndefined();
  });
});

it('Postgres starts although the number of its killed server went to another program of the same user', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'closeloop-embedded-'));
  await chmod(folder, 0o755);
  const killed = await startPostgres({ dataDir: join(folder, 'one'), port: 0, ephemeral: true });
  process.kill(killed.pid!, 'SIGKILL');
  const other = await startPostgres({ dataDir: join(folder, 'two'), port: 0, ephemeral: true });
  const pidFile = join(folder, 'one', 'data', 'postmaster.pid');
  await writeFile(pidFile, (await readFile(pidFile, 'utf8')).replace(String(killed.pid), String(other.pid)));

  const again = await startPostgres({ dataDir: join(folder, 'one'), port: 0, ephemeral: true });

  await Promise.all([again.stop(), other.stop()]);
  await rm(folder, { recursive: true });
});

describe('a first start that was cut short', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'closeloop-embedded-'));
    await chmod(folder, 0o755);
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('leaves a Kafka folder that is formatted again', async () => {
    const dataDir = join(folder, 'kafka');
    await mkdir(join(dataDir, 'data'), { recursive: true });
    await writeFile(join(dataDir, 'data', 'bootstrap.checkpoint'), 'half');
    const kafka = await startKafka({ dataDir, port: 0, ephemeral: true });
    await kafka.stop();
    expect(kafka.adopted).toBe(false);
  });

  it('is begun again with other ports where one was taken meanwhile', async () => {
    const dataDir = join(folder, 'taken');
    const lines: string[] = [];
    const starting = startKafka({ dataDir, port: 0, ephemeral: true, say: (line) => lines.push(line) });
    const settings = join(dataDir, 'server.properties');
    let chosen: string | undefined;
    while (!chosen) {
      const written = await readFile(settings, 'utf8').catch(() => '');
      chosen = /^controller\.quorum\.voters=1@127\.0\.0\.1:(\d+)/m.exec(written)?.[1];
    }
    const other = createServer().listen(Number(chosen), '127.0.0.1');
    try {
      const kafka = await starting;
      await kafka.stop();
      expect(lines).toContain('A port of Kafka was taken while it started; it starts once more.');
    } finally {
      await new Promise((resolve) => other.close(resolve));
    }
  });

  it('but data of Kafka without its meta.properties is never removed', async () => {
    const dataDir = join(folder, 'foreign');
    await mkdir(join(dataDir, 'data', 'orders-0'), { recursive: true });
    await expect(startKafka({ dataDir, port: 0 })).rejects.toThrow(/holds data of Kafka \(orders-0\)/);
  });

  it('leaves a Postgres folder that is made anew, in UTF-8 whatever LANG says', async () => {
    const dataDir = join(folder, 'postgres');
    await mkdir(join(dataDir, 'data.new'), { recursive: true });
    await writeFile(join(dataDir, 'data.new', 'PG_VERSION'), '18');
    const postgres = await startPostgres({ dataDir, port: 0, ephemeral: true });
    const client = new pg.Client({ connectionString: postgres.url });
    await client.connect();
    const { rows } = await client.query<Record<string, string>>(
      `select pg_encoding_to_char(encoding) as encoding, datlocale as locale from pg_database where datname = 'postgres'`,
    );
    await client.end();
    const stranger = new pg.Client({ connectionString: postgres.url.replace(/:[^:@]+@/, ':wrong@') });
    await expect(stranger.connect()).rejects.toMatchObject({ code: '28P01' });
    await postgres.stop();
    expect(rows).toEqual([{ encoding: 'UTF8', locale: 'C.UTF-8' }]);
  });
});
