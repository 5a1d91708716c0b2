import { type EntityManager } from 'typeorm';
import { ConcurrentChange } from '../domain/concurrent-change.js';
import { deadlineChanges, type DeadlineKind, type KeptDeadline } from '../domain/deadline.js';
import { type Loop } from '../domain/loop.js';
import { type Step } from '../domain/settlement.js';
import { arrayLiteral } from './array-literal.js';
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
 * Writes loops that open and loops that were there, with the deadlines that they have now, and counts them.
 * @throws ConcurrentChange where one that opens is there, or another is not at the version that it had before
 */
export async function writeLoops(tx: EntityManager, opened: readonly Loop[], moves: readonly Move[]): Promise<void> {
  await insertLoops(tx, opened);
  await updateLoops(tx, moves);
  const changes = moves.map(({ before, loop }) => deadlineChanges(before, loop));
  await setDeadlines(
    tx,
    changes.flatMap(({ kept }) => kept),
    changes.flatMap(({ dropped }) => dropped),
  );
  await tally(tx, opened, moves);
}

async function insertLoops(tx: EntityManager, loops: readonly Loop[]): Promise<void> {
  if (loops.length === 0) return;
  await written(
    tx,
    loops.length,
    `insert into loop (loop_id, version, state, cycle, level, team, priority, owner, waiting, feedback,
        first_responded_at, resolved_at, closed_at, expires_at, customer, sla_policy, historic, received_at, opened_at)
      select * from unnest(${loopTypes}, $15::uuid[], $16::text[], $17::bool[], $18::timestamptz[], $19::timestamptz[])
      on conflict do nothing`,
    [
      ...loopValues(loops),
      arrayLiteral(loops.map(({ customer }) => customer ?? null)),
      arrayLiteral(loops.map(({ slaPolicy }) => slaPolicy)),
      arrayLiteral(loops.map(({ historic }) => historic)),
      arrayLiteral(loops.map(({ receivedAt }) => receivedAt.toISOString())),
      arrayLiteral(loops.map(({ openedAt }) => openedAt.toISOString())),
    ],
  );
}

async function updateLoops(tx: EntityManager, moves: readonly Move[]): Promise<void> {
  if (moves.length === 0) return;
  await written(
    tx,
    moves.length,
    `update loop l set version = n.version, state = n.state, cycle = n.cycle, level = n.level, team = n.team,
        priority = n.priority, owner = n.owner, waiting = n.waiting, feedback = n.feedback,
        first_responded_at = n.first_responded_at, resolved_at = n.resolved_at, closed_at = n.closed_at,
        expires_at = n.expires_at
      from unnest(${loopTypes}, $15::int[]) n(loop_id, version, state, cycle, level, team, priority, owner, waiting,
        feedback, first_responded_at, resolved_at, closed_at, expires_at, before)
      where l.loop_id = n.loop_id and l.version = n.before`,
    [...loopValues(moves.map(({ loop }) => loop)), arrayLiteral(moves.map(({ before }) => before.version))],
  );
}

/** To be called when the loops are locked: nobody else writes their deadlines then. */
export async function setDeadlines(
  tx: EntityManager,
  kept: readonly KeptDeadline[],
  dropped: readonly { readonly loopId: string; readonly kind: DeadlineKind }[],
): Promise<void> {
  if (dropped.length > 0) {
    await tx.query(
      `delete from deadline d using unnest($1::uuid[], $2::text[]) n(loop_id, kind)
        where d.loop_id = n.loop_id and d.kind = n.kind`,
      [arrayLiteral(dropped.map(({ loopId }) => loopId)), arrayLiteral(dropped.map(({ kind }) => kind))],
    );
  }
  if (kept.length > 0) {
    await tx.query(
      `insert into deadline (loop_id, kind, due_at) select * from unnest($1::uuid[], $2::text[], $3::timestamptz[])
        on conflict (loop_id, kind) do update set due_at = excluded.due_at`,
      [
        arrayLiteral(kept.map(({ loopId }) => loopId)),
        arrayLiteral(kept.map(({ kind }) => kind)),
        arrayLiteral(kept.map(({ dueAt }) => dueAt.toISOString())),
      ],
    );
  }
}

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
    [
      arrayLiteral(changed.map(({ team }) => team)),
      arrayLiteral(changed.map(({ state }) => state)),
      arrayLiteral(changed.map(({ count }) => count)),
    ],
  );
}

export async function appendHistory(tx: EntityManager, steps: readonly Step[]): Promise<void> {
  if (steps.length === 0) return;
  await tx.query(
    `insert into loop_history (${historyColumns}) select * from unnest(${historyTypes})`,
    historyValues(steps),
  );
}

const loopTypes =
  '$1::uuid[], $2::int[], $3::text[], $4::int[], $5::int[], $6::text[], $7::text[], $8::text[], $9::bool[], $10::int[], ' +
  '$11::timestamptz[], $12::timestamptz[], $13::timestamptz[], $14::timestamptz[]';

const loopValues = (loops: readonly Loop[]): string[] => [
  arrayLiteral(loops.map(({ loopId }) => loopId)),
  arrayLiteral(loops.map(({ version }) => version)),
  arrayLiteral(loops.map(({ state }) => state)),
  arrayLiteral(loops.map(({ cycle }) => cycle)),
  arrayLiteral(loops.map(({ level }) => level)),
  arrayLiteral(loops.map(({ team }) => team)),
  arrayLiteral(loops.map(({ priority }) => priority)),
  arrayLiteral(loops.map(({ owner }) => owner ?? null)),
  arrayLiteral(loops.map(({ waiting }) => waiting)),
  arrayLiteral(loops.map(({ feedback }) => feedback)),
  arrayLiteral(loops.map(({ firstRespondedAt }) => firstRespondedAt?.toISOString() ?? null)),
  arrayLiteral(loops.map(({ resolvedAt }) => resolvedAt?.toISOString() ?? null)),
  arrayLiteral(loops.map(({ closedAt }) => closedAt?.toISOString() ?? null)),
  arrayLiteral(loops.map(({ expiresAt }) => expiresAt?.toISOString() ?? null)),
];
