import type { LoopRecord } from './reconciliation.js';

/** Feedback whose ids lie behind `after` up to `upTo`, and that was received from `from` on before `to`. */
export interface RecordRange {
  readonly after?: string;
  readonly upTo?: string;
  readonly from?: Date;
  readonly to?: Date;
}

export abstract class ReconciliationStore {
  abstract recordsOf(feedbackIds: readonly string[]): Promise<Map<string, LoopRecord>>;
  /** Ids of the range that are not among those given; the first so many, in their order. */
  abstract beyond(feedbackIds: readonly string[], range: RecordRange, limit: number): Promise<string[]>;
}
