import { loopIdOf } from '@closeloop/contracts';
import { type Transition } from '../load/journal.js';
import { byKey, countedBy, groupedBy } from './grouping.js';
import { type HistoryRow, type Rule } from './facts.js';

const versionKey = ({ loopId, version }: { loopId: string; version: number }): string => `${loopId}/${version}`;

const told = ({ change, version, actor }: Transition): string =>
  `${change}, version ${version}, by ${actor.id ?? actor.kind}`;

/** What an agent or a connector was told to have happened is in the history, as told, and was told to one. */
export const toldTransitionsHappened: Rule = function* ({ transitions }, held) {
  const history = byKey(held.history, versionKey);
  for (const one of transitions) {
    const found = history.get(versionKey(one));
    if (!found) yield { how: 'lost', id: one.loopId, told: told(one), found: 'no such version' };
    else if (
      found.change !== one.change ||
      found.actorKind !== one.actor.kind ||
      (one.actor.id ?? found.actorId) !== found.actorId
    )
      yield {
        how: 'lost',
        id: one.loopId,
        told: told(one),
        found: `that version is ${found.change} by ${found.actorId ?? found.actorKind}`,
      };
  }
  for (const [, several] of groupedBy(transitions, versionKey)) {
    if (several.length > 1)
      yield {
        how: 'doubled',
        id: several[0]!.loopId,
        told: several.map(told).join('; '),
        found: 'one version is one change',
      };
  }
};

/** A history has the versions 1 to n, begins with `opened`, which is never again, and its end is the loop. */
export const historiesAreWhole: Rule = function* (_heard, held) {
  const histories = groupedBy(held.history, ({ loopId }) => loopId);
  const loops = byKey(held.loops, ({ loopId }) => loopId);
  for (const [id, rows] of histories) {
    if (!loops.has(id)) yield { how: 'doubled', id, told: 'no such loop', found: `a history of ${rows.length}` };
  }
  for (const loop of held.loops) {
    const id = loop.loopId;
    const rows = [...(histories.get(id) ?? [])].sort((a, b) => a.version - b.version);
    const versions = rows.map(({ version }) => version);
    if (versions.length !== loop.version || versions.some((version, at) => version !== at + 1)) {
      yield { how: 'lost', id, told: `versions 1 to ${loop.version}`, found: `versions ${versions.join()}` };
      continue;
    }
    const openings = rows.filter(({ change }) => change === 'opened').map(({ version }) => version);
    if (openings.length !== 1 || openings[0] !== 1)
      yield {
        how: 'doubled',
        id,
        told: 'opened once, at first',
        found: `opened at ${openings.join() || 'no version'}`,
      };
    const last = rows.at(-1)!;
    for (const name of ['state', 'cycle', 'team', 'priority', 'owner'] as const) {
      if (last[name] !== loop[name])
        yield { how: 'other', id, told: `${name} is ${last[name]} by the history`, found: `${loop[name]} in the loop` };
    }
  }
};

/** What its source or its customer did to it. */
const byFeedback = new Set(['opened', 'joined', 'revised', 'noted', 'withdrawn', 'confirmed', 'objected']);

/** Each feedback opens one loop or joins one, and each of its revisions moves a loop once. */
export const eachMovesOnce: Rule = function* (_heard, held) {
  const ofFeedback = held.history.filter(
    ({ feedbackId, change, actorKind }) => feedbackId !== undefined && byFeedback.has(change) && actorKind !== 'agent',
  );
  for (const [, several] of groupedBy(ofFeedback, ({ feedbackId, revision }) => `${feedbackId}/${revision}`)) {
    if (several.length < 2) continue;
    const { feedbackId, revision } = several[0]!;
    yield {
      how: 'doubled',
      id: feedbackId!,
      told: `revision ${revision} moves a loop once`,
      found: several.map(step).join('; '),
    };
  }
  const places = ofFeedback.filter(({ change }) => change === 'opened' || change === 'joined');
  for (const [id, several] of groupedBy(places, ({ feedbackId }) => feedbackId)) {
    if (several.length > 1)
      yield { how: 'doubled', id, told: 'one loop for each', found: several.map(step).join('; ') };
  }
};

const step = ({ loopId, version, change }: HistoryRow): string => `${change} as version ${version} of ${loopId}`;

