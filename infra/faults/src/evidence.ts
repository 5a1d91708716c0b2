import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { once } from 'node:events';
import { topics } from '@closeloop/contracts';
import { Kafka, logLevel } from 'kafkajs';
import pg from 'pg';
import { type Received } from './rig/receiver.js';
import { type Subject } from './subject.js';

/** Everything that the stores, the topics and the receiver hold, as NDJSON: a file each table, each topic and each memory. */
export async function keepEvidence(subject: Subject, received: Received, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await Promise.all([
    ...Object.entries(subject.databaseUrls).map(([name, url]) => dumpDatabase(url, join(folder, name))),
    dumpTopics(subject.kafkaBrokers, folder),
    ...(['endpoints', 'takings', 'replyTakings', 'unsigned'] as const).map((name) =>
      writeFile(
        join(folder, `receiver.${name}.ndjson`),
        received[name].map((one) => `${JSON.stringify(one)}\n`),
      ),
    ),
  ]);
}

async function dumpDatabase(url: string, prefix: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ table: string }>(
      `select format('%I', tablename) as table from pg_tables where schemaname = 'public' order by 1`,
    );
    for (const { table } of rows) {
      const file = createWriteStream(`${prefix}.${table.replaceAll('"', '')}.ndjson`);
      await client.query('begin');
      await client.query(`declare everything no scroll cursor for select row_to_json(t)::text as line from ${table} t`);
      for (;;) {
        const { rows: lines } = await client.query<{ line: string }>('fetch 1000 from everything');
        if (lines.length === 0) break;
        for (const { line } of lines) if (!file.write(`${line}\n`)) await once(file, 'drain');
      }
      await client.query('commit');
      await new Promise((resolve) => file.end(resolve));
    }
  } finally {
    await client.end();
  }
}

async function dumpTopics(brokers: string, folder: string): Promise<void> {
  const kafka = new Kafka({ clientId: 'closeloop.faults', brokers: brokers.split(','), logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  const left = new Map<string, bigint>();
  try {
    for (const topic of topics) {
      for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
        if (BigInt(high) > BigInt(low)) left.set(`${topic}/${partition}`, BigInt(high) - 1n);
      }
    }
  } finally {
    await admin.disconnect();
  }
  if (left.size === 0) return;
  const consumer = kafka.consumer({ groupId: `faults-evidence-${process.pid}`, maxWaitTimeInMs: 200 });
  const files = new Map(topics.map((topic) => [topic, createWriteStream(join(folder, `${topic}.ndjson`))]));
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [...topics], fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
      consumer
        .run({
          autoCommit: false,
          eachMessage: ({ topic, partition, message }) => {
            const { offset, timestamp, key, value, headers } = message;
            const texts = Object.fromEntries(Object.entries(headers ?? {}).map(([name, text]) => [name, String(text)]));
            files
              .get(topic)!
              .write(
                `${JSON.stringify({ partition, offset, timestamp, key: key?.toString(), headers: texts, value: value?.toString() })}\n`,
              );
            const end = left.get(`${topic}/${partition}`);
            if (end !== undefined && BigInt(offset) >= end) left.delete(`${topic}/${partition}`);
            if (left.size === 0) resolve();
            return Promise.resolve();
          },
        })
        .catch(reject);
      // Offsets of control records are never seen; a dump that is nearly whole is better than none.
      setTimeout(resolve, 30_000).unref();
    });
  } finally {
    await consumer.disconnect().catch(() => undefined);
    for (const file of files.values()) await new Promise((resolve) => file.end(resolve));
  }
}
