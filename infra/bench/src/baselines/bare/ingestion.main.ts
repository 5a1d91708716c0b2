import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { feedbackIdOf } from '@closeloop/contracts';
import { Ajv } from 'ajv';
import { type Producer } from 'kafkajs';
import pg from 'pg';
import { kafka, producerOf, topicOf } from './kafka.js';
import { required, run } from './program.js';

const source = 'bench';
const topic = 'feedback.received.v1';
const maxBodyBytes = 16 * 1024 * 1024;
/** Most feedback of one statement, and statements at once */
const maxRows = 1_000;
const connections = 2;

const text = (maxLength: number) => ({ type: 'string', maxLength });
const one = {
  type: 'object',
  additionalProperties: false,
  required: ['externalId', 'channel', 'text'],
  properties: {
    externalId: { type: 'string', minLength: 1, maxLength: 300 },
    channel: { enum: ['review', 'social', 'survey', 'chat', 'email', 'phone', 'sms', 'in-store', 'community', 'api'] },
    text: text(20_000),
    title: text(1_000),
    rating: {
      type: 'object',
      additionalProperties: false,
      required: ['value', 'scale'],
      properties: { value: { type: 'number', minimum: 0 }, scale: { type: 'number', minimum: 1 } },
    },
    author: {
      type: 'object',
      additionalProperties: false,
      properties: { externalId: text(300), name: text(300), handle: text(300), email: text(320), phone: text(50) },
    },
    customerKey: text(300),
    product: text(300),
    touchpoint: text(300),
    location: text(300),
    journeyStage: { enum: ['awareness', 'consideration', 'purchase', 'onboarding', 'use', 'support', 'renewal'] },
    occurredAt: { type: 'string', pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d+)?Z$' },
  },
};
interface Input {
  externalId: string;
}
const ajv = new Ajv();
const isOne = ajv.compile<Input>(one);
const isMany = ajv.compile<Input[]>({ type: 'array', minItems: 1, maxItems: 1_000, items: one });

/** A feedback that waits to be committed. */
interface Row {
  readonly feedbackId: string;
  readonly contentHash: string;
  readonly body: string;
  /** Of its row in the outbox */
  readonly id: number;
}

/** Requests wait here for the next statement; a statement takes all that wait. */
class Acceptance {
  #waiting: { rows: Row[]; done: () => void; failed: (error: Error) => void }[] = [];
  #writing = 0;
  #lastId: number;

  constructor(
    private readonly pool: pg.Pool,
    lastId: number,
    private readonly committed: (rows: readonly Row[]) => void,
  ) {
    this.#lastId = lastId;
  }

  accept(inputs: readonly Input[]): Promise<Row[]> {
    const receivedAt = new Date().toISOString();
    const rows = inputs.map((input) => {
      const feedbackId = feedbackIdOf(source, input.externalId);
      const content = { ...input, source, feedbackId, kind: 'created', historic: false };
      const contentHash = createHash('sha256').update(JSON.stringify(content)).digest('hex');
      const body = JSON.stringify({ ...content, revision: 1, contentHash, receivedAt });
      return { feedbackId, contentHash, body, id: ++this.#lastId };
    });
    return new Promise((resolve, failed) => {
      this.#waiting.push({ rows, done: () => resolve(rows), failed });
      void this.#write();
    });
  }

  async #write(): Promise<void> {
    while (this.#writing < connections && this.#waiting.length > 0) {
      let count = 0;
      const until = this.#waiting.findIndex(({ rows }) => (count += rows.length) > maxRows);
      const taken = this.#waiting.splice(0, until === -1 ? this.#waiting.length : Math.max(1, until));
      const rows = taken.flatMap((one) => one.rows);
      this.#writing++;
      try {
        const { rows: told } = await this.pool.query<{ id: string }>(statement, [
          ...[rows.map(({ feedbackId }) => feedbackId), rows.map(({ contentHash }) => contentHash)],
          ...[rows.map(({ body }) => body), rows.map(({ id }) => id), source, topic],
        ]);
        const ids = new Set(told.map(({ id }) => Number(id)));
        this.committed(ids.size === rows.length ? rows : rows.filter(({ id }) => ids.has(id)));
        for (const { done } of taken) done();
      } catch (error) {
        for (const { failed } of taken) failed(error as Error);
      } finally {
        this.#writing--;
      }
    }
  }
}

