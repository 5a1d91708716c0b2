import { Logger } from '@nestjs/common';
import { type Admin, type Message, type Producer, type ProducerBatch } from 'kafkajs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type KafkaClient } from './kafka.client.js';
import { partitionOf } from './murmur2.js';
import { NotTheEvents } from './whose-error.js';
import { sizeOf, type WireMessage } from './wire.js';

/** What the batcher asks of a client; kafkajs's is one. */
export interface Connection {
  send(batch: ProducerBatch): Promise<readonly Acknowledgement[]>;
  close(): Promise<void>;
}

export interface Acknowledgement {
  readonly topicName: string;
  readonly partition: number;
  readonly errorCode: number;
}

/** Most that is sent at once: one record batch a partition, and it must fit into the topic's max.message.bytes. */
const maxBatchBytes = 768 * 1024;
const maxBatchCount = 4_000;
/** How long the broker may wait for its replicas. */
const acknowledgedWithinMs = 4_000;

interface Request {
  readonly messages: readonly WireMessage[];
  /** Messages that were taken into a send */
  taken: number;
  /** Messages that were acknowledged */
  acknowledged: number;
  resolve(): void;
  reject(error: unknown): void;
}

/** Not all that was sent was acknowledged. */
export class NotAcknowledged extends NotTheEvents {
  override readonly name: string = 'NotAcknowledged';
}

/** A topic is not there, or is not ours to write to: what is meant for it cannot be sent, however often it is tried. */
export class TopicRefused extends NotAcknowledged {
  override readonly name: string = 'TopicRefused';

  /** @param topic without the environment's prefix; absent where Kafka does not say which of those that were sent to it is */
  constructor(
    message: string,
    readonly topic?: string,
  ) {
    super(message);
  }
}

/**
 * Sends with ONE send outstanding: kafkajs's idempotent producer loses acknowledged messages when several are. What is asked for
 * meanwhile waits and goes together in the next. Order is kept; where a send fails, all that waits behind it fails too, so that
 * nothing overtakes, and is asked for again by those whose it is.
 */
export class BatchProducer {
  readonly #logger = new Logger('Kafka');
  readonly #waiting: Request[] = [];
  #connection: Promise<Connection> | undefined;
  #working: Promise<void> | undefined;
  #closed = false;

  constructor(
    private readonly connect: (lost: () => void) => Promise<Connection>,
    private readonly partitionsOf: PartitionCounts,
    private readonly prefix = '',
  ) {}

  /** Resolves when every message was acknowledged by all in-sync replicas; rejects when any may not have been. */
  send(messages: readonly WireMessage[]): Promise<void> {
    if (messages.length === 0) return Promise.resolve();
    if (this.#closed) return Promise.reject(new NotAcknowledged('the producer is closed'));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ messages, taken: 0, acknowledged: 0, resolve, reject });
      this.#working ??= this.#work();
    });
  }

  /** Waits for what was asked for, then closes the connection. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#working;
    await this.#drop();
  }

  async #work(): Promise<void> {
    // Those who ask in the same turn go together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      try {
        const { requests, messages } = this.#take();
        await this.#sendAll(messages);
        for (const [request, count] of requests) {
          request.acknowledged += count;
          if (request.acknowledged < request.messages.length) continue;
          this.#waiting.splice(this.#waiting.indexOf(request), 1);
          request.resolve();
        }
      } catch (error) {
        const failed = this.#waiting.splice(0);
        // The next send of this producer would reuse the sequence numbers of this one, and the broker, which may have
        // taken it, would call it a duplicate: acknowledged and lost. A new producer has a new id.
        await this.#drop();
        for (const request of failed) request.reject(error);
      }
    }
    this.#working = undefined;
  }

  /** The next messages, in order, as many as go in one send: from the first requests, whole or in part. */
  #take(): { requests: Map<Request, number>; messages: WireMessage[] } {
    const requests = new Map<Request, number>();
    const messages: WireMessage[] = [];
    let bytes = 0;
    for (const request of this.#waiting) {
      while (request.taken < request.messages.length) {
        const message = request.messages[request.taken]!;
        const size = sizeOf(message);
        if (messages.length > 0 && (messages.length >= maxBatchCount || bytes + size > maxBatchBytes)) {
          return { requests, messages };
        }
        bytes += size;
        messages.push(message);
        request.taken++;
        requests.set(request, (requests.get(request) ?? 0) + 1);
      }
    }
    return { requests, messages };
  }

  async #sendAll(messages: readonly WireMessage[]): Promise<void> {
    const byTopic = new Map<string, Message[]>();
    const places = new Set<string>();
    const counts = new Map<string, number>();
    for (const { topic, key, value, headers } of messages) {
      const name = this.prefix + topic;
      let count = counts.get(name);
      if (count === undefined) counts.set(name, (count = await this.#countOf(topic)));
      const partition = key === null ? 0 : partitionOf(key, count);
      places.add(`${name}/${partition}`);
      let sent = byTopic.get(name);
      if (!sent) byTopic.set(name, (sent = []));
      sent.push({ key, value, headers, partition });
    }
    const connection = await (this.#connection ??= this.connect(() => {
      this.#connection = undefined;
    }));
    const acknowledged = await connection
      .send({
        acks: -1,
        timeout: acknowledgedWithinMs,
        topicMessages: [...byTopic].map(([topic, sent]) => ({ topic, messages: sent })),
      })
      .catch((error: unknown) => {
        if (!isTopicRefusal(error)) throw error;
        for (const topic of byTopic.keys()) this.partitionsOf.forget?.(topic);
        throw new TopicRefused((error as Error).message);
      });
    // When a partition's leader moves between kafkajs's own tries to a broker that has already answered for others, kafkajs
    // does not send it there, and resolves all the same (sendMessages.js, brokersWithoutResponse).
    for (const { topicName, partition, errorCode } of acknowledged) {
      if (errorCode === 0) places.delete(`${topicName}/${partition}`);
    }
    if (places.size > 0) throw new NotAcknowledged(`no acknowledgement from ${[...places].join(', ')}`);
  }

  async #countOf(topic: string): Promise<number> {
    try {
      return await this.partitionsOf(this.prefix + topic);
    } catch (error) {
      if (error instanceof TopicRefused || !isTopicRefusal(error)) throw error;
      throw new TopicRefused((error as Error).message, topic);
    }
  }

  async #drop(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    try {
      await (await connection)?.close();
    } catch (error) {
      this.#logger.debug(`The producer did not disconnect: ${(error as Error).message}`);
    }
  }
}

