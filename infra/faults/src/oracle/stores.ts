import { pipeline, type ServiceName } from '@closeloop/contracts';
import { type Admin, Kafka, logLevel } from 'kafkajs';
import pg from 'pg';
import { type Subject } from '../subject.js';

/** Asks one of the databases, by a connection of its own. @throws what Postgres says */
export async function withDatabase<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000, application_name: 'oracle' });
  // a connection that breaks between two questions says so at the next
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await use(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

export const kafkaOf = (brokers: string): Kafka =>
  new Kafka({
    clientId: 'closeloop.oracle',
    brokers: brokers.split(','),
    logLevel: logLevel.NOTHING,
    connectionTimeout: 3_000,
    requestTimeout: 15_000,
  });

export async function withAdmin<T>(brokers: string, use: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafkaOf(brokers).admin({ retry: { retries: 2 } });
  try {
    await admin.connect();
    return await use(admin);
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

/** Where a service's consumers are in a partition, and where that ends. */
export interface Position {
  readonly service: ServiceName;
  readonly topic: string;
  readonly partition: number;
  readonly position: bigint;
  readonly end: bigint;
}

/** Those that keep their positions in their database */
const effects = {
  ...{ ingestion: 'ingestion', learning: 'learning', rehearsal: 'routing', loop: 'loop', insights: 'insights' },
} as const;

export async function positionsOf({ kafkaBrokers, databaseUrls }: Subject): Promise<Position[]> {
  const stored = new Map<string, bigint>();
  for (const [service, database] of Object.entries(effects) as [
    keyof typeof effects,
    keyof Subject['databaseUrls'],
  ][]) {
    await withDatabase(databaseUrls[database], async (client) => {
      const { rows } = await client.query<{ topic: string; partition: number; next_offset: string }>(
        'select topic, partition, next_offset from consumer_offset where consumer_group = $1',
        [pipeline[service].group],
      );
      for (const row of rows) stored.set(`${service} ${row.topic}/${row.partition}`, BigInt(row.next_offset));
    });
  }
  return withAdmin(kafkaBrokers, async (admin) => {
    const positions: Position[] = [];
    for (const service of Object.keys(pipeline) as ServiceName[]) {
      const { group, consumes, consumesDeadLettersOf } = pipeline[service];
      const topics = [
        ...consumes.map(({ topic }) => topic),
        ...consumesDeadLettersOf.map(({ topic }) => `${topic}.dead-letter`),
      ];
      if (!(service in effects)) {
        for (const { topic, partitions } of await admin.fetchOffsets({ groupId: group, topics })) {
          for (const { partition, offset } of partitions)
            stored.set(`${service} ${topic}/${partition}`, BigInt(offset));
        }
      }
      for (const topic of topics) {
        for (const { partition, high } of await admin.fetchTopicOffsets(topic)) {
          // nothing was ever committed where there was nothing
          const position = stored.get(`${service} ${topic}/${partition}`) ?? 0n;
          positions.push({ service, topic, partition, position: position < 0n ? 0n : position, end: BigInt(high) });
        }
      }
    }
    return positions;
  });
}
