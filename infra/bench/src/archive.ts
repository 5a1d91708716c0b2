import { setTimeout as sleep } from 'node:timers/promises';
import { type Client } from 'pg';

/** Loops of one statement while they are made */
const chunk = 25_000;
const looks = 30;
/** Of a hundred loops, those that are closed long enough; of the rest one half is closed since a short time. */
const longClosed = 95;

interface Size {
  readonly table: number;
  readonly indexes: number;
}
interface Asked {
  readonly p50: number;
  readonly max: number;
  /** Pages of the median look */
  readonly pages: number;
}
interface Seen {
  readonly bytes: Readonly<Record<string, Size>>;
  readonly ms: Readonly<Record<string, Asked>>;
}

export interface ArchiveFigures {
  readonly loops: number;
  readonly before: Seen;
  /** What is left, as it lies there, and once its tables were written anew */
  readonly after: Seen;
  readonly afterVacuumFull: Seen;
  readonly archived: number;
  readonly seconds: number;
  /** Of one loop that is archived */
  readonly walBytes: number;
}

/**
 * Loops as they are after a year and a half: nearly all of them closed. What lists and timers ask for is timed before the loop service, which runs
 * beside, archives them, and after that. `database`: the loop service's own; `holder`: another connection to it.
 */
export async function measureArchive(
  database: Client,
  holder: Client,
  loops: number,
  texts: readonly string[],
  say: (line: string) => void,
): Promise<ArchiveFigures> {
  // no month can be made as long as this is held: so nothing is archived before all is there
  await holder.query(`select pg_advisory_lock(hashtext('loop_archive'))`);
  await makeLoops(database, loops, texts, say);
  const before = await see(database);
  const due = await count(database, `loop where closed_at < now() - interval '180 days'`);
  const wal = async (): Promise<number> =>
    Number(
      (await database.query<{ wal: string }>(`select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') wal`)).rows[0]!.wal,
    );
  const walBefore = await wal();
  await holder.query(`select pg_advisory_unlock(hashtext('loop_archive'))`);
  say(`${due} are to be archived`);
  let began: number | undefined;
  let first = 0;
  for (let told = performance.now(); ; await sleep(1_000)) {
    const done = await count(database, 'loop_archive');
    if (done > 0 && began === undefined) {
      began = performance.now();
      first = done;
    }
    if (performance.now() - told > 20_000) {
      say(`${done} are archived`);
      told = performance.now();
    }
    if (done >= due) break;
  }
  const seconds = (performance.now() - began!) / 1000;
  const walBytes = Math.round(((await wal()) - walBefore) / due);
  for (const table of hot) await database.query(`vacuum (analyze) ${table}`);
  const after = await see(database);
  for (const table of hot) await database.query(`vacuum (full, analyze) ${table}`);
  return { loops, before, after, afterVacuumFull: await see(database), archived: due - first, seconds, walBytes };
}

const hot = ['loop', 'loop_history', 'words'] as const;

const count = async (database: Client, from: string): Promise<number> =>
  (await database.query<{ n: number }>(`select count(*)::int n from ${from}`)).rows[0]!.n;

/** What is asked again and again of a table that holds all loops. */
const questions: Readonly<Record<string, string>> = {
  'what is due (timer)': `select loop.*, kind from deadline join loop using (loop_id)
    where due_at <= now() + interval '3 days' order by due_at limit 200 for update of loop skip locked`,
  'open loops of a customer (settling)': `select loop_id from loop where customer in (select customer from loop
    where customer is not null and closed_at is null limit 50) and closed_at is null and opened_at >= now() - interval '7 days'`,
  'a team’s open work, due first (list)': `select * from loop where team = 'team-2' and state = any('{opened}') and closed_at is null
    order by coalesce(limit_at, 'infinity'), loop_id limit 51`,
  'the newest of a team, closed too (list)': `select * from loop where team = 'team-1' order by opened_at desc, loop_id desc limit 51`,
  'a list whose filter few loops pass': `select * from loop where state = any('{verified}') and team = 'team-1' and owner = 'nobody'
    order by opened_at desc, loop_id desc limit 51`,
  'every open loop (promises applied)': 'select count(*) from loop where closed_at is null and not historic',
  'the whole table (analyze, vacuum, dump)': 'select count(*), max(version) from loop',
};

