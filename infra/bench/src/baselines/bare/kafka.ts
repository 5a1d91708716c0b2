import { type Consumer, type ConsumerCrashEvent, Kafka, logLevel, Partitioners } from 'kafkajs';
import { required } from './program.js';

export const kafka = (): Kafka =>
  new Kafka({ clientId: 'bare', brokers: required('KAFKA_BROKERS').split(','), logLevel: logLevel.NOTHING });

/** Its sends are acknowledged by all replicas, as is kafkajs's default. */
export const producerOf = (client: Kafka) => client.producer({ createPartitioner: Partitioners.DefaultPartitioner });

export const topicOf = (name: string): string => `${process.env['TOPIC_PREFIX'] ?? ''}${name}`;

/** Begins to consume, and returns once it has joined its group. */
export async function joined(consumer: Consumer, start: () => Promise<void>): Promise<void> {
  consumer.on('consumer.crash', ({ payload }: ConsumerCrashEvent) => {
    if (payload.restart) return;
    process.stderr.write(`${payload.error.stack}\n`);
    process.exit(1);
  });
  const join = new Promise<void>((resolve) => consumer.on('consumer.group_join', () => resolve()));
  await start();
  await join;
}
