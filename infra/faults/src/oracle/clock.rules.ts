import { promised, type PromisedTarget } from '../rig/promises.js';
import { groupedBy } from './grouping.js';
import { type Broken, type HistoryRow, type LoopRow, type Rule } from './facts.js';

/** How long after its time something may be done, milliseconds: a replica may have been away */
const lateMs = 30_000;
const firstWarned = promised.warnAt;
const targets = Object.keys(promised.limits) as PromisedTarget[];

/** A loop's cycle as far as its clocks go, followed through a history without asking the service. */
interface Cycle {
  number: number;
  /** When its clock started, milliseconds since 1970 */
  start: number;
  responded: boolean;
  readonly told: Set<string>;
}

const time = (ms: number): string => new Date(ms).toISOString();

/** Whether a target is still to be kept in this state. */
const isRunning = (target: PromisedTarget, state: string, { responded }: Cycle): boolean =>
  target === 'first-response'
    ? ['opened', 'reopened', 'acknowledged'].includes(state) && !responded
    : ['opened', 'reopened', 'acknowledged', 'responded'].includes(state);

/**
 * What was promised by this run's settings is kept count of: each limit of a cycle is warned of and breached once, never early and at its
 * time to the millisecond; each level of the chain is reached once, after the limit that it follows; and nothing that is long due is missing.
 */
export const clocksAreKept: Rule = function* (_heard, held) {
  const loops = new Map(held.loops.map((loop) => [loop.loopId, loop]));
  const taken = new Map<string, number>();
  for (const { loopId, version, takenAt } of held.loopEvents) {
    const key = `${loopId}/${version}`;
    taken.set(key, Math.min(takenAt, taken.get(key) ?? Infinity));
  }
  for (const [id, unsorted] of groupedBy(held.history, ({ loopId }) => loopId)) {
    const rows = [...unsorted].sort((a, b) => a.version - b.version);
    if (!rows[0]?.terms?.startsWith('2/') || rows[0].receivedAt === undefined) continue;
    const loop = loops.get(id);
    const cycle: Cycle = { number: 1, start: rows[0].receivedAt, responded: false, told: new Set() };
    let before: HistoryRow | undefined;
    for (const row of rows) {
      if (row.cycle !== cycle.number) {
        Object.assign(cycle, { number: row.cycle, start: row.at, responded: false });
        cycle.told.clear();
      }
      if (row.change === 'responded') cycle.responded = true;
      // the only answer of its cycle did not arrive: the clock goes on
      if (row.change === 'reply-failed' && before?.state === 'responded' && row.state === 'acknowledged')
        cycle.responded = false;
      yield* levelIsNext(id, before, row);
      if (row.target !== undefined) {
        // the broker's clock as well: what the service says of the time may be what is wrong
        const met = Math.min(row.at, taken.get(`${id}/${row.version}`) ?? Infinity);
        yield* isDue(id, row, met, before?.level ?? 0, cycle);
      }
      before = row;
    }
    if (loop) yield* nothingIsMissing(loop, cycle, held.now);
  }
};

/** A level follows the one before; another team by hand begins at the bottom. */
function* levelIsNext(id: string, before: HistoryRow | undefined, row: HistoryRow): Generator<Broken> {
  const level = row.level ?? 0;
  const was = before?.level ?? 0;
  const expected =
    row.change === 'escalated' || row.change === 'objected'
      ? was + 1
      : row.change === 'assigned' && row.team !== before?.team
        ? 0
        : was;
  if (level !== expected)
    yield { how: 'doubled', id, told: `level ${expected} after ${row.change}`, found: `level ${level}` };
}

function* isDue(id: string, row: HistoryRow, met: number, level: number, cycle: Cycle): Generator<Broken> {
  const what = `${row.change} of ${row.target}, version ${row.version}`;
  const target = targets.find((one) => one === row.target);
  const limit = target && promised.limits[target];
  const after = promised.chain[level]?.after;
  const expected =
    limit === undefined
      ? undefined
      : row.change === 'warned'
        ? cycle.start + limit * firstWarned
        : row.change === 'breached'
          ? cycle.start + limit
          : after === undefined
            ? undefined
            : cycle.start + limit + after;
  if (expected === undefined || row.dueAt !== expected) {
    yield {
      ...{ how: 'other', id, told: `${what} is due at ${expected === undefined ? 'no time' : time(expected)}` },
      found: row.dueAt === undefined ? 'no time' : time(row.dueAt),
    };
    return;
  }
  if (met < expected) yield { how: 'other', id, told: `${what} at ${time(expected)}`, found: `at ${time(met)}` };
  if (row.change === 'escalated') return;
  const key = `${row.change} ${row.target}`;
  if (cycle.told.has(key)) yield { how: 'doubled', id, told: `${key} once in cycle ${cycle.number}`, found: what };
  cycle.told.add(key);
}

/** What was due long ago, as the loop stands now. */
function* nothingIsMissing(loop: LoopRow, cycle: Cycle, now: number): Generator<Broken> {
  const id = loop.loopId;
  for (const target of targets) {
    if (!isRunning(target, loop.state, cycle)) continue;
    const limitAt = cycle.start + promised.limits[target];
    if (limitAt < now - lateMs && !cycle.told.has(`breached ${target}`))
      yield { how: 'lost', id, told: `${target} was breached at ${time(limitAt)}`, found: 'nobody was told' };
    const step = promised.chain[loop.level ?? 0];
    if (step && limitAt + step.after < now - lateMs)
      yield {
        ...{ how: 'lost', id, told: `level ${(loop.level ?? 0) + 1} at ${time(limitAt + step.after)}` },
        found: `level ${loop.level ?? 0}`,
      };
  }
}
