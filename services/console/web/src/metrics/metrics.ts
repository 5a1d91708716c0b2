/** What the insights service answers about metrics; see docs/metrics.md and its OpenAPI document. */

/** points: -100..100; share: 0..1; stars and score: on the scale of the rating or survey; milliseconds; count */
export type Unit = 'points' | 'share' | 'stars' | 'score' | 'milliseconds' | 'count';

/** Lower and upper end of a 95 % interval, in the metric's unit; null where that end is not known (a quantile of what still waits) */
export type Interval = readonly [number | null, number | null];

export interface MetricDefinition {
  readonly name: string;
  readonly title: string;
  readonly definition: string;
  readonly unit: Unit;
  readonly source?: string;
  readonly dimensions: readonly string[];
}

export interface Quantile {
  /** Share 0..1: .5 is the median */
  readonly q: number;
  readonly value: number | null;
  readonly interval: Interval | null;
}

export interface MetricRow {
  /** The first day of its day, week or month; absent in totals */
  readonly period?: string;
  /** By dimension; null where the feedback has no such value */
  readonly values: Readonly<Record<string, string | null>>;
  readonly n: number;
  readonly value: number | null;
  readonly interval: Interval | null;
  /** Fewer than 30 */
  readonly small: boolean;
  /** So few that people could be recognised: nothing but n is told */
  readonly hidden: boolean;
  readonly quantiles?: readonly Quantile[] | null;
  readonly parts?: Readonly<Record<string, number>>;
}

export interface MetricAnswer {
  readonly metric: string;
  readonly title: string;
  readonly definition: string;
  readonly unit: Unit;
  readonly from: string;
  readonly to: string;
  readonly grain: Grain;
  readonly by: readonly string[];
  readonly rows: readonly MetricRow[];
}

export const grains = ['day', 'week', 'month', 'total'] as const;
export type Grain = (typeof grains)[number];

/** What the metrics can be split and filtered by. */
export const dimensions = [
  ...['channel', 'touchpoint', 'journeyStage', 'location', 'product', 'segment'],
  ...['team', 'topic', 'language', 'source'],
] as const;

/** One of `dimensions`, or one that only some metrics have: `priority`, `cohort`, `age` */
export type Dimension = string;

/** A feedback behind a number. */
export interface FeedbackBehind {
  readonly feedbackId: string;
  readonly loopId: string | null;
  readonly at: string;
  readonly channel: string | null;
  readonly team: string | null;
  readonly topics: readonly string[];
  readonly sentiment: string | null;
  readonly rating?: { readonly value: number; readonly scale: number } | null;
  readonly survey?: { readonly metric: string; readonly score: number; readonly scale: number } | null;
  readonly state: string | null;
  readonly excerpt: string | null;
}

/** The number of a row: its value, or the median of what is told by quantiles. */
export function mainValueOf(row: MetricRow): { readonly value: number | null; readonly interval: Interval | null } {
  const median = row.quantiles?.find(({ q }) => q === 0.5);
  return median ?? { value: row.value, interval: row.interval };
}
