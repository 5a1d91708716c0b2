import { pipelined } from '@closeloop/platform';
import { type EntityManager } from 'typeorm';
import { ConcurrentChange } from '../domain/concurrent-change.js';
import { deadlineChanges, type KeptDeadline } from '../domain/deadline.js';
import { type Loop } from '../domain/loop.js';
import { nextLimit } from '../domain/sla/clocks.js';
import { type SlaBook } from '../domain/sla/sla-book.js';
import { type Step } from '../domain/settlement.js';
import { ringBell } from './delivery-bell.js';
import { insertDeliveries } from './delivery.statement.js';
import { followLoops } from './follow-up.statement.js';
import { historyColumns, historyTypes, historyValues } from './loop-history.entity.js';

/** A loop that is written, and what it was before. */
export interface Move {
  readonly before: Loop;
  readonly loop: Loop;
}

/** Runs a statement that writes rows. @throws ConcurrentChange where it wrote another number of them */
export async function written(
  tx: EntityManager,
  expected: number,
  statement: string,
  parameters: unknown[],
): Promise<void> {
  const { affected } = await tx.queryRunner!.query(statement, parameters, true);
  if (affected !== expected) {
    throw new ConcurrentChange(
      `${expected} rows were to be written and ${affected ?? 0} were: someone else was faster`,
    );
  }
}

/**
 * Writes loops that open and loops that were there, with the deadlines and the follow-up that they have now, and counts
 * them.
 * @throws ConcurrentChange where one that opens is there, or another is not at the version that it had before
 */
export async function writeLoops(
  tx: EntityManager,
  opened: readonly Loop[],
  moves: readonly Move[],
  book: SlaBook,
): Promise<void> {
  const changes = [
    ...opened.map((loop) => deadlineChanges(undefined, loop, book)),
    ...moves.map(({ before, loop }) => deadlineChanges(before, loop, book)),
  ];
  // one who finds that somebody else was faster may go on in this transaction: nothing else is written before that is known
  await pipelined(insertLoops(tx, opened, book), updateLoops(tx, moves, book));
  await pipelined(
    setDeadlines(
      tx,
      changes.flatMap(({ kept }) => kept),
      changes.flatMap(({ dropped }) => dropped),
    ),
    followLoops(tx, moves),
    tally(tx, opened, moves),
  );
}

async function insertLoops(tx: EntityManager, loops: readonly Loop[], book: SlaBook): Promise<void> {
  if (loops.length === 0) return;
  await written(
    tx,
    loops.length,
    `insert into loop (${[...changing, ...lasting].map(({ name }) => name).join(', ')})
      select * from unnest(${parametersOf([...changing, ...lasting])}) on conflict do nothing`,
    [...changing, ...lasting].map(({ valueOf }) => loops.map((loop) => valueOf(loop, book))),
  );
}

async function updateLoops(tx: EntityManager, moves: readonly Move[], book: SlaBook): Promise<void> {
  if (moves.length === 0) return;
  const names = changing.map(({ name }) => name);
  await written(
    tx,
    moves.length,
    `update loop l set ${names
      .slice(1)
      .map((name) => `${name} = n.${name}`)
      .join(', ')}
      from unnest(${parametersOf(changing)}, $${names.length + 1}::int[]) n(${names.join(', ')}, before)
      where l.loop_id = n.loop_id and l.version = n.before`,
    [
      ...changing.map(({ valueOf }) => moves.map(({ loop }) => valueOf(loop, book))),
      moves.map(({ before }) => before.version),
    ],
  );
}

/** To be called when the loops are locked: nobody else writes their deadlines then. */
export async function setDeadlines(
  tx: EntityManager,
  kept: readonly KeptDeadline[],
  dropped: readonly KeptDeadline[],
): Promise<void> {
  await pipelined(dropDeadlines(tx, dropped), keepDeadlines(tx, kept));
}

async function dropDeadlines(tx: EntityManager, dropped: readonly KeptDeadline[]): Promise<void> {
  if (dropped.length === 0) return;
  // one after the other by the index; a time may have been written by more than the millisecond that is known of it
  await tx.query(
    `delete from deadline where ctid = any(array(
       select kept.place from unnest($1::uuid[], $2::text[], $3::timestamptz[]) n(loop_id, kind, due_at), lateral (
         select d.ctid place from deadline d where d.due_at >= n.due_at and d.due_at < n.due_at + interval '1 ms'
           and d.loop_id = n.loop_id and d.kind = n.kind offset 0) kept))`,
    deadlineValues(dropped),
  );
}

async function keepDeadlines(tx: EntityManager, kept: readonly KeptDeadline[]): Promise<void> {
  if (kept.length === 0) return;
  await tx.query(
    `insert into deadline (loop_id, kind, due_at) select * from unnest($1::uuid[], $2::text[], $3::timestamptz[])
      on conflict do nothing`,
    deadlineValues(kept),
  );
}

const deadlineValues = (deadlines: readonly KeptDeadline[]): unknown[] => [
  deadlines.map(({ loopId }) => loopId),
  deadlines.map(({ kind }) => kind),
  deadlines.map(({ dueAt }) => dueAt.toISOString()),
];

