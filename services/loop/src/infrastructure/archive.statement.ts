import { type EntityManager } from 'typeorm';
import { ConcurrentChange } from '../domain/concurrent-change.js';
import { loopColumns, type LoopEntity } from './loop.entity.js';
import { loopColumnNames } from './loop.statement.js';
import { type WordsEntity } from './words.entity.js';

/** Rows of a table, as the loop `archive` keeps them. */
export const archivedRows = (table: 'loop_history' | 'words', archive: string): string =>
  `json_populate_recordset(null::${table}, ${archive}.${table === 'words' ? 'words' : 'history'})`;

/** Steps of a loop, wherever it is kept; to be joined laterally. `loopId`: a column. */
export const everyStepOf = (loopId: string): string => `(
  select h.* from loop_history h where h.loop_id = ${loopId}
  union all
  select h.* from loop_archive a cross join lateral ${archivedRows('loop_history', 'a')} h where a.loop_id = ${loopId})`;

/** The words of loops that are in the archive. */
export const archivedWords = (manager: EntityManager, loopIds: readonly string[]): Promise<WordsEntity[]> =>
  manager.query(
    `select w.words_id "wordsId", w.kind, w.loop_id "loopId", w.version, w.feedback_id "feedbackId", w.revision, w.agent, w.at,
        w.body
      from loop_archive a cross join lateral ${archivedRows('words', 'a')} w where a.loop_id = any($1::uuid[]) order by w.at, w.words_id`,
    [loopIds],
  );

/** What was dropped with its month may be the loop of feedback that was received before this; undefined: nothing was. */
export async function droppedUntil(manager: EntityManager): Promise<Date | undefined> {
  const [row] = await manager.query<{ until: Date | null }[]>(
    `select (max(month) + interval '1 month') at time zone 'UTC' until from archive_drop`,
  );
  return row?.until ?? undefined;
}

/**
 * Locks loops by their ids, in that order. Those that are in the archive are brought back before: from then on they are as
 * all others, until they have been closed for long enough again.
 */
export async function lockLoopRows(tx: EntityManager, loopIds: readonly string[]): Promise<LoopEntity[]> {
  const locked = (ids: readonly string[]): Promise<LoopEntity[]> =>
    tx.query(`select ${loopColumns} from loop where loop_id = any($1::uuid[]) order by loop_id for update`, [ids]);
  const rows = await locked(loopIds);
  if (rows.length === loopIds.length) return rows;
  const found = new Set(rows.map(({ loopId }) => loopId));
  const missing = loopIds.filter((loopId) => !found.has(loopId));
  await bringBack(tx, missing);
  return [...rows, ...(await locked(missing))];
}

const names = loopColumnNames.join(', ');

/** Takes loops out of the archive, with their history and words. @returns how many of these were in it */
export async function bringBack(tx: EntityManager, loopIds: readonly string[]): Promise<number> {
  if (loopIds.length === 0) return 0;
  const [row] = await tx.query<{ count: number }[]>(
    `with gone as (delete from loop_archive where loop_id = any($1::uuid[]) returning *),
      as_loop as (insert into loop (${names}) select ${names} from gone),
      as_history as (insert into loop_history select h.* from gone cross join lateral ${archivedRows('loop_history', 'gone')} h),
      -- what was written meanwhile of a loop that nobody had brought back is the newer
      as_words as (insert into words select w.* from gone cross join lateral ${archivedRows('words', 'gone')} w on conflict do nothing)
      select count(*)::int count from gone`,
    [loopIds],
  );
  return row!.count;
}

/** Brings back what holds words of feedback, or answers to it, wherever that feedback is now: so that they can be erased. */
export async function bringBackWordsOf(tx: EntityManager, feedbackIds: readonly string[]): Promise<void> {
  const rows = await tx.query<{ loop_id: string }[]>(
    'select loop_id from loop_archive where about && $1::uuid[] order by loop_id',
    [feedbackIds],
  );
  await bringBack(
    tx,
    rows.map(({ loop_id }) => loop_id),
  );
}

/**
 * Moves loops that were closed so many days ago into the archive, those that were closed first before others: with their
 * history and their words, in the caller's transaction. Left out is what somebody holds, and what somebody still waits for.
 * @returns how many
 * @throws ConcurrentChange where somebody wrote what is moved meanwhile: nothing of the batch may stay
 */
