import { randomUUID } from 'node:crypto';
import { canonicalJson, feedbackIdOf, feedbackReceived, hopEventId, sha256, type Feedback } from '@closeloop/contracts';
import { Partitioners, type Consumer, type Kafka, type Message } from 'kafkajs';
import { feedbackOf, source } from './feedback.js';

/** Most of one send: what a partition gets of it must fit into the broker's 1 MiB. */
const maxMessages = 2_000;
const maxBytes = 700_000;

/** Events as ingestion sends them, for what is behind it. */
export function receivedMessages(texts: readonly string[], phase: string, count: number): Message[] {
  const receivedAt = new Date().toISOString();
  return Array.from({ length: count }, (_, index) => {
    const { externalId, ...content } = feedbackOf(texts, phase, index);
    const feedbackId = feedbackIdOf(source, externalId!);
    const whole = { ...content, source, externalId, kind: 'created' as const, historic: false, feedbackId };
    const contentHash = sha256(canonicalJson(whole));
    const feedback = { ...whole, revision: 1, contentHash, receivedAt } as Feedback;
    return {
      key: feedbackId,
      value: JSON.stringify(feedback),
      headers: {
        ...{ ce_specversion: '1.0', ce_id: hopEventId('received', feedback), ce_type: feedbackReceived.topic },
        ...{ ce_source: 'closeloop/bench', ce_subject: feedbackId, ce_time: receivedAt },
        'content-type': 'application/json',
      },
    };
  });
}

/** Sends all of them, acknowledged by all replicas. */
export async function layDown(kafka: Kafka, topic: string, messages: readonly Message[]): Promise<void> {
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  for (let at = 0; at < messages.length;) {
    const first = at;
    for (let bytes = 0; at < messages.length && at - first < maxMessages && bytes < maxBytes; at++) {
      bytes += bytesOf(messages[at]!);
    }
    await producer.send({ topic, messages: messages.slice(first, at) });
  }
  await producer.disconnect();
}

const bytesOf = ({ value, headers }: Message): number =>
  (value?.length ?? 0) + Object.values(headers ?? {}).reduce((sum, header) => sum + (header?.length ?? 0), 0);

/** Reads a topic to its end as it grows: only what is committed, where its writer uses transactions. */
export class Reading {
  /** Of events that were seen: after a rebalance some come twice, from whoever sends at least once */
  readonly #keys = new Set<string>();
  /** When the last one was read: milliseconds since 1970 */
  #lastAt = 0;
  readonly messages: Message[] = [];

  private constructor(private readonly consumer: Consumer) {}

  /** `keep`: the messages are wanted, not only how many there are */
  static async start(kafka: Kafka, topic: string, keep = false): Promise<Reading> {
    const consumer = kafka.consumer({ groupId: `bench-${randomUUID()}`, maxBytesPerPartition: 4 * 1024 * 1024 });
    const reading = new Reading(consumer);
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatch: ({ batch }) => {
        for (const { key } of batch.messages) reading.#keys.add(String(key));
        reading.#lastAt = performance.timeOrigin + performance.now();
        if (keep) for (const { key, value, headers } of batch.messages) reading.messages.push({ key, value, headers });
        return Promise.resolve();
      },
    });
    return reading;
  }

  /** Each once, by its key */
  get count(): number {
    return this.#keys.size;
  }

  get lastAt(): number {
    return this.#lastAt;
  }

  stop(): Promise<void> {
    return this.consumer.disconnect();
  }
}
