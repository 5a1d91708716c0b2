import { once } from 'node:events';
import { deriveId, loopIdOf, type FeedbackRouted } from '@closeloop/contracts';
import { type EachBatchPayload } from 'kafkajs';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { joined, kafka, topicOf } from './kafka.js';
import { required, run } from './program.js';

const topic = 'feedback.routed.v1';
const group = required('GROUP_ID');
/** Partitions, and transactions, at once */
const connections = 3;

/** What a loop's first rows need, a row a feedback: text as COPY reads it. */
const columns = `feedback_id uuid, loop_id uuid, source text, content_hash bytea, received_at timestamptz, team text, priority text,
  sla_policy text, sentiment text, rating double precision, customer uuid, channel text, detail json, clocks json, body json,
  loop_changed bytea, team_inbox bytea`;

/** The rows that the loop service writes for a feedback that opens a loop, into the same tables; what is there stays as it is. */
const insert = `
  insert into loop (loop_id, version, state, cycle, level, team, home, priority, waiting, feedback, touched, topics, terms,
      cycle_started_at, paused_ms, told, limit_at, customer, sla_policy, channel, historic, received_at, opened_at)
    select loop_id, 1, 'opened', 1, 0, team, team, priority, false, 1, false, '', '1/urgent/0/office', received_at, 0, 0,
      received_at + interval '4 hours', customer, sla_policy, channel, false, received_at, now() from incoming on conflict do nothing;
  insert into deadline (loop_id, kind, due_at)
    select loop_id, 'clock', received_at + interval '3 hours' from incoming on conflict do nothing;
  insert into loop_tally (team, state, slot, count)
    select team, 'opened', (pg_backend_pid() % 64)::smallint, count(*) from incoming group by team order by team
    on conflict (team, state, slot) do update set count = loop_tally.count + excluded.count;
  insert into loop_history (loop_id, version, change, at, actor_kind, actor_id, state, cycle, team, priority, feedback_id,
      revision, detail, level, clocks)
    select loop_id, 1, 'opened', now(), 'source', source, 'opened', 1, team, priority, feedback_id, 1, detail, 0, clocks
    from incoming on conflict do nothing;
  insert into feedback (feedback_id, source, revision, tag_revision, route_revision, settlement, outcome, loop_id, place, team,
      sentiment, rating, received_at, content_hash, told_settlement, told_version, told_at)
    select feedback_id, source, 1, 1, 1, 1, 'loop', loop_id, 'loop', team, sentiment, rating, received_at, content_hash, 1, 1, now()
    from incoming on conflict do nothing;
  insert into words (words_id, kind, loop_id, feedback_id, revision, at, body)
    select feedback_id, 'feedback', loop_id, feedback_id, 1, now(), body from incoming on conflict do nothing;
  insert into outbox (shard, id, topic, key, headers, value)
    select 0, nextval('outbox_id'), topic, convert_to(loop_id::text, 'UTF8'), headers, value from incoming, lateral (values
      ('loop.changed.v1', loop_changed), ('team-inbox.' || team || '.v1', team_inbox)) as told (topic, value),
      (select convert_to('${headersText()}', 'UTF8') headers) fixed;`;

/** As long as those of a real event, with where it came by */
function headersText(): string {
  return JSON.stringify({
    ...{ ce_specversion: '1.0', ce_id: '508ec00d-db10-5a8a-8441-557fecfd77ee', ce_type: 'loop.changed.v1' },
    ...{ ce_source: 'bare/loop', ce_time: '2026-11-26T17:33:02.632Z', 'content-type': 'application/json' },
    ...{
      ce_subject: 'e392baf8-acad-5e10-b5a8-9350c9532463',
      traceparent: `00-${'1e1a5cb0'.repeat(4)}-1d3be722f6265ea0-01`,
    },
    trail:
      'sentiment 4 6 2026-11-26T17:33:00.988Z 1 routing 4 6 2026-11-26T17:33:01.978Z 1 loop 4 6 2026-11-26T17:33:02.632Z 1 '.repeat(
        2,
      ),
  });
}

const escaped = (text: string): string => text.replaceAll('\\', '\\\\');
const bytes = (text: string): string => `\\\\x${Buffer.from(text).toString('hex')}`;

/** One line of COPY's text format */
function lineOf(data: FeedbackRouted, at: string): string {
  const { feedback, tags, route } = data;
  const { feedbackId, source, receivedAt, rating, customerKey, channel } = feedback;
  const loopId = loopIdOf(feedbackId);
  const { team, priority, slaPolicy } = route!;
  const sentiment = tags!.sentiment!.label;
  const customer = customerKey === undefined ? undefined : deriveId('customer', customerKey);
  const passed = { running: true, customerMs: 4162, businessMs: 0 };
  const clocks = { startedAt: receivedAt, firstResponse: passed, resolution: passed };
  const detail = { slaPolicy, receivedAt, customer, terms: '1/urgent/0/office', channel };
  const step = {
    ...{ loopId, version: 1, change: 'opened', at, actor: { kind: 'source', id: source } },
    loop: { state: 'opened', cycle: 1, team, priority, clocks },
  };
  const revision = { feedbackId, revision: 1, tagRevision: 1, routeRevision: 1 };
  const settled = { ...revision, settlement: 1, outcome: 'loop', team, sentiment };
  return [
    ...[feedbackId, loopId, source, `\\\\x${feedback.contentHash}`, receivedAt, team, priority, slaPolicy, sentiment],
    ...[rating ? String(rating.value / rating.scale) : '\\N', customer ?? '\\N', channel],
    ...[JSON.stringify(detail), JSON.stringify(clocks), escaped(JSON.stringify({ feedback, tags, route }))],
    ...[bytes(JSON.stringify({ ...step, feedback: settled })), bytes(JSON.stringify({ ...step, feedback, tags }))],
  ].join('\t');
}

/** COPY into a table of the session, from there into the others, with the offset, in one transaction. */
async function write(client: pg.PoolClient, { batch }: EachBatchPayload): Promise<void> {
  const at = new Date().toISOString();
  const lines = batch.messages.map(({ value }) => lineOf(JSON.parse(value!.toString()) as FeedbackRouted, at));
  try {
    await client.query('begin');
    const copy = client.query(copyFrom('copy incoming from stdin'));
    copy.end(`${lines.join('\n')}\n`);
    await once(copy, 'finish');
    const next = Number(batch.lastOffset()) + 1;
    await client.query(`${insert}
      insert into consumer_offset (consumer_group, topic, partition, cluster, next_offset)
        values ('${group}', '${topic}', ${batch.partition}, 'bench', ${next})
        on conflict (consumer_group, topic, partition) do update set next_offset = excluded.next_offset, updated_at = now();
      commit`);
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
}

run(async () => {
  const pool = new pg.Pool({ connectionString: required('DATABASE_URL'), max: connections, idleTimeoutMillis: 0 });
  pool.on(
    'connect',
    (client) => void client.query(`create temporary table incoming (${columns}) on commit delete rows`),
  );
  const consumer = kafka().consumer({ groupId: group });
  await consumer.connect();
  await consumer.subscribe({ topics: [topicOf(topic)], fromBeginning: true });
  await joined(consumer, () =>
    consumer.run({
      partitionsConsumedConcurrently: connections,
      eachBatch: async (payload) => {
        const client = await pool.connect();
        try {
          await write(client, payload);
        } finally {
          client.release();
        }
      },
    }),
  );
  return async () => {
    await consumer.disconnect();
    await pool.end();
  };
});