export async function archiveLoops(tx: EntityManager, days: number, limit: number): Promise<number> {
  // locked first, read in another statement: that one sees the last step of whoever had the lock before
  const due = await tx.query<{ loop_id: string; month: string }[]>(
    `select loop_id, to_char(closed_at at time zone 'UTC', 'YYYY-MM-01') as month from loop l
      where closed_at < clock_timestamp() - $1::int * interval '1 day'
        and not exists (select from reply r where r.loop_id = l.loop_id and r.state = 'requested')
        and not exists (select from notice n where n.loop_id = l.loop_id and n.state in ('pending', 'handed-over'))
      order by closed_at limit $2 for update of l skip locked`,
    [days, limit],
  );
  if (due.length === 0) return 0;
  for (const month of [...new Set(due.map((row) => row.month))].sort()) {
    await tx.query('select make_archive_month($1::date)', [month]);
  }
  const [moved] = await tx.query<[Record<'loops' | 'archived' | 'steps' | 'history' | 'words' | 'said', number>]>(
    `with steps as materialized (
        select h.loop_id, json_agg(h order by h.version) history, count(*) count
          from loop_history h where h.loop_id = any($1::uuid[]) group by h.loop_id
      ), said as materialized (
        select w.* from words w where w.loop_id = any($1::uuid[]) and w.kind <> 'feedback'
        union all
        -- arrays, not joins: nothing may make the planner read whole tables for a batch
        select w.* from words w where w.kind = 'feedback' and w.loop_id = any($1::uuid[]) and w.words_id = any(array(
          select h.feedback_id from loop_history h where h.loop_id = any($1::uuid[]) and h.version = 1
          union all
          select f.feedback_id from feedback f where f.loop_id = any($1::uuid[]) and f.place = 'joined'))
      ), words_of as materialized (
        select s.loop_id, json_agg(s order by s.at, s.words_id) words,
            array_agg(distinct s.feedback_id) filter (where s.feedback_id is not null) about
          from said s group by s.loop_id
      ), archived as (
        insert into loop_archive (${names}, history, words, about)
          select ${loopColumnNames.map((name) => `l.${name}`).join(', ')}, s.history, coalesce(w.words, '[]'), coalesce(w.about, '{}')
          from loop l join steps s using (loop_id) left join words_of w using (loop_id) where l.loop_id = any($1::uuid[])
          returning 1
      ), gone_words as (delete from words where words_id = any(array(select words_id from said)) returning 1
      ), gone_history as (delete from loop_history where loop_id = any($1::uuid[]) returning 1
      ), gone_writing as (delete from writing where loop_id = any($1::uuid[])
      ), gone_loops as (delete from loop where loop_id = any($1::uuid[]) returning 1)
      select (select count(*)::int from gone_loops) loops, (select count(*)::int from archived) archived,
        (select sum(count)::int from steps) steps, (select count(*)::int from gone_history) history,
        (select count(*)::int from gone_words) words, (select count(*)::int from said) said`,
    [due.map(({ loop_id }) => loop_id)],
  );
  const { loops, archived, steps, history, words, said } = moved;
  if (loops !== due.length || archived !== loops || history !== steps || words !== said) {
    throw new ConcurrentChange(`what was to be archived has changed: ${JSON.stringify(moved)}`);
  }
  return loops;
}

/** Ends reading months whose last loop was closed so many days ago. @returns which, as `2026-05-01` */
export async function detachMonths(tx: EntityManager, days: number): Promise<string[]> {
  const due = await tx.query<{ month: string }[]>(
    `select month::text from (
        select to_date(substring(c.relname from '_(\\d{4}_\\d{2})$'), 'YYYY_MM') as month
          from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'loop_archive'::regclass
      ) attached
      where (month + interval '1 month') at time zone 'UTC' < clock_timestamp() - $1::int * interval '1 day' order by month`,
    [days],
  );
  for (const { month } of due) await tx.query('select detach_archive_month($1::date)', [month]);
  return due.map(({ month }) => month);
}

/**
 * Deletes what hangs on loops of a month that is not read any more, so many loops at a time, and then its table.
 * @returns loops that were done with; undefined: there is no such month, or another replica has it
 */
export async function clearDropped(tx: EntityManager, limit: number): Promise<number | undefined> {
  const [drop] = await tx.query<{ drop_id: number }[]>(
    'select drop_id from archive_drop where dropped_at is null order by drop_id limit 1 for update skip locked',
  );
  if (!drop) return undefined;
  const table = `loop_dropped_${drop.drop_id}`;
  const [row] = await tx.query<{ count: number }[]>(
    `with gone as (
        delete from ${table} where loop_id = any(array(select loop_id from ${table} limit $1)) returning loop_id, team, state
      ), replies as (delete from reply r using gone where r.loop_id = gone.loop_id
      ), follow_ups as (delete from follow_up f using gone where f.loop_id = gone.loop_id
      ), counts as (
        insert into loop_tally (team, state, slot, count)
          select team, state, (pg_backend_pid() % 64)::smallint, -count(*) from gone group by team, state order by 1, 2
          on conflict (team, state, slot) do update set count = loop_tally.count + excluded.count
      ) select count(*)::int count from gone`,
    [limit],
  );
  if (row!.count < limit) {
    await tx.query(`drop table ${table}`);
    await tx.query('update archive_drop set dropped_at = clock_timestamp() where drop_id = $1', [drop.drop_id]);
  }
  return row!.count;
}
