import { Injectable } from '@nestjs/common';
import { type LoopChanged } from '@closeloop/contracts';
import { type LedgerChange, type LedgerRow, type LedgerTransaction, type Tally } from '../domain/ledger-store.js';
import { withFact, type LedgerEntry, type LedgerFact } from '../domain/ledger-entry.js';
import { hasRevision, revisionsIn } from '../domain/revision-set.js';
import { withTrail } from '../domain/trail-record.js';
import { laterStanding, type LoopStanding } from '../domain/loop-standing.js';

/** What the loop service says, and the way on which it came to be said. */
export interface ToldChange {
  readonly data: LoopChanged;
  /** The trail header, with ingestion's own step */
  readonly trail?: string;
}

/** Enters into the ledger what the loop service says of feedback and loops. */
@Injectable()
export class SettleFeedbackHandler {
  /** The feedbackIds that were never accepted here: nothing is entered for them. */
  async settle(transaction: LedgerTransaction, told: readonly ToldChange[]): Promise<Set<string>> {
    const events = told.map(({ data }) => data);
    const feedbackIds = sorted(events.flatMap(({ feedback }) => (feedback ? [feedback.feedbackId] : [])));
    const loopIds = sorted(events.flatMap(({ loop, loopId }) => (loop ? [loopId] : [])));
    const [known, knownLoops] = await Promise.all([
      feedbackIds.length > 0 ? transaction.lock(feedbackIds) : new Map<string, LedgerRow>(),
      loopIds.length > 0 ? transaction.lockLoops(loopIds) : new Map<string, LoopStanding>(),
    ]);

    const rows = new Map<string, LedgerRow>();
    const loops = new Map<string, LoopStanding>();
    for (const { data: event, trail } of told) {
      const row = event.feedback && (rows.get(event.feedback.feedbackId) ?? known.get(event.feedback.feedbackId));
      if (row) {
        const entry = withFact(row.entry, factOf(event));
        if (entry !== row.entry) {
          const way = trail === undefined ? row.trail : withTrail(row.trail, event.feedback!.revision, trail);
          rows.set(row.feedbackId, { ...row, entry, ...(way !== undefined && { trail: way }) });
        }
      }
      const heard = standingOf(event, row?.source);
      if (!heard) continue;
      const before = loops.get(event.loopId) ?? knownLoops.get(event.loopId);
      const standing = laterStanding(before, heard);
      if (standing !== before) loops.set(event.loopId, standing);
    }

    const change: LedgerChange = {
      rows: [...rows.values()],
      loops: [...loops].map(([loopId, standing]) => ({ loopId, standing, known: knownLoops.has(loopId) })),
      tallies: [
        ...[...rows.values()].flatMap((row) => outcomeTallies(row.source, known.get(row.feedbackId)!.entry, row.entry)),
        ...[...loops].flatMap(([loopId, standing]) => loopTallies(knownLoops.get(loopId), standing)),
      ],
    };
    if (change.rows.length > 0 || change.loops.length > 0) await transaction.save(change);
    const letters = [...rows.values()].flatMap((row) => closedLetters(known.get(row.feedbackId)!, row));
    if (letters.length > 0) await transaction.settleLetters(letters);
    return new Set(feedbackIds.filter((feedbackId) => !known.has(feedbackId)));
  }
}

/** The letters that the change of a row closes. */
const closedLetters = (
  { entry: before }: LedgerRow,
  { feedbackId, entry: { dead, resolved } }: LedgerRow,
): { feedbackId: string; revision: number }[] =>
  dead.length === 0 || resolved === before.resolved
    ? []
    : revisionsIn(dead)
        .filter((revision) => hasRevision(resolved, revision) && !hasRevision(before.resolved, revision))
        .map((revision) => ({ feedbackId, revision }));

const sorted = (ids: readonly string[]): string[] => [...new Set(ids)].sort();

const factOf = ({ loopId, loop, feedback }: LoopChanged): LedgerFact => {
  const { revision, settlement, outcome, team, sentiment } = feedback!;
  return {
    kind: 'settled',
    revision,
    settlement,
    outcome,
    ...(loop && { loopId }),
    ...(team && { team }),
    ...(sentiment && { sentiment }),
  };
};

/** Only the feedback that opened a loop says whose it is. */
const standingOf = (
  { loop, loopId: _, version, at, feedback }: LoopChanged,
  source: string | undefined,
): LoopStanding | undefined =>
  loop
    ? {
        version,
        state: loop.state,
        cycle: loop.cycle,
        team: loop.team,
        priority: loop.priority,
        changedAt: at,
        ...(feedback?.outcome === 'loop' && source !== undefined && { source }),
      }
    : undefined;

const outcomeTallies = (source: string, before: LedgerEntry, after: LedgerEntry): Tally[] => {
  if (before.outcome === after.outcome && before.team === after.team && before.sentiment === after.sentiment) return [];
  return [
    { entry: before, count: -1 },
    { entry: after, count: 1 },
  ].flatMap(({ entry: { outcome, team, sentiment }, count }) =>
    outcome
      ? [{ measure: 'outcome', source, value: outcome, ...(team && { team }), ...(sentiment && { sentiment }), count }]
      : [],
  );
};

const loopTallies = (before: LoopStanding | undefined, after: LoopStanding): Tally[] => {
  if (before && before.state === after.state && before.source === after.source) return [];
  const one = ({ source, state }: LoopStanding, count: number): Tally => ({
    measure: 'loop',
    source: source ?? '',
    value: state,
    count,
  });
  return [...(before ? [one(before, -1)] : []), one(after, 1)];
};
