import type { LoopState, SettlementOutcome } from '@closeloop/contracts';

/** What ingestion's ledger says of a feedback. */
export interface LedgerRow {
  readonly feedbackId: string;
  readonly acceptedRevision: number;
  /** 0: none */
  readonly settledRevision: number;
  readonly settlement: number;
  readonly outcome: SettlementOutcome | null;
  readonly loopId: string | null;
  readonly loop: { readonly state: LoopState; readonly version: number } | null;
  /** Highest revision whose dead letter nothing closed; 0: none */
  readonly openLetterRevision: number;
}

/** What stands here of a feedback. */
export interface LoopRecord {
  readonly feedbackId: string;
  /** Highest that was settled */
  readonly revision: number;
  /** Of the settlement that stands: superseded ones are not told to the ledger as such */
  readonly settlement: number;
  readonly outcome: SettlementOutcome;
  readonly loopId: string | null;
  /** null where it has none, or where the loop is gone */
  readonly loop: { readonly state: LoopState; readonly version: number } | null;
  /** Its loop is gone, and may have been dropped with its month: nothing here says what the ledger is to have of it */
  readonly isDropped?: boolean;
}

export const differingFields = [
  'feedback',
  'revision',
  'deadLetter',
  'outcome',
  'settlement',
  'loopId',
  'loop',
  'loop.state',
  'loop.version',
] as const;
export type DifferingField = (typeof differingFields)[number];

/** One thing that the two do not agree on; null: there is none. */
export interface Difference {
  readonly feedbackId: string;
  readonly field: DifferingField;
  readonly ledger: string | number | null;
  readonly loop: string | number | null;
}

/** Where the ledger and what is kept here differ, feedback by feedback. `beyond`: those here that the ledger has no row of. */
export function differencesOf(
  rows: readonly LedgerRow[],
  records: ReadonlyMap<string, LoopRecord>,
  beyond: readonly string[] = [],
): Difference[] {
  return [
    ...rows.flatMap((row) => differencesOfOne(row, records.get(row.feedbackId))),
    ...beyond.map((feedbackId): Difference => ({ feedbackId, field: 'feedback', ledger: null, loop: 'settled' })),
  ];
}

function differencesOfOne(row: LedgerRow, record: LoopRecord | undefined): Difference[] {
  const { feedbackId, acceptedRevision, settledRevision, openLetterRevision } = row;
  const found: Difference[] = [];
  const compare = (field: DifferingField, ledger: Difference['ledger'], loop: Difference['loop']): void => {
    if (ledger !== loop) found.push({ feedbackId, field, ledger, loop });
  };

  const dead = openLetterRevision >= acceptedRevision;
  if (!record) {
    // a revision that died on its way here is nothing to be found here
    if (settledRevision > 0) compare('feedback', 'settled', null);
    else if (!dead) compare('feedback', 'accepted', null);
    return found;
  }
  if (dead && record.revision >= acceptedRevision) {
    compare('deadLetter', `revision ${openLetterRevision}`, `settled revision ${record.revision}`);
    return found;
  }
  // what is behind is told by its revision alone: all the rest follows from that
  const reached = dead ? settledRevision : acceptedRevision;
  if (settledRevision < reached) compare('revision', `${settledRevision} of ${reached}`, String(record.revision));
  else compare('revision', settledRevision, record.revision);
  if (found.length > 0 || settledRevision === 0) return found;

  compare('outcome', row.outcome, record.outcome);
  compare('settlement', row.settlement, record.settlement);
  if (record.isDropped) return found;
  compare('loopId', row.loopId, record.loopId);
  if (row.loopId !== record.loopId || row.loopId === null) return found;
  if (!row.loop || !record.loop) {
    compare('loop', row.loop && row.loop.state, record.loop && record.loop.state);
    return found;
  }
  compare('loop.state', row.loop.state, record.loop.state);
  compare('loop.version', row.loop.version, record.loop.version);
  return found;
}
