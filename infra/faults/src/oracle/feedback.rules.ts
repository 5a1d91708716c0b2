import { type Told } from '../load/journal.js';
import { byKey, groupedBy } from './grouping.js';
import { type LedgerRow, type Rule } from './facts.js';

const revisionKey = ({ feedbackId, revision }: { feedbackId?: string; revision?: number }): string =>
  `${feedbackId}/${revision}`;

/** What was told to be accepted is kept: the very revision, with the very content. */
export const acceptedIsKept: Rule = function* ({ told }, held) {
  const revisions = byKey(held.revisions, revisionKey);
  const ledger = byKey(held.ledger, ({ feedbackId }) => feedbackId);
  for (const { submission, answer } of told) {
    const { feedbackId: id, contentHash, kind } = submission;
    if (!answer || answer.result === 'rejected' || kind === 'poison' || id === undefined) continue;
    if (answer.result === 'accepted' || answer.result === 'revised') {
      const kept = revisions.get(`${id}/${answer.revision}`);
      const toldOf = `${answer.result}, revision ${answer.revision}`;
      if (!kept) yield { how: 'lost', id, told: toldOf, found: 'no such revision' };
      else if (kept.contentHash !== contentHash)
        yield {
          how: 'lost',
          id,
          told: toldOf,
          found: `that revision has the hash ${kept.contentHash}, not ${contentHash}`,
        };
    } else if (!ledger.has(id)) {
      yield { how: 'lost', id, told: answer.result, found: 'it is not known' };
    }
  }
};

/** One revision was told to one sender only. */
export const acceptedOnce: Rule = function* ({ told }, _held) {
  const accepted = told.filter(({ answer }) => answer?.result === 'accepted' || answer?.result === 'revised');
  const keyOf = ({ submission: { feedbackId }, answer }: Told): string | undefined =>
    answer && 'revision' in answer ? revisionKey({ feedbackId, revision: answer.revision }) : undefined;
  for (const [, several] of groupedBy(accepted, keyOf)) {
    if (several.length < 2) continue;
    const { submission, answer } = several[0]!;
    const { revision } = answer as { revision: number };
    yield {
      how: 'doubled',
      id: submission.feedbackId!,
      told: `revision ${revision} was accepted ${several.length} times`,
      found: 'an acceptance gives a revision to one',
    };
  }
};

/** Revisions are numbered gapless from 1, each content came from a sender, and none is accepted twice in a row. */
export const revisionsFollowOn: Rule = function* ({ told }, held) {
  const hashes = new Map<string, Set<string>>();
  for (const { submission } of told) {
    const { feedbackId, contentHash, kind } = submission;
    if (feedbackId === undefined || contentHash === undefined || kind === 'poison') continue;
    let known = hashes.get(feedbackId);
    if (!known) hashes.set(feedbackId, (known = new Set()));
    known.add(contentHash);
  }
  const kept = groupedBy(held.revisions, ({ feedbackId }) => feedbackId);
  for (const { feedbackId: id, acceptedRevision, contentHash } of held.ledger) {
    const rows = [...(kept.get(id) ?? [])].sort((a, b) => a.revision - b.revision);
    const numbers = rows.map(({ revision }) => revision);
    if (numbers.length !== acceptedRevision || numbers.some((number, at) => number !== at + 1)) {
      yield { how: 'lost', id, told: `${acceptedRevision} revisions`, found: `revisions ${numbers.join()}` };
      continue;
    }
    if (rows.at(-1)!.contentHash !== contentHash)
      yield {
        how: 'lost',
        id,
        told: `the latest content is ${contentHash}`,
        found: `it is ${rows.at(-1)!.contentHash}`,
      };
    const sent = hashes.get(id);
    for (const [at, row] of rows.entries()) {
      if (sent && !sent.has(row.contentHash))
        yield {
          how: 'other',
          id,
          told: 'nobody sent it',
          found: `revision ${row.revision} has the hash ${row.contentHash}`,
        };
      if (at > 0 && rows[at - 1]!.contentHash === row.contentHash)
        yield {
          how: 'doubled',
          id,
          told: 'the same again is a duplicate',
          found: `revisions ${at} and ${at + 1} are alike`,
        };
    }
  }
};