/**
 * Adds to the counts by team and state. The connection's own slot keeps transactions from waiting for each other's row;
 * sorted, and once a transaction, so that two that do share one wait in the same order.
 */
async function tally(tx: EntityManager, opened: readonly Loop[], moves: readonly Move[]): Promise<void> {
  const sums = new Map<string, { team: string; state: string; count: number }>();
  const add = ({ team, state }: Loop, count: number): void => {
    const key = `${state}/${team}`;
    const sum = sums.get(key);
    if (sum) sum.count += count;
    else sums.set(key, { team, state, count });
  };
  for (const loop of opened) add(loop, 1);
  for (const { before, loop } of moves) {
    add(before, -1);
    add(loop, 1);
  }
  const changed = [...sums.values()].filter(({ count }) => count !== 0);
  if (changed.length === 0) return;
  await tx.query(
    `insert into loop_tally (team, state, slot, count)
      select team, state, (pg_backend_pid() % 64)::smallint, count
      from unnest($1::text[], $2::text[], $3::bigint[]) n(team, state, count) order by 1, 2
      on conflict (team, state, slot) do update set count = loop_tally.count + excluded.count`,
    [changed.map(({ team }) => team), changed.map(({ state }) => state), changed.map(({ count }) => count)],
  );
}

/** Writes steps, and what the endpoints of teams are to hear of them. */
export async function appendHistory(tx: EntityManager, steps: readonly Step[], book: SlaBook): Promise<void> {
  if (steps.length === 0) return;
  const { affected } = await tx.queryRunner!.query(
    `with appended as (
      insert into loop_history (${historyColumns}) select * from unnest(${historyTypes})
        returning loop_id, version, change, team
    ) ${insertDeliveries}`,
    historyValues(steps, book),
    true,
  );
  if (affected) ringBell(tx.connection);
}

interface LoopColumn {
  readonly name: string;
  readonly type: string;
  valueOf(this: void, loop: Loop, book: SlaBook): string | number | boolean | null;
}

const column = (name: string, type: string, valueOf: LoopColumn['valueOf']): LoopColumn => ({ name, type, valueOf });
const time = (name: string, valueOf: (loop: Loop, book: SlaBook) => Date | undefined): LoopColumn =>
  column(name, 'timestamptz', (loop, book) => valueOf(loop, book)?.toISOString() ?? null);

/** What an event may change, the key first. */
const changing: readonly LoopColumn[] = [
  column('loop_id', 'uuid', ({ loopId }) => loopId),
  column('version', 'int', ({ version }) => version),
  column('state', 'text', ({ state }) => state),
  column('cycle', 'int', ({ cycle }) => cycle),
  column('level', 'int', ({ level }) => level),
  column('team', 'text', ({ team }) => team),
  column('home', 'text', ({ home }) => home),
  column('priority', 'text', ({ priority }) => priority),
  column('owner', 'text', ({ owner }) => owner ?? null),
  column('waiting', 'bool', ({ waiting }) => waiting),
  column('feedback', 'int', ({ feedback }) => feedback),
  column('touched', 'bool', ({ touched }) => touched),
  column('topics', 'text', ({ topics }) => topics.join(' ')),
  time('first_responded_at', ({ firstRespondedAt }) => firstRespondedAt),
  time('resolved_at', ({ resolvedAt }) => resolvedAt),
  time('closed_at', ({ closedAt }) => closedAt),
  time('expires_at', ({ expiresAt }) => expiresAt),
  column('terms', 'text', ({ clocks }) => clocks?.terms ?? null),
  time('cycle_started_at', ({ clocks }) => clocks?.startedAt),
  time('cycle_responded_at', ({ clocks }) => clocks?.responded?.at),
  column('cycle_responded_worked_ms', 'bigint', ({ clocks }) => clocks?.responded?.workedMs ?? null),
  column('paused_ms', 'bigint', ({ clocks }) => clocks?.pausedMs ?? null),
  time('waiting_since', ({ clocks }) => clocks?.waitingSince),
  column('told', 'smallint', ({ clocks }) => clocks?.told ?? null),
  time('limit_at', (loop, book) => {
    const terms = book.termsOf(loop);
    return terms && nextLimit(loop, terms);
  }),
];

/** What never changes. */
const lasting: readonly LoopColumn[] = [
  column('customer', 'uuid', ({ customer }) => customer ?? null),
  column('sla_policy', 'text', ({ slaPolicy }) => slaPolicy),
  column('channel', 'text', ({ channel }) => channel ?? null),
  column('segments', 'json', ({ segments }) => (segments ? JSON.stringify(segments) : null)),
  column('historic', 'bool', ({ historic }) => historic),
  time('received_at', ({ receivedAt }) => receivedAt),
  time('opened_at', ({ openedAt }) => openedAt),
];

/** All of them. */
export const loopColumnNames: readonly string[] = [...changing, ...lasting].map(({ name }) => name);

const parametersOf = (columns: readonly LoopColumn[]): string =>
  columns.map(({ type }, index) => `$${index + 1}::${type}[]`).join(', ');
