import { setTimeout as sleep } from 'node:timers/promises';
import { type Client } from 'pg';

/** Deadlines of a second: a million an hour. */
const aSecond = 1_000_000 / 3_600;
/** Rows of one statement while loops are made */
const chunk = 200_000;
const looks = 50;

export interface DeadlineFigures {
  readonly loops: number;
  /** Milliseconds of the statement that locks what is due, and of the one that asks for the next */
  readonly dueScanMs: { readonly p50: number; readonly max: number };
  readonly nextMs: { readonly p50: number; readonly max: number };
  /** Milliseconds between when it was due and when it was met */
  readonly late: { readonly met: number; readonly p50: number; readonly p99: number; readonly max: number };
  readonly early: number;
  readonly twice: number;
  readonly unmet: number;
}

/**
 * Open loops, each promised a first answer within a day and due to be warned of at three quarters of it, within the next weeks.
 * `database`: the loop service's own, which runs beside.
 */
export async function measureDeadlines(
  database: Client,
  loops: number,
  seconds: number,
  say: (line: string) => void,
): Promise<DeadlineFigures> {
  await makeLoops(database, loops, say);
  const dueScanMs = await timed(database, dueScan);
  const nextMs = await timed(database, 'select min(due_at) from deadline');
  const number = Math.round(seconds * aSecond);
  say(`${number} are due within the next ${seconds} s`);
  const since = await makeDue(database, number);
  const until = performance.now() + (seconds + leadSeconds + 60) * 1000;
  for (;;) {
    await sleep(2_000);
    const { rows } = await database.query<{ met: number }>(metSql, [since]);
    if (rows[0]!.met >= number || performance.now() > until) break;
  }
  const { rows } = await database.query<Omit<DeadlineFigures['late'], never> & { early: number; loops: number }>(
    `select count(*)::int met, count(distinct loop_id)::int loops, count(*) filter (where late < 0)::int early,
        coalesce(percentile_cont(.5) within group (order by late), 0)::float8 p50,
        coalesce(percentile_cont(.99) within group (order by late), 0)::float8 p99, coalesce(max(late), 0)::float8 max
      from (select loop_id, extract(epoch from at - (detail->>'dueAt')::timestamptz) * 1000 as late
        from loop_history where change = 'warned' and at > $1) met`,
    [since],
  );
  const { met, loops: once, early, ...late } = rows[0]!;
  return { loops, dueScanMs, nextMs, late: { met, ...late }, early, twice: met - once, unmet: number - once };
}

const leadSeconds = 10;
const metSql = `select count(*)::int met from loop_history where change = 'warned' and at > $1`;

/** As the service asks for one batch, at a time when more than one is due: in 18 hours and two minutes. */
const dueScan = `select loop.*, kind from deadline join loop using (loop_id)
  where due_at <= now() + interval '18 h 2 min' order by due_at limit 200 for update of loop skip locked`;

async function makeLoops(database: Client, loops: number, say: (line: string) => void): Promise<void> {
  for (let made = 0; made < loops; made += chunk) {
    // warned of in the weeks to come; the ids are spread as derived ones are
    await database.query(
      `with made as (
         insert into loop (loop_id, version, state, cycle, level, team, home, priority, waiting, feedback, sla_policy, historic,
           received_at, opened_at, terms, cycle_started_at, paused_ms, told)
         select gen_random_uuid(), 1, 'opened', 1, 0, 'support', 'support', 'medium', false, 1, 'standard', false,
           start, start, '1/standard/0/office', start, 0, 0
         from (select date_trunc('milliseconds', now()) + n * interval '200 ms' as start
           from generate_series($1::int, $2::int) n) starts
         returning loop_id, cycle_started_at
       ) insert into deadline select loop_id, 'clock', cycle_started_at + interval '18 h' from made`,
      [made + 1, Math.min(loops, made + chunk)],
    );
    say(`${Math.min(loops, made + chunk)} loops`);
  }
  await database.query('vacuum (analyze) loop');
  await database.query('vacuum (analyze) deadline');
}

/** Puts the beginnings of some loops so that their warnings are due one after the other from now on. @returns when it began */
async function makeDue(database: Client, number: number): Promise<Date> {
  const { rows } = await database.query<{ now: Date }>('select clock_timestamp() now');
  const since = rows[0]!.now;
  await database.query(
    `with chosen as (
       select loop_id, date_trunc('milliseconds', $2::timestamptz + row_number() over () * $3::float8 * interval '1 ms') as due
       from (select loop_id from deadline order by due_at desc limit $1) last
     ), moved as (
       update loop l set cycle_started_at = due - interval '18 h' from chosen where l.loop_id = chosen.loop_id
     ) update deadline d set due_at = due from chosen where d.loop_id = chosen.loop_id`,
    [number, new Date(since.getTime() + leadSeconds * 1000), 1000 / aSecond],
  );
  return since;
}

/** Milliseconds that Postgres takes for a statement, locks taken back each time. */
async function timed(database: Client, statement: string): Promise<{ p50: number; max: number }> {
  const times: number[] = [];
  for (let look = 0; look < looks; look++) {
    await database.query('begin');
    const { rows } = await database.query<{ 'QUERY PLAN': { 'Execution Time': number }[] }>(
      `explain (analyze, format json) ${statement}`,
    );
    await database.query('rollback');
    times.push(rows[0]!['QUERY PLAN'][0]!['Execution Time']);
  }
  times.sort((a, b) => a - b);
  return { p50: times[Math.floor(looks / 2)]!, max: times.at(-1)! };
}
