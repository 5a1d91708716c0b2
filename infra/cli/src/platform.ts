import { mkdir, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  assertFree,
  freePorts,
  isAlive,
  removeServerData,
  startKafka,
  startLocalIssuer,
  startPostgres,
  type LocalClaims,
  type LocalIssuer,
  type RunningServer,
} from '@closeloop/embedded';
import { developmentKey } from './development-key.js';
import { claim } from './instance.js';
import { keptSecret } from './kept-secret.js';
import { runProgram, type Env } from './program.js';
import { startService, stopLeftServices, type ServiceProcess } from './service-process.js';
import { signInLink } from './sign-in-link.js';
import { programOf, programs, services, statefulServices, workspaceRoot, type ProgramName } from './workspace.js';

export interface PlatformOptions {
  /** Everything local lies in it: Kafka's and Postgres's data, logs, keys. One platform a folder. */
  readonly dataDir: string;
  /** `given` (the default): by `<SERVICE>_PORT`, EMBEDDED_KAFKA_PORT, EMBEDDED_POSTGRES_PORT and LOCAL_ISSUER_PORT, else the usual
   * ones; `free`: whatever is free. */
  readonly ports?: 'given' | 'free';
  /** Default: `process.env`. KAFKA_BROKERS, DATABASE_URL and OIDC_ISSUER name what is not to be started here. */
  readonly env?: Env;
  /** Nothing is said of what happens. */
  readonly quiet?: boolean;
  /** Every line that the services log is said. */
  readonly verbose?: boolean;
  /** Default: to standard error. */
  readonly say?: (line: string) => void;
  /** Aborted when the start is to be given up; what was started is stopped, and the reason thrown. */
  readonly signal?: AbortSignal;
}

export interface Platform {
  /** Without a slash at the end. */
  readonly urls: Readonly<Record<ProgramName, string>>;
  readonly kafkaBrokers: string;
  readonly issuer: string;
  /** What the services' programs are started with. */
  readonly env: Env;
  /** A key of a connector for that source; made once and kept in the data folder. */
  apiKey(source: string): Promise<string>;
  /** A person's token, by the local issuer.
   * @throws where OIDC_ISSUER names another */
  token(claims: LocalClaims): Promise<string>;
  /** A link that signs that person in to the console, once.
   * @throws where OIDC_ISSUER names another issuer */
  signInLink(claims: LocalClaims): Promise<string>;
  readonly pids: Readonly<Partial<Record<ProgramName | 'kafka' | 'postgres', number>>>;
  readonly logs: string;
  /** Resolves, with what is to be said of it, when one of its processes ends by itself. The rest still runs: call stop(). */
  readonly broken: Promise<string>;
  /** Services first, which finish what they have, then Kafka and Postgres. Again: waits for the same stop. */
  stop(options?: { removeData?: boolean }): Promise<void>;
  /** For the impatient: services are killed; what they had in flight is done again at the next start. */
  kill(): void;
}

const PORTS: Record<ProgramName | 'kafka' | 'postgres' | 'issuer', { variable: string; usual: number }> = {
  console: { variable: 'CONSOLE_PORT', usual: 4600 },
  ingestion: { variable: 'INGESTION_PORT', usual: 4601 },
  sentiment: { variable: 'SENTIMENT_PORT', usual: 4602 },
  routing: { variable: 'ROUTING_PORT', usual: 4603 },
  loop: { variable: 'LOOP_PORT', usual: 4604 },
  learning: { variable: 'LEARNING_PORT', usual: 4605 },
  rehearsal: { variable: 'REHEARSAL_PORT', usual: 4606 },
  insights: { variable: 'INSIGHTS_PORT', usual: 4607 },
  issuer: { variable: 'LOCAL_ISSUER_PORT', usual: 4610 },
  postgres: { variable: 'EMBEDDED_POSTGRES_PORT', usual: 4632 },
  kafka: { variable: 'EMBEDDED_KAFKA_PORT', usual: 4692 },
};
const READY_WITHIN_S = 120;

/** Starts all of Closeloop on this machine: what is not given, then the services, and returns when each is ready. What it started
 * is stopped again when something fails.
 * @throws AlreadyRunning, PortTaken, or what the part says that could not start */