async function see(database: Client): Promise<Seen> {
  const { rows } = await database.query<{ name: string; table: string; indexes: string }>(
    `select name, pg_table_size(name::regclass) "table", pg_indexes_size(name::regclass) indexes
        from unnest('{loop,loop_history,words,feedback,deadline}'::text[]) name
      union all
      select 'loop_archive', coalesce(sum(pg_table_size(inhrelid)), 0), coalesce(sum(pg_indexes_size(inhrelid)), 0)
        from pg_inherits where inhparent = 'loop_archive'::regclass`,
  );
  const ms: Record<string, Asked> = {};
  for (const [name, statement] of Object.entries(questions)) ms[name] = await timed(database, statement);
  return {
    bytes: Object.fromEntries(
      rows.map(({ name, table, indexes }) => [name, { table: Number(table), indexes: Number(indexes) }]),
    ),
    ms,
  };
}

interface Plan {
  readonly 'Execution Time': number;
  readonly Plan: { readonly 'Shared Hit Blocks': number; readonly 'Shared Read Blocks': number };
}

/** Milliseconds that Postgres takes for a statement, and the pages it looks at. */
async function timed(database: Client, statement: string): Promise<Asked> {
  const times: { ms: number; pages: number }[] = [];
  for (let look = 0; look < looks; look++) {
    await database.query('begin');
    const { rows } = await database.query<{ 'QUERY PLAN': readonly Plan[] }>(
      `explain (analyze, buffers, format json) ${statement}`,
    );
    await database.query('rollback');
    const { 'Execution Time': ms, Plan } = rows[0]!['QUERY PLAN'][0]!;
    times.push({ ms, pages: Plan['Shared Hit Blocks'] + Plan['Shared Read Blocks'] });
  }
  times.sort((one, other) => one.ms - other.ms);
  const { ms, pages } = times[Math.floor(looks / 2)]!;
  return { p50: ms, max: times.at(-1)!.ms, pages };
}

async function makeLoops(
  database: Client,
  loops: number,
  texts: readonly string[],
  say: (line: string) => void,
): Promise<void> {
  await database.query('set synchronous_commit = off');
  await database.query('create temporary table said (n int primary key, text text)');
  await database.query(`insert into said select n - 1, text from unnest($1::text[]) with ordinality t(text, n)`, [
    texts.slice(0, 5_000),
  ]);
  for (let made = 0; made < loops; made += chunk) {
    // one loop in a hundred is open, and some are closed since a short time; the others over the year before the last half one
    await database.query(
      `with made as materialized (
         select gen_random_uuid() loop_id, gen_random_uuid() feedback_id, gen_random_uuid() customer, n, n % 100 >= ${longClosed} as recent,
           n % 100 >= ${longClosed} and n % 2 = 0 as open, 'team-' || n % 8 as team,
           date_trunc('milliseconds', now()) - case when n % 100 >= ${longClosed} then random() * interval '5 days'
             else interval '190 days' + random() * interval '360 days' end as start
         from generate_series($1::int, $2::int) n
       ), loops as (
         insert into loop (loop_id, version, state, cycle, level, team, home, priority, owner, waiting, feedback, customer, touched,
           topics, channel, sla_policy, historic, received_at, opened_at, first_responded_at, resolved_at, closed_at, terms,
           cycle_started_at, paused_ms, told, limit_at)
         select loop_id, case when open then 1 else 5 end, case when open then 'opened' else 'verified' end, 1, 0, team, team,
           'medium', case when not open then 'agent-' || n % 50 end, false, 1, customer, not open, 'billing/refund', 'review',
           'standard', false, start, start, case when not open then start + interval '3 h' end,
           case when not open then start + interval '4 h' end, case when not open then start + interval '1 day' end,
           '1/standard/0/office', start, 0, 0, case when open then start + interval '1 day' end from made
       ), due as (
         insert into deadline select loop_id, 'clock', now() + interval '18 h' + n * interval '100 ms' from made where open
       ), steps as (
         insert into loop_history (loop_id, version, change, at, actor_kind, actor_id, state, cycle, level, team, priority, owner,
           feedback_id, revision, detail, clocks)
         select loop_id, v, (array['opened','acknowledged','responded','resolved','confirmed'])[v], start + v * interval '1 h',
           (array['source','agent','agent','agent','customer'])[v], case when v between 2 and 4 then 'agent-' || n % 50 else 'shop' end,
           (array['opened','acknowledged','responded','resolved','verified'])[v], 1, 0, team, 'medium',
           case when v > 1 then 'agent-' || n % 50 end, case when v = 1 then feedback_id end, case when v = 1 then 1 end,
           case when v = 1 then $3::json end, $4::json
         from made cross join lateral generate_series(1, case when open then 1 else 5 end) v
       ), fed as (
         insert into feedback (feedback_id, source, revision, tag_revision, route_revision, settlement, outcome, loop_id, place, team,
           sentiment, rating, received_at, content_hash, told_settlement, told_version, told_at)
         select feedback_id, 'shop', 1, 1, 1, 1, 'loop', loop_id, 'loop', team, 'negative', 0.2, start,
           sha256(feedback_id::text::bytea), 1, 1, start from made
       )
       insert into words (words_id, kind, loop_id, version, feedback_id, revision, at, body)
       select feedback_id, 'feedback', loop_id, null, feedback_id, 1, start,
           replace(replace($5, '<id>', feedback_id::text), '"<text>"', to_json(text)::text)::json
         from made join said on said.n = made.n % (select count(*) from said)
       union all
       select gen_random_uuid(), 'response', loop_id, 3, feedback_id, 1, start,
           '{"text":"We are sorry, and have mended it. Please tell us whether it is well now.","channel":"review"}'
         from made where not open`,
      [
        made + 1,
        Math.min(loops, made + chunk),
        JSON.stringify({
          slaPolicy: 'standard',
          receivedAt: '2026-01-05T10:00:00.000Z',
          terms: '1/standard/0/office',
          channel: 'review',
        }),
        JSON.stringify(clocks),
        JSON.stringify(words),
      ],
    );
    if ((made / chunk) % 8 === 7) say(`${Math.min(loops, made + chunk)} loops`);
  }
  await database.query('vacuum (analyze)');
  await database.query('checkpoint');
}

