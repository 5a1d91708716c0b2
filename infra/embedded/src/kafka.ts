import { spawn } from 'node:child_process';
import { access, copyFile, mkdir, open, readdir, readFile, realpath, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { startKafkaContainer } from './kafka-container.js';
import { answersKafka } from './kafka-protocol.js';
import { follow, kafkaDistribution, writeWhole, type KafkaDistribution, type Say } from './kafka-distribution.js';
import { freePorts } from './port.js';
import { newClusterId, spawned, wantedPort, type RunningKafka, type ServerOptions } from './server.js';
import { EndedWhileStarting, findProcess, stopProcess, untilReady } from './process.js';

const STARTED_WITHIN_S = 90;

/** A further way into the broker: clients that come by it are told `advertisedPort`, where a proxy listens for them. */
export interface KafkaListener {
  /** Capital letters and digits */
  readonly name: string;
  readonly port: number;
  readonly advertisedPort: number;
}

export interface KafkaOptions extends ServerOptions {
  /** Beside the one of `port`; not in a container. */
  readonly listeners?: readonly KafkaListener[];
}

/** One broker that is its own controller, on loopback, in a process of its own that outlives this one.
 * @throws PortTaken, or one message that says what to install */
export async function startKafka(options: KafkaOptions): Promise<RunningKafka> {
  const say = options.say ?? (() => undefined);
  await mkdir(options.dataDir, { recursive: true });
  const dataDir = await realpath(options.dataDir);
  const { settings, logFile } = filesIn(dataDir);

  const left = await adopt(dataDir, settings, logFile, options, say);
  if (left) return left;

  const distribution = await kafkaDistribution(say);
  if (distribution.kind === 'container') {
    if (options.listeners?.length) throw new Error('A Kafka with several listeners needs Java and Maven here.');
    return startKafkaContainer(distribution.image, dataDir, { ...options, say });
  }
  for (let again = 2; ; again -= 1) {
    try {
      return await begin(distribution, dataDir, { ...options, say });
    } catch (error) {
      if (again === 0 || !(error instanceof EndedWhileStarting)) throw error;
      // Kafka may log much more until it has ended
      if (!(await readFile(logFile, 'utf8')).includes('Address already in use')) throw error;
      say('A port of Kafka was taken while it started; it starts once more.');
    }
  }
}

async function begin(
  { java, classPath, classArchive }: Extract<KafkaDistribution, { kind: 'jars' }>,
  dataDir: string,
  { say, ...options }: KafkaOptions & { readonly say: Say },
): Promise<RunningKafka> {
  const { settings, logFile } = filesIn(dataDir);
  const port = await wantedPort(options, 'Kafka');
  const controllerPort = (await freePorts(2)).find((other) => other !== port)!;
  await writeWhole(settings, serverProperties(join(dataDir, 'data'), port, controllerPort, options.listeners));
  await format(java, classPath, dataDir, settings, say);

  const log = await open(logFile, 'w');
  const child = spawn(
    java,
    [
      // A short start matters more here than the last third of throughput.
      ...['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xms128m', '-Xmx512m'],
      ...(await archiveWords(classArchive, dataDir)),
      ...['-Dorg.slf4j.simpleLogger.showDateTime=true', '-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS'],
      ...['-cp', classPath, 'kafka.Kafka', settings],
    ],
    // Detached: Ctrl-C in a terminal reaches the whole process group, and Kafka is to stop after the services.
    { cwd: dataDir, detached: true, stdio: ['ignore', log.fd, log.fd] },
  );
  const pid = await spawned(child, java);
  await log.close();
  child.unref();
  await untilReady('Kafka', { pid, logFile, seconds: STARTED_WITHIN_S, ready: () => answersKafka(port) }).catch(
    async (error: unknown) => {
      await stopKafka(pid);
      throw error;
    },
  );
  return {
    ...running(pid, port, false),
    async stop() {
      await stopKafka(pid);
      await keepArchive(dataDir, classArchive);
    },
  };
}

const filesIn = (dataDir: string) => ({
  settings: join(dataDir, 'server.properties'),
  logFile: join(dataDir, 'kafka.log'),
});

const running = (pid: number, port: number, adopted: boolean): RunningKafka => ({
  brokers: `127.0.0.1:${port}`,
  port,
  pid,
  adopted,
  stop: () => stopKafka(pid),
});

const newArchive = (dataDir: string) => join(dataDir, 'classes.jsa.new');

/** With an archive of its classes (JEP 350) the broker is up in half the time. The first one writes it when it stops, which
 * takes it some seconds more. A Java that cannot do it, or does not like the archive, starts without. */
async function archiveWords(classArchive: string, dataDir: string): Promise<string[]> {
  await rm(newArchive(dataDir), { force: true });
  const words = ['-XX:+IgnoreUnrecognizedVMOptions', '-Xshare:auto'];
  const isThere = await access(classArchive).then(
    () => true,
    () => false,
  );
  return [
    ...words,
    isThere ? `-XX:SharedArchiveFile=${classArchive}` : `-XX:ArchiveClassesAtExit=${newArchive(dataDir)}`,
  ];
}

/** Copied, as the data may lie on another disk; renamed when whole. A checkout that cannot be written to does without. */
async function keepArchive(dataDir: string, classArchive: string): Promise<void> {
  const unfinished = `${classArchive}.${process.pid}`;
  try {
    await copyFile(newArchive(dataDir), unfinished);
    await rename(unfinished, classArchive);
    await rm(newArchive(dataDir), { force: true });
  } catch {
    await rm(unfinished, { force: true });
  }
}

/** Stops the broker that something left running on that data folder, if there is one. */
export async function stopLeftKafka(dataDir: string): Promise<void> {
  const pid = await findProcess('kafka.Kafka', filesIn(dataDir).settings);
  if (pid !== undefined) await stopKafka(pid);
}

/** SIGTERM is Kafka's controlled shutdown. */
const stopKafka = (pid: number) =>
  stopProcess(pid, 'Kafka', [
    { signal: 'SIGTERM', seconds: 30 },
    { signal: 'SIGKILL', seconds: 10 },
  ]);

async function adopt(
  dataDir: string,
  settings: string,
  logFile: string,
  options: KafkaOptions,
  say: Say,
): Promise<RunningKafka | undefined> {
  const pid = await findProcess('kafka.Kafka', settings);
  if (pid === undefined) return undefined;
  const written = await readFile(settings, 'utf8');
  const port = Number(/^listeners=PLAINTEXT:\/\/127\.0\.0\.1:(\d+)/m.exec(written)?.[1]);
  const listens = (options.listeners ?? []).every((one) => written.includes(`,${bound(one)}`));
  if (listens && (options.port === 0 || options.port === port)) {
    const usable = await untilReady('Kafka', {
      pid,
      logFile,
      seconds: STARTED_WITHIN_S,
      ready: () => answersKafka(port),
    })
      .then(() => true)
      .catch(() => false);
    if (usable) {
      say(`Kafka runs already on this data (process ${pid}, port ${port}); it is used as it is.`);
      return running(pid, port, true);
    }
  }
  say(`Kafka runs already on ${dataDir} (process ${pid}), but not as wanted; it is restarted.`);
  await stopKafka(pid);
  return undefined;
}

const bound = ({ name, port }: Pick<KafkaListener, 'name' | 'port'>) => `${name}://127.0.0.1:${port}`;

function serverProperties(
  logDir: string,
  port: number,
  controllerPort: number,
  further: readonly KafkaListener[] = [],
): string {
  const own = { name: 'PLAINTEXT', port };
  const controller = { name: 'CONTROLLER', port: controllerPort };
  const advertised = further.map(({ name, advertisedPort }) => ({ name, port: advertisedPort }));
  const settings: Record<string, string | number | boolean> = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: [own, ...further, controller].map(bound).join(','),
    'advertised.listeners': [own, ...advertised].map(bound).join(','),
    'inter.broker.listener.name': own.name,
    'controller.listener.names': controller.name,
    'listener.security.protocol.map': [own, ...further, controller].map(({ name }) => `${name}:PLAINTEXT`).join(','),
    'log.dirs': logDir.replaceAll('\\', '\\\\'),
    'auto.create.topics.enable': false,
    'default.replication.factor': 1,
    'min.insync.replicas': 1,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'group.initial.rebalance.delay.ms': 0,
    // After a kill -9 the controller refuses the broker anew until its last session ends: 9 s by default.
    'broker.session.timeout.ms': 3000,
    'broker.heartbeat.interval.ms': 500,
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

/** What a format that was killed may have written; meta.properties comes last and makes it whole. */
const UNFINISHED_FORMAT = /^(bootstrap\.checkpoint|meta\.properties|__cluster_metadata-0|\.lock)(\.\w+)?$/;

async function format(java: string, classPath: string, dataDir: string, settings: string, say: Say): Promise<void> {
  const logDir = join(dataDir, 'data');
  const meta = await readFile(join(logDir, 'meta.properties'), 'utf8').catch(() => '');
  if (/^cluster\.id=\S+/m.test(meta)) return;
  const entries = await readdir(logDir).catch(() => []);
  const foreign = entries.filter((name) => !UNFINISHED_FORMAT.test(name));
  if (foreign.length > 0) {
    throw new Error(
      `${logDir} holds data of Kafka (${foreign.slice(0, 3).join(', ')}) but no meta.properties that says whose. ` +
        'Put that file back from where it went, or move the folder away to begin with an empty one.',
    );
  }
  if (entries.length > 0) say('A first start of Kafka was cut short; its folder is formatted again.');
  await rm(logDir, { recursive: true, force: true });
  await follow(
    java,
    [
      '-XX:TieredStopAtLevel=1',
      '-cp',
      classPath,
      'kafka.tools.StorageTool',
      'format',
      '-t',
      newClusterId(),
      '-c',
      settings,
    ],
    () => undefined,
  );
}
