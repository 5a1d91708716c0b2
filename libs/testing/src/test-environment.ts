import { randomBytes } from 'node:crypto';
import { pipeline } from '@closeloop/contracts';
import { startLocalIssuer, type LocalClaims } from '@closeloop/embedded';
import { Kafka, logLevel, Partitioners, type Admin, type Producer } from 'kafkajs';
import pg from 'pg';
import { eventually } from './eventually.js';
import { startRecorder, type Recorder } from './recorder.js';

export interface PublishedMessage {
  readonly key?: string | null;
  /** Objects are sent as JSON; null is a tombstone. */
  readonly value: string | Buffer | object | null;
  readonly headers?: Record<string, string>;
  readonly partition?: number;
}

/** One spec's own corner of a real Kafka and a real Postgres. Topics go by their names in contracts; the prefix is put
 * before them here, as messaging does. */
export interface TestEnvironment {
  /** What a service is started with; copy it to add to it. */
  readonly env: Record<string, string>;
  readonly topicPrefix: string;
  /** A person's token, as `Authorization: Bearer` takes it. */
  token(claims?: LocalClaims): Promise<string>;
  /** Rows from a service's database, which must be there. */
  query<Row = Record<string, unknown>>(service: string, sql: string, params?: readonly unknown[]): Promise<Row[]>;
  record(topic: string): Promise<Recorder>;
  publish(topic: string, messages: readonly PublishedMessage[]): Promise<void>;
  /** A kafkajs client for what the rest does not offer; its topics need the prefix. */
  readonly kafka: Kafka;
  /** Ends every recorder, drops the databases and topics. Call it after the services are closed. */
  close(): Promise<void>;
}

/** @throws when neither the environment nor Jest's global set-up says where Kafka and Postgres are: a spec that needs them fails, it is not skipped. */
export async function testEnvironment(options: { prefix?: string } = {}): Promise<TestEnvironment> {
  const brokers = given('KAFKA_BROKERS');
  const databaseUrl = given('DATABASE_URL');
  const id = `${options.prefix ?? 't'}${randomBytes(5).toString('hex')}`;
  const topicPrefix = `${id}.`;
  const databasePrefix = `${id.replace(/\W/g, '_').toLowerCase()}_`;
  const issuer = await startLocalIssuer();

  const kafka = new Kafka({ clientId: id, brokers: brokers.split(','), logLevel: logLevel.NOTHING });
  const recorders: Recorder[] = [];
  let recorderGroups = 0;
  const pools = new Map<string, pg.Pool>();
  let admin: Promise<Admin> | undefined;
  let producer: Promise<Producer> | undefined;

  const connectedAdmin = () =>
    (admin ??= (async () => {
      const client = kafka.admin();
      await client.connect();
      return client;
    })());
  const connectedProducer = () =>
    (producer ??= (async () => {
      // A broker takes on the partitions of a new topic one after the other: what is tried again as one of them is not there yet was
      // appended to the others before.
      const client = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner, idempotent: true });
      await client.connect();
      return client;
    })());

  const env: Record<string, string> = {
    NODE_ENV: 'test',
    HOST: '127.0.0.1',
    KAFKA_BROKERS: brokers,
    KAFKA_TOPIC_PREFIX: topicPrefix,
    KAFKA_PARTITIONS: '3',
    DATABASE_URL: databaseUrl,
    DATABASE_PREFIX: databasePrefix,
    OIDC_ISSUER: issuer.issuer,
    OIDC_AUDIENCE: issuer.audience,
    ...Object.fromEntries(Object.keys(pipeline).map((service) => [`${service.toUpperCase()}_PORT`, '0'])),
  };

  /** For specs that do without messaging's createTopics; a topic that is there stays as it is. */
  async function ensureTopic(topic: string): Promise<string> {
    const name = topicPrefix + topic;
    const client = await connectedAdmin();
    await client.createTopics({
      // kafkajs's own wait fails where the broker has not heard of the new topic yet.
      waitForLeaders: false,
      topics: [{ topic: name, numPartitions: Number(env['KAFKA_PARTITIONS']), replicationFactor: 1 }],
    });
    await eventually(async () => {
      const { topics } = await client.fetchTopicMetadata({ topics: [name] });
      const partitions = topics[0]?.partitions ?? [];
      if (partitions.length === 0 || partitions.some(({ leader }) => leader < 0)) {
        throw new Error(`${name} has no leader yet`);
      }
    });
    return name;
  }

  return {
    env,
    topicPrefix,
    kafka,
    token: (claims) => issuer.token(claims),

    async query<Row>(service: string, sql: string, params: readonly unknown[] = []): Promise<Row[]> {
      let pool = pools.get(service);
      if (!pool) {
        pool = new pg.Pool({ connectionString: withDatabase(databaseUrl, databasePrefix + service), max: 4 });
        // Thrown at whoever asks next; without a listener it would end the process.
        pool.on('error', () => undefined);
        pools.set(service, pool);
      }
      return (await pool.query(sql, [...params])).rows as Row[];
    },

    async record(topic) {
      // Counted before the first await: two recorders in one group would share out each other's partitions.
      const group = `${topicPrefix}recorder.${recorderGroups++}`;
      const recorder = await startRecorder(kafka, await ensureTopic(topic), group);
      recorders.push(recorder);
      return recorder;
    },

    async publish(topic, messages) {
      const name = await ensureTopic(topic);
      const client = await connectedProducer();
      await client.send({
        topic: name,
        acks: -1,
        messages: messages.map(({ value, ...message }) => ({
          ...message,
          value: value === null || typeof value === 'string' || Buffer.isBuffer(value) ? value : JSON.stringify(value),
        })),
      });
    },

    async close() {
      await Promise.all([
        issuer.stop(),
        producer?.then((client) => client.disconnect()),
        ...recorders.map((recorder) => recorder.stop()),
        ...[...pools.values()].map((pool) => pool.end()),
      ]);
      await Promise.all([dropDatabases(databaseUrl, databasePrefix), dropTopics(await connectedAdmin(), topicPrefix)]);
      await (await connectedAdmin()).disconnect();
    },
  };
}

function given(variable: 'KAFKA_BROKERS' | 'DATABASE_URL'): string {
  const value = process.env[variable];
  if (value) return value;
  throw new Error(
    `${variable} is not set. Integration specs run in Jest's project "int", whose global set-up starts Kafka and Postgres; ` +
      'a spec named *.spec.ts runs without them, so name it *.int.spec.ts.',
  );
}

function withDatabase(serverUrl: string, database: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return url.href;
}

async function dropDatabases(serverUrl: string, prefix: string): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ datname: string }>(
      'select datname from pg_database where starts_with(datname, $1)',
      [prefix],
    );
    // FORCE: a service under test that was killed leaves connections behind.
    for (const { datname } of rows)
      await client.query(`drop database ${client.escapeIdentifier(datname)} with (force)`);
  } finally {
    await client.end();
  }
}

async function dropTopics(admin: Admin, prefix: string): Promise<void> {
  // A broker lists for a while what was deleted already, and refuses to delete it twice.
  await eventually(async () => {
    const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(prefix));
    if (topics.length > 0) await admin.deleteTopics({ topics });
  });
  const { groups } = await admin.listGroups();
  const ours = groups.map(({ groupId }) => groupId).filter((groupId) => groupId.startsWith(prefix));
  // A group whose member was killed is not empty until its session ends, and then leaves by itself.
  if (ours.length > 0) await admin.deleteGroups(ours).catch(() => undefined);
}