const limit = { breached: false, dueAt: '2026-01-06T10:00:00.000Z', elapsedMs: 10_800_000, limitMs: 86_400_000 };
const clocks = {
  startedAt: '2026-01-05T10:00:00.000Z',
  firstResponse: { customer: limit, business: { breached: false, elapsedMs: 10_800_000 } },
  resolution: { customer: { breached: false, elapsedMs: 10_800_000 }, business: { ...limit, limitMs: 144_000_000 } },
};
/** As settling keeps it: feedback, tags and route. */
const words = {
  feedback: {
    ...{
      kind: 'created',
      text: '<text>',
      author: { name: 'Ada Lovelace', email: 'ada@example.org', externalId: 'a-8812' },
    },
    ...{
      rating: { scale: 5, value: 2 },
      source: 'shop',
      channel: 'review',
      product: 'app',
      historic: false,
      revision: 1,
    },
    ...{ externalId: 'rev-<id>', feedbackId: '<id>', occurredAt: '2026-01-05T09:59:00.000Z' },
    ...{
      touchpoint: 'checkout',
      contentHash: '<id><id>',
      receivedAt: '2026-01-05T10:00:00.000Z',
      journeyStage: 'support',
    },
  },
  tags: {
    language: { tag: 'en', confidence: 0.98 },
    sentiment: { label: 'negative', score: -0.71, confidence: 0.93, evidence: [{ text: 'sorry', start: 4, end: 9 }] },
    emotions: [{ name: 'anger', confidence: 0.61 }],
    topics: [
      {
        name: 'billing/refund',
        sentiment: 'negative',
        confidence: 0.74,
        evidence: [{ text: 'refund', start: 12, end: 18 }],
      },
    ],
    ...{ intent: { label: 'complaint', confidence: 0.88 }, urgency: { level: 'medium', reasons: ['complaint'] } },
    ...{ model: 'linear-2026-10', taggedBy: 'model' },
  },
  route: {
    ...{ team: 'support', priority: 'medium', slaPolicy: 'standard', labels: ['refund'], loop: 'open' },
    ...{ ruleSetVersion: 1, rule: 'complaints' },
  },
};

export function archiveLines({
  loops,
  before,
  after,
  afterVacuumFull,
  archived,
  seconds,
  walBytes,
}: ArchiveFigures): string[] {
  const mb = (bytes: number): string => (bytes / 1_048_576).toFixed(0);
  const states = [before, after, afterVacuumFull];
  return [
    `${loops} loops, ${archived} of them archived in ${seconds.toFixed(0)} s: ${Math.round(archived / seconds)} a second, ${walBytes} bytes of WAL each`,
    'MB, table + indexes: before / after / once the tables were written anew',
    ...Object.keys(before.bytes).map(
      (name) =>
        `  ${name.padEnd(44)} ${states.map(({ bytes }) => `${mb(bytes[name]!.table)} + ${mb(bytes[name]!.indexes)}`).join(' / ')}`,
    ),
    'ms and pages: before / after / once the tables were written anew',
    ...Object.keys(before.ms).map(
      (name) =>
        `  ${name.padEnd(44)} ${states.map(({ ms }) => `${ms[name]!.p50.toFixed(2)} (${ms[name]!.pages})`).join(' / ')}`,
    ),
  ];
}
