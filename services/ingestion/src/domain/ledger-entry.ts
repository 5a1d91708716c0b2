import type { SentimentLabel, SettlementOutcome } from '@closeloop/contracts';
import { addRevision, hasRevision, highestOutside, noRevisions, type RevisionSet } from './revision-set.js';

/** What can stand as the last thing that became of a feedback. */
export type StandingOutcome = Exclude<SettlementOutcome, 'superseded'>;

/** What became of a feedback, as far as the ledger has heard. */
export interface LedgerEntry {
  /** Highest revision that has an outcome; 0 for none */
  readonly settledRevision: number;
  /** Counter of the settlement that stands; 0 for none */
  readonly settlement: number;
  readonly outcome?: StandingOutcome;
  readonly loopId?: string;
  readonly team?: string;
  readonly sentiment?: SentimentLabel;
  /** Revisions that the loop service has spoken of, superseded ones included */
  readonly resolved: RevisionSet;
  /** Revisions that have a dead letter */
  readonly dead: RevisionSet;
}

export type LedgerFact =
  | {
      readonly kind: 'settled';
      readonly revision: number;
      readonly settlement: number;
      readonly outcome: SettlementOutcome;
      readonly loopId?: string;
      readonly team?: string;
      readonly sentiment?: SentimentLabel;
    }
  | { readonly kind: 'dead'; readonly revision: number };

export const emptyEntry: LedgerEntry = { settledRevision: 0, settlement: 0, resolved: noRevisions, dead: noRevisions };

/**
 * The entry with one more fact. The same facts give the same entry in any order and however often each comes: facts of
 * one feedback arrive by several partitions.
 *
 * A superseded revision closes its letter and stands for nothing, so it does not raise the settlement that later ones
 * are measured by: else the outcome that it came after would be refused when it comes late.
 */
export function withFact(entry: LedgerEntry, fact: LedgerFact): LedgerEntry {
  if (fact.kind === 'dead') {
    const dead = addRevision(entry.dead, fact.revision);
    return dead === entry.dead ? entry : { ...entry, dead };
  }
  const resolved = addRevision(entry.resolved, fact.revision);
  if (fact.outcome === 'superseded') return resolved === entry.resolved ? entry : { ...entry, resolved };
  const settledRevision = Math.max(entry.settledRevision, fact.revision);
  if (fact.settlement <= entry.settlement) {
    return resolved === entry.resolved && settledRevision === entry.settledRevision
      ? entry
      : { ...entry, resolved, settledRevision };
  }
  return {
    settledRevision,
    settlement: fact.settlement,
    outcome: fact.outcome,
    ...(fact.loopId !== undefined && { loopId: fact.loopId }),
    ...(fact.team !== undefined && { team: fact.team }),
    ...(fact.sentiment !== undefined && { sentiment: fact.sentiment }),
    resolved,
    dead: entry.dead,
  };
}

/** The highest revision whose dead letter no outcome has closed; 0 for none. */
export const openLetterOf = (entry: LedgerEntry): number => highestOutside(entry.dead, entry.resolved);

/** Whether a revision's dead letter still stands. */
export const isLetterOpen = (entry: LedgerEntry, revision: number): boolean =>
  hasRevision(entry.dead, revision) && !hasRevision(entry.resolved, revision);

/** Neither an outcome for the accepted revision nor a dead letter of it. */
export const isUnsettled = (entry: LedgerEntry, acceptedRevision: number): boolean =>
  entry.settledRevision < acceptedRevision && openLetterOf(entry) < acceptedRevision;
