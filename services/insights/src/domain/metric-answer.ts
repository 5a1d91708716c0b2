import { type Dimension } from './dimension.js';
import { type MetricValue } from './metric-value.js';
import { type Grain, type MetricDefinition } from './metric.js';
import { type Question } from './question.js';

/** One number of an answer, with what it is of. */
export interface MetricRow {
  /** First day of the period, where there are several */
  readonly period?: string;
  readonly values: Readonly<Record<string, string | null>>;
  readonly n: number;
  readonly value: number | null;
  readonly interval: readonly [number | null, number | null] | null;
  /** So few that it says little */
  readonly small: boolean;
  /** So few, split so finely, that people could be recognised: then there is no number */
  readonly hidden: boolean;
  readonly quantiles?: MetricValue['quantiles'] | null;
  readonly parts?: Readonly<Record<string, number>>;
}

export interface MetricAnswer extends Pick<MetricDefinition, 'title' | 'definition' | 'unit'> {
  readonly metric: string;
  readonly from: string;
  readonly to: string;
  readonly grain: Grain;
  readonly by: readonly string[];
  readonly rows: readonly MetricRow[];
}

/** By these nobody is recognised, however few they are. */
const coarse: readonly Dimension[] = ['team', 'channel', 'source', 'priority', 'cohort', 'age'];

export const isFine = ({ by, filters }: Pick<Question, 'by' | 'filters'>): boolean =>
  [...by, ...filters.keys()].some((dimension) => !coarse.includes(dimension));

/** A number with what is to be said of its size. */
export function rowOf(
  place: Pick<MetricRow, 'period' | 'values'>,
  { n, value, interval, quantiles, parts }: MetricValue,
  limits: { readonly smallN: number; readonly hiddenN: number; readonly fine: boolean },
): MetricRow {
  const small = n < limits.smallN;
  if (limits.fine && n < limits.hiddenN) {
    return { ...place, n, value: null, interval: null, small, hidden: true, ...(quantiles && { quantiles: null }) };
  }
  return {
    ...{ ...place, n, value, interval, small, hidden: false },
    ...(quantiles && { quantiles }),
    ...(parts && { parts }),
  };
}

const dayMs = 86_400_000;
/** YYYY-MM-DD of a day since 1970 */
export const dayText = (day: number): string => new Date(day * dayMs).toISOString().slice(0, 10);

/** ISO 8601 week of its Monday, a day since 1970: 2026-W48 */
export function weekText(monday: number): string {
  // the week's Thursday tells its year
  const thursday = new Date((monday + 3) * dayMs);
  const year = thursday.getUTCFullYear();
  const week = Math.floor((thursday.getTime() - Date.UTC(year, 0)) / (7 * dayMs)) + 1;
  return `${year}-W${String(week).padStart(2, '0')}`;
}

/** The Monday of a day's week; 1 January 1970 was a Thursday */
const mondayBefore = (day: number): number => day - ((((day + 3) % 7) + 7) % 7);

/** The Monday of an ISO week; undefined for what is none */
export function mondayOf(week: string): number | undefined {
  const found = /^(\d{4})-W(\d\d)$/.exec(week);
  if (!found) return undefined;
  const [year, number] = [Number(found[1]), Number(found[2])];
  // 4 January is always in the first week
  const fourth = Date.UTC(year, 0, 4) / dayMs;
  const monday = mondayBefore(fourth) + 7 * (number - 1);
  return weekText(monday) === week ? monday : undefined;
}
