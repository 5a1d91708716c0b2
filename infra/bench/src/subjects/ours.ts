import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { mainOf, memoryOptions, nodeFlags, programOf, startPlatform } from '@closeloop/cli';
import { freePorts, startLocalIssuer } from '@closeloop/embedded';
import { source } from '../load/feedback.js';
import { startProgram } from '../rig/program.js';
import { databaseOf, makeServiceDatabases, makeServiceTopics } from './service-databases.js';
import { pidsOf, startAll, stopAll, type Part, type Place, type Running, type Subject } from './subject.js';

/** What differs from what the services do by themselves: one key sends all there is. */
const limits = { RATE_LIMIT_EVENTS_PER_SECOND: '1000000', RATE_LIMIT_BURST: '10000000' };

const placeEnv = ({ stores, topicPrefix, databasePrefix }: Place) => ({
  KAFKA_BROKERS: stores.brokers,
  DATABASE_URL: stores.databaseServer,
  KAFKA_TOPIC_PREFIX: topicPrefix,
  DATABASE_PREFIX: databasePrefix,
  ...limits,
});

/**
 * The shipped services: the journey is all of them, as `npm start` starts them; a part is that service's process alone.
 * `replicas`: of each part that runs alone
 */
export const oursBy = (replicas: number): Subject => ({
  name: 'ours',
  async start(place, parts) {
    await Promise.all([makeServiceDatabases(place), makeServiceTopics(place)]);
    return parts.length === 4 ? startAllServices(place) : startServices(place, parts, replicas);
  },
});

export const ours = oursBy(1);

async function startAllServices(place: Place): Promise<Running> {
  const platform = await startPlatform({
    dataDir: join(place.folder, 'platform'),
    ports: 'free',
    env: { ...process.env, ...placeEnv(place) },
    quiet: true,
  });
  let broken: string | undefined;
  void platform.broken.then((what) => (broken = what));
  return {
    pids: platform.pids as Record<string, number>,
    url: platform.urls.ingestion,
    headers: { authorization: `Bearer ${await platform.apiKey(source)}` },
    loopDatabase: databaseOf(place, 'loop'),
    derivedIds: true,
    assertRuns() {
      if (broken !== undefined) throw new Error(broken);
    },
    signal(signal) {
      for (const pid of Object.values(platform.pids)) process.kill(pid, signal);
    },
    stop: () => platform.stop(),
  };
}

async function startServices(place: Place, parts: readonly Part[], replicas: number): Promise<Running> {
  const issuer = await startLocalIssuer();
  const wanted = parts.flatMap((part) =>
    Array.from({ length: replicas }, (_, at) => ({ part, name: at === 0 ? part : `${part}-${at + 1}` })),
  );
  // what does not run has an address that nobody answers at
  const ports = await freePorts(wanted.length + 2);
  const urlOf = (port: number): string => `http://127.0.0.1:${port}`;
  const portOf = (part: Part, spare: number): number =>
    ports[wanted.findIndex(({ name }) => name === part)] ?? ports[wanted.length + spare]!;
  const env = {
    ...process.env,
    ...placeEnv(place),
    NODE_ENV: 'development',
    OIDC_ISSUER: issuer.issuer,
    INGESTION_URL: urlOf(portOf('ingestion', 0)),
    ROUTING_URL: urlOf(portOf('routing', 1)),
    LOOP_LINK_SECRET: randomBytes(32).toString('base64'),
  };
  try {
    const programs = await startAll(
      wanted.map(({ part, name }, at) =>
        startProgram({
          name,
          command: process.execPath,
          words: [...nodeFlags(part), mainOf(part)],
          env: { ...memoryOptions(part), ...env, [`${part.toUpperCase()}_PORT`]: String(ports[at]) },
          logFile: join(place.folder, `${name}.log`),
          ready: () =>
            fetch(`${urlOf(ports[at]!)}/health/ready`).then(
              async (response) => (await response.body?.cancel(), response.ok),
              () => false,
            ),
        }),
      ),
    );
    return {
      pids: pidsOf(programs),
      url: env.INGESTION_URL,
      headers: parts.includes('ingestion') ? { authorization: `Bearer ${await keyOf(env)}` } : {},
      loopDatabase: databaseOf(place, 'loop'),
      derivedIds: true,
      assertRuns: () => programs.forEach((program) => program.assertRuns()),
      signal: (signal) => programs.forEach((program) => program.signal(signal)),
      async stop() {
        await stopAll(programs);
        await issuer.stop();
      },
    };
  } catch (error) {
    await issuer.stop();
    throw error;
  }
}

async function keyOf(env: NodeJS.ProcessEnv): Promise<string> {
  const words = [programOf('ingestion', 'keys.js'), 'create', '--source', source, '--name', 'bench', '--json'];
  const { stdout } = await promisify(execFile)(process.execPath, words, { env });
  return (JSON.parse(stdout.trim().split('\n').at(-1)!) as { key: string }).key;
}
