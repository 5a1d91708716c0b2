import { join } from 'node:path';
import { startKafka, startPostgres } from '@closeloop/embedded';
import { Kafka, logLevel } from 'kafkajs';
import pg from 'pg';

/** The one broker and the one database server of a run; whoever is measured has topics and databases of its own there. */
export interface Stores {
  readonly brokers: string;
  /** As DATABASE_URL takes it */
  readonly databaseServer: string;
  readonly pids: { readonly kafka: number; readonly postgres: number };
  readonly kafka: Kafka;
  /** Of the server's database `postgres`, or of another */
  database(name?: string): Promise<pg.Client>;
  urlOf(database: string): string;
  createTopics(names: readonly string[], partitions?: number): Promise<void>;
  /** Topics and databases whose name begins so. Nobody may use them any more. */
  drop(topicPrefix: string, databasePrefix: string): Promise<void>;
  stop(): Promise<void>;
}

/** Of a topic, as the shipped services make them */
const shippedPartitions = 6;

/** Kafka and Postgres as `npm start` starts them (fsync on); Postgres also keeps when each transaction was committed. */
export async function startStores(folder: string, say: (line: string) => void): Promise<Stores> {
  const kafkaServer = await startKafka({ dataDir: join(folder, 'kafka'), port: 0, say });
  try {
    const options = { dataDir: join(folder, 'postgres'), port: 0, say };
    const first = await startPostgres(options);
    const settings = await connect(first.url);
    // when a row was committed is read off it afterwards, so that nobody needs to look while it is measured
    await settings.query('alter system set track_commit_timestamp = on');
    await settings.end();
    await first.stop();
    const postgres = await startPostgres(options);
    const urlOf = (database: string): string => {
      const url = new URL(postgres.url);
      url.pathname = `/${database}`;
      return url.toString();
    };
    const kafka = new Kafka({
      clientId: 'closeloop.bench',
      brokers: [kafkaServer.brokers],
      logLevel: logLevel.NOTHING,
    });
    const admin = kafka.admin();
    await admin.connect();
    return {
      brokers: kafkaServer.brokers,
      databaseServer: postgres.url,
      pids: { kafka: pidOf(kafkaServer), postgres: pidOf(postgres) },
      kafka,
      urlOf,
      database: async (name = 'postgres') => connect(urlOf(name)),
      async createTopics(names, partitions = shippedPartitions) {
        await admin.createTopics({
          topics: names.map((topic) => ({ topic, numPartitions: partitions, replicationFactor: 1 })),
          waitForLeaders: true,
        });
      },
      async drop(topicPrefix, databasePrefix) {
        const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(topicPrefix));
        if (topics.length > 0) await admin.deleteTopics({ topics });
        const client = await connect(postgres.url);
        const { rows } = await client.query<{ datname: string }>(
          'select datname from pg_database where starts_with(datname, $1)',
          [databasePrefix],
        );
        for (const { datname } of rows) await client.query(`drop database "${datname}" with (force)`);
        await client.end();
      },
      async stop() {
        await admin.disconnect();
        await postgres.stop();
        await kafkaServer.stop();
      },
    };
  } catch (error) {
    await kafkaServer.stop();
    throw error;
  }
}

/** @throws where it runs in a container: then its CPU cannot be told from here */
function pidOf({ pid }: { readonly pid: number | undefined }): number {
  if (pid === undefined)
    throw new Error('the bench needs Kafka and Postgres as processes of this machine: install Java and Maven');
  return pid;
}

async function connect(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString });
  // whoever stops the server under a statement is told by that
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
