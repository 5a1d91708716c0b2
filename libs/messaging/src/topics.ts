import {
  feedbackInbound,
  feedbackReceived,
  firstTeams,
  maxEventBytes,
  teamInboxTopic,
  topics,
  type EventDeclaration,
} from '@closeloop/contracts';
import { type Env, loadConfig } from '@closeloop/platform';
import { type Admin, type ITopicConfig, type ITopicMetadata } from 'kafkajs';
import { setTimeout as sleep } from 'node:timers/promises';
import { KafkaConfig } from './kafka.config.js';
import { adminOf, kafkaClient } from './kafka.client.js';

const retentionMs = 7 * 24 * 60 * 60 * 1000;
/** Most bytes of a record batch in an event's topic. */
const maxTopicBytes = 1024 * 1024;
/** A dead letter is its event and its own headers: it must always fit. */
const maxDeadLetterTopicBytes = 2 * maxTopicBytes;

const isDeadLetterTopic = (topic: string): boolean => topic.endsWith('.dead-letter');

/**
 * Most bytes of an event's value. What is derived from a feedback holds all of it and more, so it may be larger.
 */
export const maxValueBytesOf = (event: EventDeclaration): number =>
  event.topic === feedbackInbound.topic || event.topic === feedbackReceived.topic ? maxEventBytes : 2 * maxEventBytes;

/**
 * Creates the topics of the contracts and those of the first teams' inboxes that are not there yet, and waits until each partition has a leader.
 * A topic that is there is left as it is; one with fewer partitions than asked for is told of in a line.
 * @returns what was done, a line a topic that needed something
 * @throws when Kafka cannot be reached or refuses
 */
export async function createTopics(
  env: Env,
  options: { partitions?: number; replication?: number } = {},
): Promise<string[]> {
  const config = loadConfig(KafkaConfig, env);
  const numPartitions = options.partitions ?? config.partitions;
  const replicationFactor = options.replication ?? config.replication;
  const client = kafkaClient(config, 'closeloop.topics');
  const admin = client.kafka.admin();
  const lines: string[] = [];
  await admin.connect();
  try {
    const wanted = [...topics, ...firstTeams.map(teamInboxTopic)].map((topic) => config.prefix + topic);
    const missing = await createMissing(admin, wanted, numPartitions, replicationFactor);
    lines.push(...missing.map((topic) => `created ${topic} (${numPartitions} partitions)`));
    const there = new Set(wanted.filter((topic) => !missing.includes(topic)));
    const metadata = await metadataWithLeaders(admin, wanted);
    for (const { name, partitions } of metadata) {
      if (there.has(name) && partitions.length < numPartitions) {
        lines.push(
          `${name} has ${partitions.length} partitions, ${numPartitions} are asked for: partitions are changed only after draining`,
        );
      }
    }
    return lines;
  } finally {
    await admin.disconnect();
    client.hangUp();
  }
}

/** Makes topics while the service runs, as `createTopics` makes those of the contracts. */
export class TopicMaker {
  constructor(
    private readonly config: KafkaConfig,
    private readonly clientId: string,
  ) {}

  /**
   * Makes those that are not there, and waits until each partition has a leader.
   * @param names without the environment's prefix
   * @throws when Kafka cannot be reached, refuses, or takes longer than 20 s
   */
  make(names: readonly string[]): Promise<void> {
    const wanted = names.map((name) => this.config.prefix + name);
    return adminOf(
      this.config,
      this.clientId,
    )(async (admin) => {
      const { partitions, replication } = this.config;
      const missing = await createMissing(admin, wanted, partitions, replication);
      if (missing.length > 0) await metadataWithLeaders(admin, missing);
    });
  }
}

/** @returns those that were not there */
async function createMissing(
  admin: Admin,
  wanted: readonly string[],
  numPartitions: number,
  replicationFactor: number,
): Promise<string[]> {
  const there = new Set(await admin.listTopics());
  const missing = wanted.filter((topic) => !there.has(topic));
  if (missing.length === 0) return missing;
  // Answers false when another process was faster with one of them: as good.
  await admin.createTopics({
    // kafkajs fails where the broker has not heard of a new topic yet; metadataWithLeaders waits.
    waitForLeaders: false,
    timeout: 30_000,
    topics: missing.map((topic) => topicOf(topic, numPartitions, replicationFactor)),
  });
  return missing;
}

const topicOf = (topic: string, numPartitions: number, replicationFactor: number): ITopicConfig => ({
  topic,
  numPartitions,
  replicationFactor,
  configEntries: Object.entries({
    'cleanup.policy': 'delete',
    'retention.ms': String(retentionMs),
    'max.message.bytes': String(isDeadLetterTopic(topic) ? maxDeadLetterTopicBytes : maxTopicBytes),
    // The time of sending, whatever a producer says: old feedback would be deleted at once by retention.
    'message.timestamp.type': 'LogAppendTime',
    ...(replicationFactor >= 3 && { 'min.insync.replicas': '2' }),
  }).map(([name, value]) => ({ name, value })),
});

/** Makes one topic where it is not there yet, and waits until it is led. @throws when Kafka refuses */
export async function ensureTopic(
  admin: Admin,
  topic: string,
  { partitions, replication }: Pick<KafkaConfig, 'partitions' | 'replication'>,
): Promise<number> {
  await admin.createTopics({
    waitForLeaders: false,
    timeout: 10_000,
    topics: [topicOf(topic, partitions, replication)],
  });
  const [made] = await metadataWithLeaders(admin, [topic]);
  return made!.partitions.length;
}

/** A topic that was just made is not known to every broker at once. */
async function metadataWithLeaders(admin: Admin, wanted: string[]): Promise<ITopicMetadata[]> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    try {
      const { topics: metadata } = await admin.fetchTopicMetadata({ topics: wanted });
      const led = metadata.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0));
      if (led && metadata.length === wanted.length) return metadata;
      throw new Error('some partitions have no leader yet');
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await sleep(100);
    }
  }
}
