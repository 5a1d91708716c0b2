import { type KafkaOptions, Transport } from '@nestjs/microservices';
import { type TypeOrmModuleOptions } from '@nestjs/typeorm';

const prefix = process.env['TOPIC_PREFIX'] ?? '';

export const topics = {
  received: `${prefix}feedback.received.v1`,
  tagged: `${prefix}feedback.tagged.v1`,
  routed: `${prefix}feedback.routed.v1`,
} as const;

/** @throws Error that names the variable */
export function required(variable: string): string {
  const value = process.env[variable];
  if (!value) throw new Error(`${variable} is not set`);
  return value;
}

export const producerOptions = (clientId: string): KafkaOptions => ({
  transport: Transport.KAFKA,
  options: {
    client: { clientId, brokers: required('KAFKA_BROKERS').split(',') },
    producerOnlyMode: true,
    send: { acks: -1 },
  },
});

export const consumerOptions = (clientId: string): KafkaOptions => ({
  transport: Transport.KAFKA,
  options: {
    client: { clientId, brokers: required('KAFKA_BROKERS').split(',') },
    // how long a fetch waits where there is nothing: the stop waits for it
    consumer: { groupId: required('GROUP_ID'), maxWaitTimeInMs: 1_000 },
    subscribe: { fromBeginning: true },
  },
});

export const databaseOptions = (): TypeOrmModuleOptions => ({
  type: 'postgres',
  url: required('DATABASE_URL'),
  autoLoadEntities: true,
  synchronize: true,
  // generated ids come from gen_random_uuid(), which needs no extension
  installExtensions: false,
  uuidExtension: 'pgcrypto',
});
