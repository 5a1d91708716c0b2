import type { EmergingIssue } from './emerging-issue.js';
import { covers, type Series, type SeriesKey } from './series.js';

/** A part of what rose: one topic, place or product of it. */
export interface Carrier extends SeriesKey {
  readonly observed: number;
  /** Its share of the days before, of all that was expected together */
  readonly expected: number;
}

const kinds = ['topic', 'location', 'product'] as const;
/** Days before the rise from which a part's share is known */
const shareDays = 28;
/** Parts of each kind that are named, the greatest first */
const most = 3;
/** A part that makes up less of the rise is not what carries it. */
const leastShare = 0.1;

/**
 * What carries a rise: its topics, places and products, by how many more of each came than its usual share of what was expected. A part that did not
 * come before has no usual share: all of it is more.
 * @param series of the period that begins on `firstDay`
 */
export function carriersOf(
  series: readonly Series[],
  firstDay: number,
  {
    key,
    since,
    lastDay,
    observed,
    expected,
  }: Pick<EmergingIssue, 'key' | 'since' | 'lastDay' | 'observed' | 'expected'>,
): readonly Carrier[] {
  const [begin, end] = [since - firstDay, lastDay + 1 - firstDay];
  const before = Math.max(0, begin - shareDays);
  const whole = series.find(({ key: other }) => sameKey(other, key));
  const usual = whole ? sum(whole.counts, before, begin) : 0;
  if (usual === 0) return [];
  return kinds.flatMap((kind) =>
    series
      .filter(({ key: other }) => isPartOf(key, other, kind))
      .map(({ key: part, counts }): Carrier => ({
        ...part,
        observed: sum(counts, begin, end),
        expected: (sum(counts, before, begin) / usual) * expected,
      }))
      .filter((part) => part.observed - part.expected >= leastShare * (observed - expected))
      .sort((a, b) => b.observed - b.expected - (a.observed - a.expected))
      .slice(0, most),
  );
}

const sameKey = (a: SeriesKey, b: SeriesKey): boolean => kinds.every((kind) => a[kind] === b[kind]);

/** Narrower by that one alone */
const isPartOf = (whole: SeriesKey, part: SeriesKey, by: (typeof kinds)[number]): boolean =>
  covers(whole, part) && kinds.every((kind) => (whole[kind] === part[kind]) === (kind !== by));

function sum(counts: Float64Array, from: number, to: number): number {
  let all = 0;
  for (let at = Math.max(0, from); at < Math.min(to, counts.length); at++) all += counts[at]!;
  return all;
}