/** One statement, one commit; a feedback that is there already is left as it is, and sends nothing. */
const statement = `
  with given as (
    select * from unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[]) as n (feedback_id, content_hash, body, id)
  ), created as (
    insert into feedback (feedback_id, source, accepted_revision, content_hash, accepted_at)
    select feedback_id, $5, 1, decode(content_hash, 'hex'), now() from given on conflict do nothing returning feedback_id
  ), fresh as materialized (
    select given.* from given join created using (feedback_id)
  ), revisions as (
    insert into feedback_revision (feedback_id, revision, kind, content_hash, received_at)
    select feedback_id, 1, 'created', decode(content_hash, 'hex'), now() from fresh on conflict do nothing
  ), bodies as (
    insert into feedback_body (feedback_id, part, body) select feedback_id, '1', convert_to(body, 'UTF8') from fresh
    on conflict do nothing
  )
  insert into outbox (shard, id, topic, key, headers, value)
  select 0, id, $6, convert_to(feedback_id::text, 'UTF8'), '{}', convert_to(body, 'UTF8') from fresh
  returning id`;

/** Sends what was committed, in its order, and deletes it after the acknowledgement; first what an earlier life has left. */
class Relay {
  #waiting: { id: number; key: string; value: string }[] = [];
  #sending: Promise<void> | undefined;

  constructor(
    private readonly pool: pg.Pool,
    private readonly producer: Producer,
  ) {}

  async sendLeft(): Promise<void> {
    const { rows } = await this.pool.query<{ id: string; key: string; value: string }>(
      `select id, convert_from(key, 'UTF8') as key, convert_from(value, 'UTF8') as value from outbox order by id`,
    );
    this.#waiting.push(...rows.map(({ id, key, value }) => ({ id: Number(id), key, value })));
    await this.flush();
  }

  send(rows: readonly Row[]): void {
    for (const { id, feedbackId, body } of rows) this.#waiting.push({ id, key: feedbackId, value: body });
    void this.flush();
  }

  flush(): Promise<void> {
    return (this.#sending ??= this.#sendAll().finally(() => (this.#sending = undefined)));
  }

  async #sendAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const messages = this.#waiting.splice(0, maxRows);
      await this.producer.send({ topic: topicOf(topic), messages });
      await this.pool.query('delete from outbox where shard = 0 and id = any($1::bigint[])', [
        messages.map(({ id }) => id),
      ]);
    }
  }
}

run(async () => {
  const pool = new pg.Pool({ connectionString: required('DATABASE_URL'), max: connections + 1 });
  const { rows } = await pool.query<{ last: string }>('select coalesce(max(id), 0) as last from outbox');
  // without a broker it only accepts, and what it accepts waits in the outbox
  const producer = process.env['KAFKA_BROKERS'] ? producerOf(kafka()) : undefined;
  await producer?.connect();
  const relay = producer && new Relay(pool, producer);
  await relay?.sendLeft();
  const acceptance = new Acceptance(pool, Number(rows[0]!.last), (committed) => relay?.send(committed));
  const server = createServer((request, response) => void answer(acceptance, request, response));
  await new Promise<void>((resolve) => server.listen(Number(required('PORT')), '127.0.0.1', resolve));
  return async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeIdleConnections();
    await closed;
    await relay?.flush();
    await producer?.disconnect();
    await pool.end();
  };
});

async function answer(acceptance: Acceptance, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const reply = (status: number, body: unknown): void => {
    const json = JSON.stringify(body);
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json) });
    response.end(json);
  };
  try {
    const many = request.url === '/v1/feedback/batch';
    if (request.method !== 'POST' || !(many || request.url === '/v1/feedback')) return reply(404, {});
    const parts: Buffer[] = [];
    let bytes = 0;
    for await (const part of request as AsyncIterable<Buffer>) {
      parts.push(part);
      if ((bytes += part.length) > maxBodyBytes) return reply(413, {});
    }
    let input: unknown;
    try {
      input = JSON.parse(Buffer.concat(parts).toString());
    } catch {
      return reply(400, { title: 'not JSON' });
    }
    if (many) {
      if (!isMany(input)) return reply(400, { errors: isMany.errors });
      const rows = await acceptance.accept(input);
      return reply(
        200,
        rows.map(({ feedbackId }, index) => ({ index, result: 'accepted', feedbackId })),
      );
    }
    if (!isOne(input)) return reply(400, { errors: isOne.errors });
    const [row] = await acceptance.accept([input]);
    return reply(202, { feedbackId: row!.feedbackId });
  } catch (error) {
    process.stderr.write(`${(error as Error).stack}\n`);
    reply(503, {});
  }
}
