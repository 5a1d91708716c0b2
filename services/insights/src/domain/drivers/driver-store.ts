import type { DriverOutcome, ScoredCell } from './drivers.js';

/** By what drivers may be narrowed to a part of the feedback. */
export const driverFilters = [
  'channel',
  'touchpoint',
  'journeyStage',
  'location',
  'product',
  'segment',
  'team',
  'language',
  'source',
] as const;
export type DriverFilter = (typeof driverFilters)[number];

/** Whose scores are looked at. */
export interface DriverQuestion {
  readonly outcome: DriverOutcome;
  readonly from: Date;
  /** Exclusive */
  readonly to: Date;
  /** Any of the values; '' stands for feedback that says none */
  readonly filters: ReadonlyMap<DriverFilter, readonly string[]>;
}

/** What of the feedback that is asked about is looked at. */
export interface ScoredFeedback {
  readonly cells: readonly ScoredCell[];
  /** Of all of it, 0..1: of very much only a part, drawn by ids, which hang on nothing else */
  readonly share: number;
}

export abstract class DriverStore {
  /** NPS of the scale that ends at 10, CSAT at 5, ratings of any as stars of five */
  abstract cells(question: DriverQuestion): Promise<ScoredFeedback>;
}