/** The latest revision by updatedAt that was acknowledged holds; one of which nothing certain was heard may hold instead. */
export const highestHolds: Rule = function* ({ told }, held) {
  const ledger = byKey(held.ledger, ({ feedbackId }) => feedbackId);
  const sound = told.filter(({ submission: { kind } }) => kind !== 'poison');
  for (const [id, sent] of groupedBy(sound, ({ submission: { feedbackId } }) => feedbackId)) {
    const row = ledger.get(id);
    // that it is there at all is another rule's
    if (!row) continue;
    const known = sent.filter(({ answer }) => answer && answer.result !== 'rejected');
    const revisions = known.flatMap(({ answer, submission }) =>
      answer?.result === 'accepted' || answer?.result === 'revised' ? [{ revision: answer.revision, submission }] : [],
    );
    const last = revisions.sort((a, b) => b.revision - a.revision)[0];
    if (last && row.acceptedRevision < last.revision)
      yield {
        how: 'lost',
        id,
        told: `revision ${last.revision}`,
        found: `revision ${row.acceptedRevision} is the latest`,
      };

    if (known.some(({ submission: { kind, updatedAt } }) => kind === 'deleted' && updatedAt === undefined)) {
      // it is as late as its receipt, and all that the load sends was changed before that
      if (row.deletedAt === undefined) yield { how: 'lost', id, told: 'deleted', found: 'it is not deleted' };
      continue;
    }
    const latest = Math.max(...known.map(timeOf), -Infinity);
    const holds = row.updatedAt ?? -Infinity;
    if (holds < latest)
      yield { how: 'lost', id, told: `changed at ${iso(latest)}`, found: `what was changed at ${iso(holds)} holds` };
    else if (!isOneOf(row, holds, sent))
      yield {
        how: 'lost',
        id,
        told: `nothing like it was changed at ${iso(holds)}`,
        found: `the hash ${row.contentHash} holds`,
      };
  }
};

const timeOf = ({ submission: { updatedAt } }: Told): number =>
  updatedAt === undefined ? -Infinity : Date.parse(updatedAt);
const iso = (time: number): string => (Number.isFinite(time) ? new Date(time).toISOString() : 'no time');

/** A tombstone without a time keeps the time of what it deletes. */
const isOneOf = ({ contentHash }: LedgerRow, holds: number, sent: readonly Told[]): boolean =>
  sent.some(
    (one) =>
      one.submission.contentHash === contentHash &&
      (timeOf(one) === holds || (one.submission.kind === 'deleted' && one.submission.updatedAt === undefined)),
  );

/** What was refused is nowhere, and nothing that must be refused was taken. */
export const rejectedIsNowhere: Rule = function* ({ told }, held) {
  const ledger = new Set(held.ledger.map(({ feedbackId }) => feedbackId));
  const settled = new Set(held.settled.map(({ feedbackId }) => feedbackId));
  const sent = new Set(held.events.map(({ feedbackId }) => feedbackId));
  for (const { submission, answer } of told) {
    const { kind, feedbackId, via } = submission;
    const id = feedbackId ?? `submission ${submission.no}`;
    if (kind !== 'poison') {
      if (answer?.result === 'rejected')
        yield { how: 'other', id, told: `rejected with ${answer.status}`, found: 'there is nothing wrong with it' };
      continue;
    }
    if (via !== 'kafka' && answer && (answer.result !== 'rejected' || answer.status < 400 || answer.status > 499))
      yield { how: 'other', id, told: JSON.stringify(answer), found: 'it must be refused with 4xx' };
    const places = [
      ...(ledger.has(id) ? ['ingestion'] : []),
      ...(settled.has(id) ? ['loop'] : []),
      ...(sent.has(id) ? ['a topic'] : []),
    ];
    if (places.length > 0)
      yield { how: 'other', id, told: 'it must be refused', found: `it is in ${places.join(' and ')}` };
  }
};

