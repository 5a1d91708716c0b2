import { replyIdOf } from '@closeloop/contracts';
import { followUpIdOf } from './derived-ids.js';
import { byKey, groupedBy } from './grouping.js';
import { type HistoryRow, type Rule } from './facts.js';

const cycleKey = ({ loopId, cycle }: { loopId: string; cycle: number }): string => `${loopId}/${cycle}`;

/** Each cycle in which a loop was resolved has one follow-up, under its derived id, and no other has one; none still waits. */
export const followUpsAreRequestedOnce: Rule = function* (_heard, held) {
  const found = groupedBy(held.followUps, cycleKey);
  const resolved = byKey(
    held.history.filter(({ state }) => state === 'resolved'),
    cycleKey,
  );
  for (const [key, { loopId: id, cycle }] of resolved) {
    const count = found.get(key)?.length ?? 0;
    if (count !== 1)
      yield {
        ...{ how: count === 0 ? 'lost' : 'doubled', id, told: `one follow-up of cycle ${cycle}` },
        found: `${count} are requested`,
      };
  }
  for (const { followUpId, loopId: id, cycle, state } of held.followUps) {
    if (!resolved.has(cycleKey({ loopId: id, cycle })))
      yield { how: 'doubled', id, told: `cycle ${cycle} was never resolved`, found: 'it has a follow-up' };
    if (followUpId !== followUpIdOf(id, cycle))
      yield { how: 'doubled', id, told: `cycle ${cycle} has ${followUpIdOf(id, cycle)}`, found: followUpId };
    if (state === 'pending')
      yield { how: 'lost', id, told: `the follow-up of cycle ${cycle} is decided`, found: 'it is pending' };
  }
};

/**
 * How long a step's time may lie before it holds, milliseconds: it is read before the locks are, and whoever has them may be frozen. So
 * much later than a loop has left `resolved` nobody is asked.
 */
const lockedMs = 15_000;

/** Nobody is asked about a loop that has left `resolved` before, nor after its window. */
export const followUpsComeInTime: Rule = function* (_heard, held) {
  const ends = new Map<string, number>();
  for (const [loopId, unsorted] of groupedBy(held.history, (row) => row.loopId)) {
    const rows = [...unsorted].sort((a, b) => a.version - b.version);
    let resolved: HistoryRow | undefined;
    for (const row of rows) {
      if (row.state === 'resolved') resolved = row;
      else if (resolved) {
        ends.set(cycleKey({ loopId, cycle: resolved.cycle }), row.at);
        resolved = undefined;
      }
    }
  }
  const time = (ms: number): string => new Date(ms).toISOString();
  for (const { loopId: id, cycle, handedOverAt, requestedAt, expiresAt } of held.followUps) {
    if (handedOverAt === undefined) continue;
    const found = `handed over at ${time(handedOverAt)}`;
    const end = ends.get(cycleKey({ loopId: id, cycle })) ?? Infinity;
    if (handedOverAt > end + lockedMs)
      yield { how: 'other', id, told: `cycle ${cycle} was over at ${time(end)}`, found };
    if (handedOverAt < requestedAt || handedOverAt >= expiresAt)
      yield { how: 'other', id, told: `asked from ${time(requestedAt)} to ${time(expiresAt)}`, found };
  }
};

/** Whom a follow-up reached is asked by one reply under its id, and nobody else is asked. */
export const followUpsAreHandedOver: Rule = function* (_heard, held) {
  const replies = byKey(held.replies, ({ replyId }) => replyId);
  const asked = new Set<string>();
  for (const { followUpId, loopId: id, cycle, state, reason } of held.followUps) {
    // a connector could not say it: nobody was asked
    const unsaid = state === 'skipped' && reason === 'refused';
    if (state !== 'handed-over' && state !== 'answered' && !unsaid) continue;
    asked.add(followUpId);
    const reply = replies.get(followUpId);
    const told = `the follow-up of cycle ${cycle} is ${state}`;
    if (!reply) yield { how: 'lost', id, told, found: 'no connector was asked to say it' };
    else if (reply.kind !== 'follow-up' || reply.loopId !== id || reply.cycle !== cycle)
      yield { how: 'doubled', id, told, found: `its reply is of cycle ${reply.cycle} of ${reply.loopId}` };
    else if ((reply.state === 'failed') !== unsaid)
      yield { how: 'other', id, told, found: `its reply is ${reply.state}` };
  }
  for (const { replyId, kind, loopId: id, cycle } of held.replies) {
    if (kind === 'follow-up' && !asked.has(replyId))
      yield { how: 'doubled', id, told: `nobody was asked in cycle ${cycle}`, found: `reply ${replyId} asks` };
  }
};

/**
 * Every reply that was asked for has one end, sent or failed, the same in both services and in the topics; an answer has the id that is
 * derived of its version.
 */
export const repliesEndOnce: Rule = function* (_heard, held) {
  const sendings = byKey(held.sendings, ({ replyId }) => replyId);
  const results = groupedBy(held.replyResults, ({ replyId }) => replyId);
  for (const { replyId, kind, loopId: id, version, state } of held.replies) {
    const sending = sendings.get(replyId);
    const ends = [...new Set(results.get(replyId)?.map(({ result }) => result))];
    const told = `${kind} ${replyId} is ${state}`;
    sendings.delete(replyId);
    if (kind === 'answer' && replyId !== replyIdOf(id, version!))
      yield {
        how: 'doubled',
        id,
        told: `version ${version} is answered by ${replyIdOf(id, version!)}`,
        found: replyId,
      };
    if (state === 'requested') yield { how: 'lost', id, told, found: 'it has no end' };
    if (!sending || sending.state !== state)
      yield { how: 'lost', id, told, found: sending ? `ingestion says ${sending.state}` : 'ingestion has none' };
    if (ends.length > 1) yield { how: 'doubled', id, told, found: `it was told to be ${ends.join(' and ')}` };
    else if (ends[0] !== state) yield { how: 'lost', id, told, found: `it was told to be ${ends[0] ?? 'nothing'}` };
  }
  for (const [replyId, { loopId: id, kind }] of sendings)
    yield { how: 'doubled', id, told: `no ${kind} ${replyId} was asked for`, found: 'ingestion has it' };
};

/** The place where customers read took each reply that is sent at least once, under one id, and took none that was not asked for. */
export const repliesArrive: Rule = function* (_heard, held) {
  const taken = groupedBy(held.replyTakings, ({ id }) => id);
  for (const { replyId, kind, loopId: id, source, state } of held.sendings) {
    if (state === 'sent' && !taken.get(replyId)?.some((taking) => taking.source === source))
      yield { how: 'lost', id, told: `${kind} ${replyId} is sent`, found: 'the receiver never took it' };
  }
  const asked = new Set(held.sendings.map(({ replyId }) => replyId));
  for (const { id: messageId, replyId, loopId: id } of held.replyTakings) {
    if (messageId !== replyId)
      yield { how: 'doubled', id, told: `reply ${replyId} has one id`, found: `it came as ${messageId}` };
    if (!asked.has(replyId)) yield { how: 'doubled', id, told: `nobody asked for ${replyId}`, found: 'it was taken' };
  }
};
