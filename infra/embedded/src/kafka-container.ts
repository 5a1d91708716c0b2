import { createHash } from 'node:crypto';
import { follow, type Say } from './kafka-distribution.js';
import { answersKafka } from './kafka-protocol.js';
import { pause, run } from './process.js';
import { type RunningKafka, type ServerOptions } from './server.js';

/** For machines without Java or Maven. The data is in a Docker volume named after the data folder: the image's own user
 * could not write into a folder of ours. */
export async function startKafkaContainer(
  image: string,
  dataDir: string,
  port: number,
  { ephemeral = false, say }: ServerOptions & { say: Say },
): Promise<RunningKafka> {
  const name = containerName(dataDir);
  // One that is left over from a kill is made anew; the volume keeps the data.
  await docker('rm', '--force', name).catch(() => undefined);
  if (
    !(await docker('image', 'inspect', image).then(
      () => true,
      () => false,
    ))
  ) {
    say(`Docker fetches ${image} (once).`);
    await follow('docker', ['pull', image], (line) => {
      if (/Pull complete|Status/.test(line)) say(`  ${line}`);
    });
  }
  const settings = {
    KAFKA_NODE_ID: '1',
    KAFKA_PROCESS_ROLES: 'broker,controller',
    KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
    KAFKA_LISTENERS: 'PLAINTEXT://:9092,CONTROLLER://:9093',
    KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://127.0.0.1:${port}`,
    KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
    KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    KAFKA_LOG_DIRS: '/var/lib/kafka/data',
    KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
    KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
    KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS: '1',
    KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
    KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
    KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
    KAFKA_HEAP_OPTS: '-Xms128m -Xmx512m',
  };
  await docker(
    ...['run', '--detach', '--name', name, '--label', `closeloop.data=${dataDir}`],
    ...['--publish', `127.0.0.1:${port}:9092`],
    ...(ephemeral ? [] : ['--volume', `${name}:/var/lib/kafka/data`]),
    ...Object.entries(settings).flatMap(([key, value]) => ['--env', `${key}=${value}`]),
    image,
  );
  const stop = async () => {
    await docker('stop', '--time', '30', name);
    await docker('rm', '--force', '--volumes', name);
  };
  await untilAnswers(name, port).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return { brokers: `127.0.0.1:${port}`, port, pid: undefined, adopted: false, stop };
}

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