/** Each accepted revision has its end, a settlement or a dead letter, and only one of both. */
export const eachHasOneEnd: Rule = function* (_heard, held) {
  const settled = new Set(held.settlements.map(revisionKey));
  const dead = new Set(held.letters.flatMap((one) => (one.revision === undefined ? [] : [revisionKey(one)])));
  for (const row of held.revisions) {
    const key = revisionKey(row);
    const told = `revision ${row.revision} is accepted`;
    const id = row.feedbackId;
    if (!settled.has(key) && !dead.has(key))
      yield { how: 'lost', id, told, found: 'neither settled nor a dead letter' };
    if (settled.has(key) && dead.has(key))
      yield { how: 'doubled', id, told, found: 'settled, and a dead letter as well' };
  }
  const known = new Set(held.revisions.map(revisionKey));
  for (const row of held.settlements) {
    if (!known.has(revisionKey(row)))
      yield {
        how: 'doubled',
        id: row.feedbackId,
        told: 'never accepted',
        found: `revision ${row.revision} is settled`,
      };
  }
};

/** One settlement for each revision, each with a number of its own, and the highest revision is the one that stands. */
export const settledOnce: Rule = function* (_heard, held) {
  for (const [, several] of groupedBy(held.settlements, revisionKey)) {
    if (several.length < 2) continue;
    const { feedbackId: id, revision } = several[0]!;
    yield {
      how: 'doubled',
      id,
      told: 'settled once',
      found: `revision ${revision} was settled ${several.length} times`,
    };
  }
  const settlements = groupedBy(held.settlements, ({ feedbackId }) => feedbackId);
  for (const row of held.settled) {
    const { feedbackId: id } = row;
    const own = settlements.get(id) ?? [];
    const numbers = new Set(own.map(({ settlement }) => settlement));
    if (numbers.size !== own.length)
      yield {
        how: 'doubled',
        id,
        told: 'each settlement has its number',
        found: own.map(({ settlement }) => settlement).join(),
      };
    if (own.length > 0 && Math.max(...numbers) !== row.settlement)
      yield { how: 'lost', id, told: `${row.settlement} settlements`, found: `the last is ${Math.max(...numbers)}` };
    const standing = own.filter(({ outcome }) => outcome !== 'superseded');
    const highest = Math.max(...standing.map(({ revision }) => revision), 0);
    if (highest !== row.revision)
      yield { how: 'lost', id, told: `revision ${highest} is the highest`, found: `revision ${row.revision} stands` };
    const stands = standing.find(({ revision }) => revision === row.revision);
    if (stands && stands.outcome !== row.outcome)
      yield { how: 'other', id, told: `settled as ${stands.outcome}`, found: `${row.outcome} stands` };
  }
};

/** No sound feedback of the load dies: nothing in it gives a reason to. */
export const soundDoesNotDie: Rule = function* ({ told }, held) {
  const poison = new Set(
    told.filter(({ submission: { kind } }) => kind === 'poison').map(({ submission }) => submission.feedbackId),
  );
  const sent = new Set(told.map(({ submission: { feedbackId } }) => feedbackId));
  for (const { feedbackId, group, topic, reason, letterId } of held.letters) {
    if (feedbackId === undefined || !sent.has(feedbackId) || poison.has(feedbackId)) continue;
    yield {
      how: 'other',
      id: feedbackId,
      told: 'there is nothing wrong with it',
      found: `${group} put it aside as ${reason}, out of ${topic} (letter ${letterId})`,
    };
  }
};
