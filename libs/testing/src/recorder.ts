import type { Consumer, Kafka, KafkaMessage } from 'kafkajs';

export interface RecordedMessage {
  readonly key: string | null;
  /** Empty where the message had none; see `tombstone`. */
  readonly value: Buffer;
  readonly tombstone: boolean;
  readonly headers: Record<string, string>;
  readonly partition: number;
  readonly offset: string;
  /** Milliseconds since 1970, as the broker has it. */
  readonly timestamp: number;
}

/** Everything that a topic holds, from its beginning on, in the order it was read. */
export interface Recorder {
  /** @throws when reading failed, so that a spec does not wait for messages that cannot come */
  readonly messages: readonly RecordedMessage[];
  /** The values, parsed. */
  json<T = unknown>(): T[];
  stop(): Promise<void>;
}

export async function startRecorder(kafka: Kafka, topic: string, groupId: string): Promise<Recorder> {
  const consumer: Consumer = kafka.consumer({ groupId, sessionTimeout: 10_000, maxWaitTimeInMs: 100 });
  const recorded: RecordedMessage[] = [];
  let crash: Error | undefined;
  consumer.on('consumer.crash', ({ payload }) => {
    if (!payload.restart) crash = payload.error;
  });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachMessage: ({ partition, message }) => {
      recorded.push(recordedMessage(partition, message));
      return Promise.resolve();
    },
  });
  const messages = () => {
    if (crash) throw new Error(`Recording ${topic} failed: ${crash.message}`, { cause: crash });
    return recorded;
  };
  let stopped: Promise<void> | undefined;
  return {
    get messages() {
      return messages();
    },
    json: <T>() => messages().map(({ value }) => JSON.parse(value.toString('utf8')) as T),
    stop: () => (stopped ??= consumer.disconnect()),
  };
}

const recordedMessage = (
  partition: number,
  { key, value, headers, offset, timestamp }: KafkaMessage,
): RecordedMessage => ({
  key: key === null ? null : key.toString('utf8'),
  value: value ?? Buffer.alloc(0),
  tombstone: value === null,
  headers: Object.fromEntries(
    Object.entries(headers ?? {}).map(([name, header]) => [name, [header ?? ''].flat().map(String).join(',')]),
  ),
  partition,
  offset,
  timestamp: Number(timestamp),
});
