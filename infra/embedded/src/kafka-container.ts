import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { follow, writeWhole, type Say } from './kafka-distribution.js';
import { answersKafka } from './kafka-protocol.js';
import { pause, run } from './process.js';
import { newClusterId, wantedPort, type RunningKafka, type ServerOptions } from './server.js';

const CLIENT_PORT = 9092;

/** Settings of the image apache/kafka for one broker whose clients are on this machine; with one of them given, none of the
 * image's own holds. */
export const kafkaContainerSettings = (port: number): Record<string, string> => ({
  KAFKA_NODE_ID: '1',
  KAFKA_PROCESS_ROLES: 'broker,controller',
  KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
  KAFKA_LISTENERS: `PLAINTEXT://:${CLIENT_PORT},CONTROLLER://:9093,INTERNAL://:9094`,
  // The broker asks itself about transactions (KIP-890), and what its clients are told is not there inside the container.
  KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://127.0.0.1:${port},INTERNAL://localhost:9094`,
  KAFKA_INTER_BROKER_LISTENER_NAME: 'INTERNAL',
  KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
  KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,INTERNAL:PLAINTEXT',
  KAFKA_LOG_DIRS: '/var/lib/kafka/data',
  KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
  KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
  KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS: '1',
  KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
  KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
  KAFKA_TRANSACTION_STATE_LOG_NUM_PARTITIONS: '1',
  KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
  KAFKA_BROKER_SESSION_TIMEOUT_MS: '3000',
  KAFKA_BROKER_HEARTBEAT_INTERVAL_MS: '500',
  KAFKA_HEAP_OPTS: '-Xms128m -Xmx512m',
});

/** For machines without Java or Maven. The data is in a Docker volume named after the data folder: the image's own user
 * could not write into a folder of ours. */
export async function startKafkaContainer(
  image: string,
  dataDir: string,
  options: ServerOptions & { say: Say },
): Promise<RunningKafka> {
  const { ephemeral = false, say } = options;
  const name = containerName(dataDir);
  const left = await publishedPort(name);
  if (left !== undefined && (options.port === 0 || options.port === left) && (await answersKafka(left))) {
    say(`Kafka runs already on this data (container ${name}, port ${left}); it is used as it is.`);
    return running(name, left, true);
  }
  // The volume keeps the data.
  await removeContainer(name);

  const port = await wantedPort(options, 'Kafka');
  if (!(await succeeds(docker('image', 'inspect', image)))) {
    say(`Docker fetches ${image} (once).`);
    await follow('docker', ['pull', image], (line) => {
      if (/Pull complete|Status/.test(line)) say(`  ${line}`);
    });
  }
  const settings = { ...kafkaContainerSettings(port), CLUSTER_ID: await keptClusterId(dataDir) };
  await docker(
    ...['run', '--detach', '--name', name, '--label', `closeloop.data=${dataDir}`],
    ...['--publish', `127.0.0.1:${port}:${CLIENT_PORT}`],
    ...(ephemeral ? [] : ['--volume', `${name}:${kafkaContainerSettings(port)['KAFKA_LOG_DIRS']}`]),
    ...Object.entries(settings).flatMap(([key, value]) => ['--env', `${key}=${value}`]),
    image,
  );
  const kafka = running(name, port, false);
  await untilAnswers(name, port).catch(async (error: unknown) => {
    await kafka.stop();
    throw error;
  });
  return kafka;
}

const running = (name: string, port: number, adopted: boolean): RunningKafka => ({
  brokers: `127.0.0.1:${port}`,
  port,
  pid: undefined,
  adopted,
  async stop() {
    await docker('stop', '--time', '30', name);
    await removeContainer(name);
  },
});

/** A random one for each data folder: services notice by it that Kafka lost its data. */
async function keptClusterId(dataDir: string): Promise<string> {
  const file = join(dataDir, 'cluster-id');
  const kept = await readFile(file, 'utf8').catch(() => '');
  if (kept !== '') return kept;
  const id = newClusterId();
  await writeWhole(file, id);
  return id;
}

/** Of a container that runs; undefined where there is none. */
async function publishedPort(name: string): Promise<number | undefined> {
  const said = await docker('port', name, String(CLIENT_PORT)).catch(() => '');
  return Number(/:(\d+)$/m.exec(said)?.[1]) || undefined;
}

/** Stops and removes the container of a data folder; nothing where there is none. */
export const removeKafkaContainer = (dataDir: string) => removeContainer(containerName(dataDir));

/** With the volumes that have no name; those of a data folder stay. */
async function removeContainer(name: string): Promise<void> {
  await docker('rm', '--force', '--volumes', name).catch(() => undefined);
}

const succeeds = (promise: Promise<unknown>) =>
  promise.then(
    () => true,
    () => false,
  );

/** The data of a Kafka in a container that is stopped; nothing where there is none. */
export async function removeKafkaVolume(dataDir: string): Promise<void> {
  await docker('volume', 'rm', containerName(dataDir)).catch(() => undefined);
}

const containerName = (dataDir: string) =>
  `closeloop-kafka-${createHash('sha256').update(dataDir).digest('hex').slice(0, 10)}`;

async function docker(...words: string[]): Promise<string> {
  const { stdout } = await run('docker', words);
  return stdout.trim();
}

async function untilAnswers(name: string, port: number): Promise<void> {
  const deadline = Date.now() + 120_000;
  while (!(await answersKafka(port))) {
    const alive = (await docker('inspect', '--format', '{{.State.Running}}', name)) === 'true';
    if (!alive || Date.now() > deadline) {
      const { stdout, stderr } = await run('docker', ['logs', '--tail', '15', name]);
      throw new Error(
        `Kafka in container ${name} ${alive ? 'is not ready' : 'ended while it started'}:\n${stdout}${stderr}`,
      );
    }
    await pause(100);
  }
}