/** How long a connection that failed may take its leave. */
const partingMs = 1_000;

/** kafkajs's idempotent producer, each time a new one, with a new producer id. */
export const kafkaConnection =
  (newClient: () => KafkaClient) =>
  async (lost: () => void): Promise<Connection> => {
    const { kafka, hangUp } = newClient();
    const producer: Producer = kafka.producer({
      idempotent: true,
      allowAutoTopicCreation: false,
      maxInFlightRequests: 1,
      metadataMaxAge: 60_000,
      // What fails for longer is visible to those who sent, and asked for again by them.
      retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 5 },
      // kafkajs asks for every message, and every message names its partition.
      createPartitioner:
        () =>
        ({ message }) =>
          message.partition ?? 0,
    });
    producer.on(producer.events.DISCONNECT, lost);
    const close = async (): Promise<void> => {
      try {
        await Promise.race([producer.disconnect(), sleep(partingMs, undefined, { ref: false })]);
      } finally {
        hangUp();
      }
    };
    try {
      await producer.connect();
    } catch (error) {
      await close().catch(() => undefined);
      throw error;
    }
    return { send: (batch) => producer.sendBatch(batch), close };
  };

/** How many partitions a topic has; kept until it is to be forgotten. */
export interface PartitionCounts {
  (topic: string): Promise<number>;
  forget?(topic: string): void;
}

/** How Kafka says that it is about the topic, and not about the moment. */
const topicRefusals = new Set([
  'UNKNOWN_TOPIC_OR_PARTITION',
  'TOPIC_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'INVALID_TOPIC_EXCEPTION',
  'POLICY_VIOLATION',
  'INVALID_REPLICATION_FACTOR',
]);

/** kafkajs wraps what it gave up trying, and what several topics were answered. */
function isTopicRefusal(error: unknown): boolean {
  for (let at = error; typeof at === 'object' && at !== null; at = (at as { cause?: unknown }).cause) {
    const { type, errors } = at as { type?: string; errors?: readonly unknown[] };
    if (topicRefusals.has(type ?? '')) return true;
    if (errors?.some(isTopicRefusal)) return true;
  }
  return false;
}

/**
 * How many partitions a topic has, asked once: they change only after draining.
 * @param make makes a topic that is not there, and says how many it has; undefined for one that is not ours to make
 */
export function partitionCounts(
  withAdmin: <T>(use: (admin: Admin) => Promise<T>) => Promise<T>,
  make: (admin: Admin, topic: string) => Promise<number> | undefined = () => undefined,
): PartitionCounts {
  const known = new Map<string, number>();
  const counts = async (topic: string): Promise<number> => {
    const count = known.get(topic);
    if (count !== undefined) return count;
    const found = await withAdmin(async (admin) => {
      const metadata = await admin.fetchTopicMetadata({ topics: [topic] }).catch((error: unknown) => {
        if (!isTopicRefusal(error)) throw error;
        return { topics: [] };
      });
      return metadata.topics.find(({ name }) => name === topic)?.partitions.length ?? (await make(admin, topic)) ?? 0;
    });
    if (found === 0) throw new NotAcknowledged(`the topic ${topic} is not there (npx closeloop topics makes it)`);
    known.set(topic, found);
    return found;
  };
  return Object.assign(counts, { forget: (topic: string) => void known.delete(topic) });
}
