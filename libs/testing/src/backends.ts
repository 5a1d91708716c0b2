import { chmod, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  freePorts,
  isAlive,
  kafkaContainerSettings,
  kafkaImage,
  startKafka,
  startPostgres,
  stopLeftServers,
} from '@closeloop/embedded';

export interface Backends {
  /** KAFKA_BROKERS and DATABASE_URL. */
  readonly env: Record<string, string>;
  stop(): Promise<void>;
}

type Say = (line: string) => void;
type Started = { env: Record<string, string>; stop: () => Promise<void> };

const POSTGRES_IMAGE = 'postgres:18';

/** The Kafka and the Postgres of a test run: those given, else embedded ones, else (TEST_BACKEND=containers) containers.
 * @throws what keeps one from starting; specs are never run without */
export async function startBackends(env: NodeJS.ProcessEnv, say: Say): Promise<Backends> {
  const backend = env['TEST_BACKEND'] ?? 'embedded';
  if (backend !== 'embedded' && backend !== 'containers') {
    throw new Error(`TEST_BACKEND is "${backend}"; it can be embedded (the default) or containers.`);
  }
  const missing = [
    ...(env['KAFKA_BROKERS'] ? [] : ['kafka' as const]),
    ...(env['DATABASE_URL'] ? [] : ['postgres' as const]),
  ];
  if (missing.length < 2) {
    const given = [
      ...(missing.includes('kafka') ? [] : ['KAFKA_BROKERS']),
      ...(missing.includes('postgres') ? [] : ['DATABASE_URL']),
    ];
    say(`Tests use what ${given.join(' and ')} ${given.length === 1 ? 'names' : 'name'}.`);
  }
  if (missing.length === 0) return { env: {}, stop: () => Promise.resolve() };
  const begun = performance.now();
  const started = await (backend === 'containers' ? inContainers(missing) : embedded(missing, say));
  say(`Tests: ${backend} ${missing.join(' and ')} in ${((performance.now() - begun) / 1000).toFixed(1)} s.`);
  let stopped: Promise<void> | undefined;
  return { env: started.env, stop: () => (stopped ??= started.stop()) };
}

type Backend = 'kafka' | 'postgres';
const FOLDER = /^closeloop-test-(\d+)-/;

async function embedded(wanted: readonly Backend[], say: Say): Promise<Started> {
  await stopAbandoned(say);
  const folder = await mkdtemp(join(tmpdir(), `closeloop-test-${process.pid}-`));
  // For root, whose Postgres runs as another user.
  await chmod(folder, 0o755);
  const starts: Record<Backend, () => Promise<Started>> = {
    kafka: async () => {
      const kafka = await startKafka({ dataDir: join(folder, 'kafka'), port: 0, ephemeral: true, say });
      return { env: { KAFKA_BROKERS: kafka.brokers }, stop: () => kafka.stop() };
    },
    postgres: async () => {
      const postgres = await startPostgres({ dataDir: join(folder, 'postgres'), port: 0, ephemeral: true, say });
      return { env: { DATABASE_URL: postgres.url }, stop: () => postgres.stop() };
    },
  };
  return together(
    wanted.map((backend) => starts[backend]()),
    () => rm(folder, { recursive: true, force: true }),
  );
}

/** Servers of runs that were killed. */
async function stopAbandoned(say: Say): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = Number(FOLDER.exec(name)?.[1]);
    const folder = join(tmpdir(), name);
    if (!pid || (await isAlive(pid)) || (await stat(folder)).uid !== process.getuid?.()) continue;
    say(`A test run was killed (process ${pid}); what it left in ${folder} is stopped and removed.`);
    await stopLeftServers({ kafka: join(folder, 'kafka'), postgres: join(folder, 'postgres') });
    await rm(folder, { recursive: true, force: true });
  }
}

async function inContainers(wanted: readonly Backend[]): Promise<Started> {
  const { GenericContainer, Wait } = await import('testcontainers');
  const starts: Record<Backend, () => Promise<Started>> = {
    kafka: async () => {
      // Its clients are told this port, so it must be known before the start.
      const [port] = await freePorts(1);
      const container = await new GenericContainer(await kafkaImage())
        .withExposedPorts({ container: 9092, host: port! })
        .withEnvironment(kafkaContainerSettings(port!))
        .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
        .start();
      return { env: { KAFKA_BROKERS: `127.0.0.1:${port}` }, stop: () => container.stop().then(() => undefined) };
    },
    postgres: async () => {
      const { PostgreSqlContainer } = await import('@testcontainers/postgresql');
      const container = await new PostgreSqlContainer(POSTGRES_IMAGE)
        .withCommand(['postgres', '-c', 'fsync=off', '-c', 'max_connections=200'])
        .start();
      return {
        env: { DATABASE_URL: container.getConnectionUri() },
        stop: () => container.stop().then(() => undefined),
      };
    },
  };
  return together(
    wanted.map((backend) => starts[backend]()),
    () => Promise.resolve(),
  );
}

/** All of them, or none: when one fails the others are stopped before its error is thrown. */
async function together(starting: readonly Promise<Started>[], afterwards: () => Promise<void>): Promise<Started> {
  const outcomes = await Promise.allSettled(starting);
  const started = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const stop = async () => {
    await Promise.all(started.map((one) => one.stop()));
    await afterwards();
  };
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) {
    await stop();
    throw failed.reason;
  }
  return { env: Object.assign({}, ...started.map(({ env }) => env)) as Record<string, string>, stop };
}