export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const given = options.env ?? process.env;
  const say = options.quiet
    ? () => undefined
    : (options.say ?? ((line: string) => void process.stderr.write(`${line}\n`)));
  await mkdir(options.dataDir, { recursive: true });
  const dataDir = await realpath(options.dataDir);
  const instance = await claim(dataDir);

  const running: { processes: ServiceProcess[]; servers: (RunningServer & { name: string })[]; issuer?: LocalIssuer } =
    {
      processes: [],
      servers: [],
    };
  let stopped: Promise<void> | undefined;
  const stopAll = async () => {
    await Promise.all(running.processes.map((one) => one.stop()));
    await running.issuer?.stop();
    await Promise.all(running.servers.map((server) => server.stop()));
    await instance.release();
  };
  const stop = async ({ removeData = false } = {}) => {
    await (stopped ??= stopAll());
    if (!removeData) return;
    await removeServerData(serverFolders(dataDir));
    await rm(dataDir, { recursive: true, force: true });
  };

  try {
    await stopLeftServices(programs, dataDir, say);
    const ports = options.ports === 'free' ? await anyPorts() : await givenPorts(given);

    const kafka = async () => {
      if (given['KAFKA_BROKERS']) return given['KAFKA_BROKERS'];
      const { dataDir: folder, portVariable, port } = embedded('kafka', dataDir, ports);
      const server = await startKafka({ dataDir: folder, port, portVariable, say });
      running.servers.push({ ...server, name: 'kafka' });
      return server.brokers;
    };
    const postgres = async () => {
      if (given['DATABASE_URL']) return given['DATABASE_URL'];
      const { dataDir: folder, portVariable, port } = embedded('postgres', dataDir, ports);
      const server = await startPostgres({ dataDir: folder, port, portVariable, say });
      running.servers.push({ ...server, name: 'postgres' });
      return server.url;
    };
    const issuer = async () => {
      if (given['OIDC_ISSUER']) return given['OIDC_ISSUER'];
      running.issuer = await startLocalIssuer({
        dataDir: join(dataDir, 'issuer'),
        port: ports.issuer,
        portVariable: PORTS.issuer.variable,
        ...(given['OIDC_AUDIENCE'] && { audience: given['OIDC_AUDIENCE'] }),
      });
      return running.issuer.issuer;
    };

    // Each as soon as what it needs is there; the first failure is told after all have come to rest, so that all can be stopped.
    const known: Record<string, string> = {};
    const brokers = kafka();
    await settledAll([
      brokers.then((list) => (known['KAFKA_BROKERS'] = list)),
      issuer().then((url) => (known['OIDC_ISSUER'] = url)),
      postgres().then(async (url) => {
        known['DATABASE_URL'] = url;
        await prepareStores({ ...given, DATABASE_URL: url }, say, brokers);
      }),
    ]);
    options.signal?.throwIfAborted();

    const urlOf = (service: ProgramName) => `http://127.0.0.1:${ports[service]}`;
    const env: Env = {
      NODE_ENV: 'development',
      INGESTION_URL: urlOf('ingestion'),
      ROUTING_URL: urlOf('routing'),
      // what agents answer is a line in a file there, for sources whose sender is a file
      INGESTION_REPLIES_DIR: join(dataDir, 'replies'),
      ...(!given['LOOP_LINK_SECRET'] &&
        !given['LOOP_LINK_SECRET_FILE'] && { LOOP_LINK_SECRET: await keptSecret(dataDir, 'link-secret') }),
      // Node 22 and later load the compiled services faster from it; others do not know it.
      NODE_COMPILE_CACHE: join(workspaceRoot, '.data', 'compile-cache'),
      ...given,
      ...known,
    };
    const consoleEnv: Env = {
      ...Object.fromEntries(services.map((service) => [`${service.toUpperCase()}_URL`, urlOf(service)])),
      CONSOLE_PUBLIC_URL: urlOf('console'),
      ...(!given['CONSOLE_SESSION_SECRET'] &&
        !given['CONSOLE_SESSION_SECRET_FILE'] && {
          CONSOLE_SESSION_SECRET: await keptSecret(dataDir, 'console-session-secret'),
        }),
      ...env,
    };
    say('Services start …');
    const verbose = options.verbose ?? false;
    await settledAll(
      programs.map(async (service) => {
        const own = service === 'console' ? consoleEnv : env;
        running.processes.push(await startService({ service, port: ports[service], env: own, dataDir, verbose, say }));
      }),
    );
    const broken = brokenOf(running);
    await Promise.race([
      settledAll(running.processes.map((one) => one.untilReady(READY_WITHIN_S))),
      broken.then((what) => Promise.reject(new Error(what))),
      aborted(options.signal),
    ]);

    const urls = Object.fromEntries(programs.map((one) => [one, urlOf(one)])) as Record<ProgramName, string>;
    await instance.publish({ urls, env: { ...pickConnections(env) } });
    const token = (claims: LocalClaims): Promise<string> =>
      running.issuer
        ? running.issuer.token(claims)
        : Promise.reject(new Error(`Tokens come from ${env['OIDC_ISSUER']}, which OIDC_ISSUER names.`));
    return {
      urls,
      kafkaBrokers: env['KAFKA_BROKERS']!,
      issuer: env['OIDC_ISSUER']!,
      env,
      apiKey: (source) => developmentKey(source, { dataDir, env, ingestionUrl: urls.ingestion }),
      token,
      signInLink: async (claims) => signInLink(urls.console, await token(claims)),
      pids: Object.fromEntries([
        ...running.processes.map(({ service, pid }) => [service, pid]),
        ...running.servers.map(({ name, pid }) => [name, pid]),
      ]) as Platform['pids'],
      logs: join(dataDir, 'logs'),
      broken,
      stop,
      kill: () => running.processes.forEach((one) => one.kill()),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

const serverFolders = (dataDir: string) => ({ kafka: join(dataDir, 'kafka'), postgres: join(dataDir, 'postgres') });

const embedded = (name: 'kafka' | 'postgres', dataDir: string, ports: Record<string, number>) => ({
  dataDir: serverFolders(dataDir)[name],
  port: ports[name]!,
  portVariable: PORTS[name].variable,
});

type Ports = Record<keyof typeof PORTS, number>;

async function anyPorts(): Promise<Ports> {
  const names = Object.keys(PORTS);
  const free = await freePorts(names.length);
  return Object.fromEntries(names.map((name, index) => [name, free[index]])) as Ports;
}

/** All of those that the services need are looked at before anything starts; Kafka's and Postgres's may be held by ourselves. */
async function givenPorts(env: Env): Promise<Ports> {
  const ports = Object.fromEntries(
    Object.entries(PORTS).map(([name, { variable, usual }]) => [name, Number(env[variable] || usual)]),
  ) as Ports;
  await settledAll(programs.map((one) => assertFree(ports[one], one, PORTS[one].variable)));
  return ports;
}

/** Databases and tables of every service that keeps something; then, once the brokers are known, Kafka's topics.
 * @throws with what those say that failed */
export async function prepareStores(env: Env, say: (line: string) => void, brokers?: Promise<string>): Promise<void> {
  const begun = Date.now();
  const stateful = statefulServices();
  const output = await runProgram(
    join(workspaceRoot, 'infra', 'cli', 'dist', 'prepare-stores.js'),
    stateful.map((service) => programOf(service, 'migrate.js')),
    env,
    brokers,
  );
  for (const line of output.split('\n').filter(Boolean)) say(`Kafka: ${line}`);
  const done = `Databases of ${stateful.join(', ')}${brokers ? ' and topics' : ''}`;
  say(`${done}: up to date (${((Date.now() - begun) / 1000).toFixed(1)} s).`);
}

/** Like Promise.all, but it does not throw before all have come to rest. */
async function settledAll(promises: readonly Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(promises)).filter((outcome) => outcome.status === 'rejected');
  if (failed.length === 1) throw failed[0]!.reason;
  if (failed.length > 1) throw new Error(failed.map(({ reason }) => (reason as Error).message).join('\n'));
}

const aborted = (signal?: AbortSignal) =>
  new Promise<never>((_, reject) => {
    const abort = () => reject(signal?.reason as Error);
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort, { once: true });
  });

/** Services are our children and tell at once; Kafka and Postgres may be adopted, so they are looked after. */
function brokenOf({
  processes,
  servers,
}: {
  processes: ServiceProcess[];
  servers: (RunningServer & { name: string })[];
}) {
  return new Promise<string>((resolve) => {
    for (const one of processes) void one.died.then(resolve);
    const timer = setInterval(() => {
      for (const { name, pid } of servers) {
        if (pid === undefined) continue;
        void isAlive(pid).then((alive) => {
          if (alive) return;
          clearInterval(timer);
          resolve(`The embedded ${name} (process ${pid}) ended.`);
        });
      }
    }, 1000);
    timer.unref();
  });
}

/** What a command in another terminal needs, and no more of the environment than that. */
const pickConnections = (env: Env): Env =>
  Object.fromEntries(
    Object.entries(env).filter(([name]) => /^(KAFKA_|DATABASE_|OIDC_|INGESTION_URL$|\w+_DATABASE_URL$)/.test(name)),
  );
