import { formatDays } from '../metrics/format.js';
import { type Interval } from '../metrics/metrics.js';
import { addDays } from '../metrics/view-state.js';

export interface ImprovementMetric {
  readonly name: string;
  readonly filters: Readonly<Record<string, readonly string[]>>;
}

/** One side of a comparison: days, how many, and the number with its interval. */
export interface Measured {
  readonly from?: string;
  readonly to?: string;
  readonly n: number;
  readonly value: number | null;
  readonly interval: Interval | null;
}

export interface Effect {
  readonly before: Measured;
  /** Absent until there is an after */
  readonly after?: Measured;
  /** After less before */
  readonly difference?: Difference;
  /** The same metric where nothing was improved: of all other values of that dimension */
  readonly comparison?: {
    readonly by: string;
    readonly before: Measured;
    readonly after: Measured;
    /** How much more it moved here than there */
    readonly net: Difference;
  };
}

interface Difference {
  readonly value: number | null;
  readonly interval: Interval | null;
}

export interface Told {
  readonly wanted: number;
  readonly sent: number;
  /** By reason */
  readonly skipped: Readonly<Record<string, number>>;
  readonly pending: number;
}

export interface Improvement {
  readonly improvementId: string;
  readonly version: number;
  readonly state: string;
  readonly title: string;
  readonly action: string;
  readonly owner: string;
  readonly due: string | null;
  readonly metric: ImprovementMetric | null;
  readonly insightIds?: readonly string[];
  readonly createdAt?: string;
  /** When it was done or dropped */
  readonly endedAt?: string;
  readonly message?: string | null;
  readonly loops?: number;
  readonly loopIds?: readonly string[];
  readonly effect?: Effect | null;
  readonly told?: Told | null;
}

export const improvementStates = ['planned', 'doing', 'done', 'dropped'] as const;

/** Skipped in all, and by reason, the most first. */
export function skippedOf({ skipped }: Told): {
  readonly total: number;
  readonly reasons: readonly (readonly [string, number])[];
} {
  const reasons = Object.entries(skipped).toSorted(([, a], [, b]) => b - a);
  return { total: reasons.reduce((sum, [, count]) => sum + count, 0), reasons };
}

/** Whether a difference is surely one: its interval does not hold zero. */
export const isSure = (difference: Difference | undefined): boolean =>
  difference?.interval != null && ((difference.interval[0] ?? 0) > 0 || (difference.interval[1] ?? 0) < 0);

/** What can still be done. */
export const isOpen = (state: string): boolean => state !== 'done' && state !== 'dropped';

/** The day by which it is to be done, as it was given: in UTC. */
export const formatDue = (due: string, locale: string): string =>
  formatDays(due.slice(0, 10), addDays(due.slice(0, 10), 1), locale);
