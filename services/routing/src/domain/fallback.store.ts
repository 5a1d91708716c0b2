import type { Fallback } from './fallback.js';

/** What was learned last, and when; version 0: nothing yet. */
export interface LearnedFallbacks {
  readonly version: number;
  readonly learnedAt?: Date;
  readonly fallbacks: readonly Fallback[];
}

export abstract class FallbackStore {
  /** Those whose teams are there */
  abstract latest(): Promise<LearnedFallbacks>;
}
