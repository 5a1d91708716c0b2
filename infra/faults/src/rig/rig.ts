import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { mainOf, prepareStores, services } from '@closeloop/cli';
import { type ServiceName } from '@closeloop/contracts';
import {
  isAlive,
  postgresFolder,
  startKafka,
  startLocalIssuer,
  startPostgres,
  type KafkaListener,
  type LocalClaims,
  type LocalIssuer,
  type RunningKafka,
  type RunningPostgres,
} from '@closeloop/embedded';
import { type Random } from '../random.js';
import { type Subject } from '../subject.js';
import { promise } from './promises.js';
import { stablePorts } from './ports.js';
import { type Receiver } from './receiver.js';
import { Replica } from './replica.js';
import { markOf, serverFolders, type RunFolder } from './run-folder.js';
import { TcpProxy } from './tcp-proxy.js';
import { mountTmpfs, type Tmpfs } from './tmpfs.js';
import { Watch } from './watch.js';

export interface RigOptions {
  readonly folder: RunFolder;
  readonly random: Random;
  /** Unsent rows at which ingestion's outbox is full; that of the loop service, which tells more, at as many times more */
  readonly outboxBound: number;
  /** Of each of the two disks, where they can be made */
  readonly diskMegabytes: number;
  /** Where teams and customers are told; it is made known to the services, and ended by whoever started it */
  readonly receiver: Receiver;
  /** Other programs to start instead of a service's own */
  readonly programs?: Partial<Record<ServiceName, string>>;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

export type ServerName = 'kafka' | 'postgres';

/** The system under test. */
export interface Rig {
  readonly subject: Subject;
  /** Two of each service, in the order the data meets them */
  readonly replicas: readonly Replica[];
  /** A third one of each, which is not started */
  readonly spares: Readonly<Record<ServiceName, Replica>>;
  readonly watch: Watch;
  /** Where a server's data lies on a disk of its own */
  readonly disks: Readonly<Partial<Record<ServerName, Tmpfs>>>;
  /** As DATABASE_URL takes it, past the proxies */
  readonly databaseServer: string;
  of(service: ServiceName): readonly Replica[];
  /** @throws where the server does not run */
  pidOf(server: ServerName): number;
  signalServer(server: ServerName, signal: NodeJS.Signals): void;
  /** After it ended: on the same data and port. Waits for its end first. */
  startServer(server: ServerName): Promise<void>;
  untilEnded(server: ServerName, seconds: number): Promise<boolean>;
  untilReady(seconds: number): Promise<void>;
  /** Ends everything: services by SIGTERM, then the servers. */
  stop(): Promise<void>;
}

/** Replicas of each service, the spare included; each has a way of its own into Kafka and into Postgres. */
const PLACES = 3;
const READY_WITHIN_S = 120;
/** Opened, acknowledged, answered, asked for, resolved, settled: twice, since the team is told too. An outbox has room for as long as ingestion's. */
const EVENTS_A_FEEDBACK = 10;

/** @throws what could not be started; what was is ended again */
export async function startRig(options: RigOptions): Promise<Rig> {
  const { folder, random, say, signal } = options;
  const folders = serverFolders(folder.path);
  const proxies: TcpProxy[] = [];
  const replicas: Replica[] = [];
  let issuer: LocalIssuer | undefined;
  let watch: Watch | undefined;
  const stop = async (): Promise<void> => {
    watch?.stop();
    for (const replica of replicas) replica.kill('SIGCONT');
    await Promise.all(replicas.map((replica) => replica.stop(10)));
    await Promise.all(proxies.map((proxy) => proxy.close()));
    await issuer?.stop();
    await folder.clear(true);
  };
  try {
    const [kafkaDisk, postgresDisk] = await Promise.all([
      mountTmpfs(folders.kafka, options.diskMegabytes),
      postgresFolder(folders.postgres).then((data) => mountTmpfs(data, options.diskMegabytes)),
    ]);
    const ports = await stablePorts(3 + services.length * PLACES * 4, random);
    const next = () => ports.pop()!;
    const kafkaPort = next();
    const postgresPort = next();
    const places = services.flatMap((service) =>
      Array.from({ length: PLACES }, (_, index) => ({
        service,
        number: index + 1,
        port: next(),
        kafkaPort: next(),
        kafkaProxy: next(),
        postgresProxy: next(),
      })),
    );
    const listeners: KafkaListener[] = places.map((place) => ({
      name: `${place.service}${place.number}`.toUpperCase(),
      port: place.kafkaPort,
      advertisedPort: place.kafkaProxy,
    }));

    const kafkaOptions = { dataDir: folders.kafka, port: kafkaPort, listeners };
    const postgresOptions = { dataDir: folders.postgres, port: postgresPort };
    const servers: { kafka?: RunningKafka; postgres?: RunningPostgres } = {};
    say('Kafka and Postgres start …');
    const kafka = startKafka(kafkaOptions).then((server) => (servers.kafka = server).brokers);
    const postgres = startPostgres(postgresOptions).then((server) => (servers.postgres = server).url);
    // Both come to rest before anything is thrown, so that both can be ended.
    await Promise.allSettled([kafka, postgres]);
    const [brokers, databaseServer] = await Promise.all([kafka, postgres]);
    signal.throwIfAborted();

    issuer = await startLocalIssuer({ dataDir: join(folder.path, 'issuer') });
    const balancer = await TcpProxy.start(
      next(),
      'http',
      ...places.filter(({ service, number }) => service === 'ingestion' && number <= 2).map(({ port }) => port),
    );
    proxies.push(balancer);
    const env = {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      NODE_ENV: 'development',
      // Node 22 and later load the compiled services faster from it; others do not know it.
      NODE_COMPILE_CACHE: join(folder.path, '..', 'compile-cache'),
      OIDC_ISSUER: issuer.issuer,
      INGESTION_URL: `http://127.0.0.1:${balancer.port}`,
      OUTBOX_BOUND: String(options.outboxBound),
      // Deadlines are to fire while things break.
      LOOP_CONFIRMATION_WINDOW_SECONDS: '8',
      // Everybody is asked at once, and told on this machine.
      LOOP_QUIET_HOURS: 'off',
      LOOP_FOLLOW_UP_CAP: '0',
      // What no sender is there for has failed, and counts as not asked.
      LOOP_FOLLOW_UP_WAYS: 'connector',
      LOOP_LINK_SECRET: randomBytes(32).toString('base64'),
      WEBHOOK_SECRETS_KEY: randomBytes(32).toString('base64'),
      LOOP_ALLOW_PRIVATE_ENDPOINTS: 'true',
      INGESTION_REPLY_PRIVATE_ADDRESSES: 'true',
      INGESTION_REPLY_RETRY_SECONDS: '1',
    };
    const direct = { ...env, KAFKA_BROKERS: brokers, DATABASE_URL: databaseServer };
    await prepareStores(direct, () => undefined, Promise.resolve(brokers));
    signal.throwIfAborted();

    for (const place of places) {
      const toKafka = await TcpProxy.start(place.kafkaProxy, 'kafka', place.kafkaPort);
      const toPostgres = await TcpProxy.start(place.postgresProxy, 'postgres', postgresPort);
      proxies.push(toKafka, toPostgres);
      const database = new URL(databaseServer);
      database.port = String(toPostgres.port);
      replicas.push(
        new Replica({
          service: place.service,
          number: place.number,
          port: place.port,
          program: options.programs?.[place.service] ?? mainOf(place.service),
          mark: markOf(folder.path),
          logFile: join(folder.path, `${place.service}-${place.number}.log`),
          env: {
            ...env,
            KAFKA_BROKERS: `127.0.0.1:${toKafka.port}`,
            DATABASE_URL: database.toString(),
            ...(place.service === 'loop' && { OUTBOX_BOUND: String(options.outboxBound * EVENTS_A_FEEDBACK) }),
          },
          kafka: toKafka,
          postgres: toPostgres,
        }),
      );
    }
    const usual = replicas.filter(({ options: { number } }) => number < PLACES);
    const of = (service: ServiceName) => usual.filter((replica) => replica.service === service);
    say(`${usual.length} replicas start …`);
    const untilReady = async (seconds: number): Promise<void> => {
      await Promise.all(usual.map((replica) => replica.untilReady(seconds, signal)));
    };
    for (const replica of usual) replica.start();
    await untilReady(READY_WITHIN_S);
    const urlsOf = (service: ServiceName) => of(service).map(({ url }) => url);
    const edges = {
      loopUrls: urlsOf('loop'),
      ingestionUrls: urlsOf('ingestion'),
      token: (claims: LocalClaims) => issuer!.token(claims),
    };
    await promise(edges);
    await options.receiver.announce(edges);
    watch = new Watch(usual);

    const pidOf = (server: ServerName): number => {
      const pid = servers[server]?.pid;
      if (pid === undefined) throw new Error(`${server} is not a process of this machine.`);
      return pid;
    };
    const untilEnded = async (server: ServerName, seconds: number): Promise<boolean> => {
      const deadline = performance.now() + seconds * 1000;
      while (await isAlive(pidOf(server))) {
        if (performance.now() > deadline) return false;
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
      return true;
    };
    const databaseOf = (service: ServiceName): string => {
      const url = new URL(databaseServer);
      url.pathname = `/closeloop_${service}`;
      return url.toString();
    };
    const keys = new Map<string, Promise<string>>();
    return {
      subject: {
        ...edges,
        kafkaBrokers: brokers,
        databaseUrls: {
          ingestion: databaseOf('ingestion'),
          learning: databaseOf('learning'),
          routing: databaseOf('routing'),
          loop: databaseOf('loop'),
          insights: databaseOf('insights'),
        },
        apiKey(source) {
          const key = keys.get(source) ?? createKey(`http://127.0.0.1:${balancer.port}`, source, issuer!);
          keys.set(source, key);
          return key;
        },
      },
      replicas: usual,
      spares: Object.fromEntries(
        replicas.filter((replica) => !usual.includes(replica)).map((replica) => [replica.service, replica]),
      ) as unknown as Record<ServiceName, Replica>,
      watch,
      disks: { ...(kafkaDisk && { kafka: kafkaDisk }), ...(postgresDisk && { postgres: postgresDisk }) },
      databaseServer,
      of,
      pidOf,
      signalServer: (server, sent) => void process.kill(pidOf(server), sent),
      untilEnded,
      async startServer(server) {
        await untilEnded(server, 60);
        if (server === 'kafka') servers.kafka = await startKafka(kafkaOptions);
        else servers.postgres = await startPostgres(postgresOptions);
      },
      untilReady,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** As an admin makes one: by HTTP that takes no process, as the command of operators does. */
async function createKey(url: string, source: string, issuer: LocalIssuer): Promise<string> {
  const token = await issuer.token({ sub: 'faults-admin', roles: ['admin'] });
  const answer = await fetch(`${url}/v1/api-keys`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ source, name: 'faults' }),
  });
  if (!answer.ok) throw new Error(`${url}/v1/api-keys answered ${answer.status}: ${await answer.text()}`);
  return ((await answer.json()) as { key: string }).key;
}