/** Who opened a loop is in it, who is in a loop opened or joined it, and a loop counts those that are in it. */
export const loopsHoldTheirFeedback: Rule = function* (_heard, held) {
  const settled = byKey(held.settled, ({ feedbackId }) => feedbackId);
  const loops = byKey(held.loops, ({ loopId }) => loopId);
  for (const { loopId: id, feedbackId } of held.history.filter(({ change }) => change === 'opened')) {
    const opener = feedbackId === undefined ? undefined : settled.get(feedbackId);
    if (!opener || opener.loopId !== id || opener.place !== 'loop' || loopIdOf(opener.feedbackId) !== id)
      yield { how: 'doubled', id, told: `opened by ${feedbackId}`, found: `that is in ${opener?.loopId ?? 'no loop'}` };
  }
  const joined = new Set(
    held.history.filter(({ change }) => change === 'joined').map(({ loopId, feedbackId }) => `${loopId}/${feedbackId}`),
  );
  for (const { feedbackId: id, loopId, place } of held.settled) {
    if (loopId === undefined) continue;
    if (!loops.has(loopId)) yield { how: 'lost', id, told: `it is in ${loopId}`, found: 'no such loop' };
    else if (place === 'joined' && !joined.has(`${loopId}/${id}`))
      yield { how: 'lost', id, told: `it joined ${loopId}`, found: 'the history does not say so' };
  }
  const inside = countedBy(
    held.settled.filter(({ outcome }) => outcome !== 'withdrawn'),
    ({ loopId }) => loopId ?? '',
  );
  for (const { loopId: id, feedback } of held.loops) {
    if (feedback !== (inside.get(id) ?? 0))
      yield { how: 'other', id, told: `${inside.get(id) ?? 0} feedback in it`, found: `it counts ${feedback}` };
  }
};

/** How long after its time a deadline may be met, milliseconds: a replica may have been away */
const lateMs = 30_000;

/**
 * A resolved loop whose window is over expires, once and not before it is over; every deadline is of a loop that has one, and none is
 * long overdue.
 */
export const deadlinesAreMet: Rule = function* (_heard, held) {
  const taken = new Map<string, number>();
  for (const { loopId, version, takenAt } of held.loopEvents) {
    const key = versionKey({ loopId, version });
    taken.set(key, Math.min(takenAt, taken.get(key) ?? Infinity));
  }
  for (const [id, rows] of groupedBy(held.history, ({ loopId }) => loopId)) {
    let dueAt: number | undefined;
    for (const row of [...rows].sort((a, b) => a.version - b.version)) {
      if (row.change === 'expired') {
        const told = `due at ${dueAt === undefined ? 'no time' : new Date(dueAt).toISOString()}`;
        // the broker's clock as well: what the service says of the time may be what is wrong
        const met = Math.min(row.at, taken.get(versionKey(row)) ?? Infinity);
        if (dueAt === undefined) yield { how: 'doubled', id, told, found: `version ${row.version} expired` };
        else if (met < dueAt) yield { how: 'other', id, told, found: `it expired at ${new Date(met).toISOString()}` };
      }
      if (row.change === 'resolved') dueAt = row.dueAt;
      else if (row.state !== 'resolved') dueAt = undefined;
    }
  }
  const deadlines = groupedBy(held.deadlines, ({ loopId }) => loopId);
  for (const { loopId: id, state, expiresAt } of held.loops) {
    const of = deadlines.get(id) ?? [];
    const found = of.filter(({ kind }) => kind === 'expiry').map(({ dueAt }) => dueAt);
    const expected = expiresAt === undefined ? [] : [expiresAt];
    deadlines.delete(id);
    for (const { kind, dueAt } of of) {
      if (kind !== 'expiry' && dueAt < held.now - lateMs)
        yield {
          how: 'lost',
          id,
          told: `${kind} due at ${new Date(dueAt).toISOString()}`,
          found: 'it is still to be met',
        };
    }
    if (found.join() !== expected.join())
      yield { how: 'lost', id, told: `deadlines at ${expected.join() || 'no time'}`, found: found.join() || 'none' };
    if ((state === 'resolved') !== (expiresAt !== undefined))
      yield {
        how: 'lost',
        id,
        told: 'who is resolved expires, and nobody else',
        found: `${state}, ${expiresAt ?? 'no time'}`,
      };
    if (expiresAt !== undefined && expiresAt < held.now - lateMs)
      yield { how: 'lost', id, told: `due at ${new Date(expiresAt).toISOString()}`, found: 'it has not expired' };
  }
  for (const [id] of deadlines) yield { how: 'other', id, told: 'no such loop', found: 'it has a deadline' };
};
