import type { LoopState } from '@closeloop/contracts';
import type { StandingOutcome } from './ledger-entry.js';

/** What the ledger says of one feedback, for the loop service to compare. */
export interface ReconciliationRow {
  readonly feedbackId: string;
  readonly acceptedRevision: number;
  /** 0: none */
  readonly settledRevision: number;
  readonly settlement: number;
  readonly outcome: StandingOutcome | null;
  readonly loopId: string | null;
  /** As far as the ledger has heard */
  readonly loop: { readonly state: LoopState; readonly version: number } | null;
  /** Highest revision whose dead letter nothing closed; 0: none */
  readonly openLetterRevision: number;
  /** Of the latest revision; RFC 3339 */
  readonly acceptedAt: string;
}

export const stages = ['unsettled', 'dead-letter', 'loop', 'joined', 'no-loop', 'withdrawn'] as const;
export type Stage = (typeof stages)[number];

/** Where the latest revision is: what became of it, dead, or still on its way. */
export function stageOf({ acceptedRevision, settledRevision, outcome, openLetterRevision }: ReconciliationRow): Stage {
  if (settledRevision >= acceptedRevision && outcome) return outcome;
  return openLetterRevision >= acceptedRevision ? 'dead-letter' : 'unsettled';
}

export function countsOf(rows: readonly ReconciliationRow[]): Record<Stage, number> {
  const counts = Object.fromEntries(stages.map((stage) => [stage, 0])) as Record<Stage, number>;
  for (const row of rows) counts[stageOf(row)] += 1;
  return counts;
}

/** Feedback of these ids; or a page of what had a revision received from `from` on before `to`, by the order of ids. */
export type ReconciliationPage =
  | { readonly ids: readonly string[] }
  | { readonly from?: Date; readonly to?: Date; readonly after?: string; readonly limit: number };

export abstract class ReconciliationReader {
  abstract rows(page: ReconciliationPage): Promise<ReconciliationRow[]>;
}
