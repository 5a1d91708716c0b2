import { binomialAtLeast } from './distributions.js';
import { requireCounts, total, type Interval } from './estimate.js';

/**
 * Counts by buckets that grow by a constant factor: every value of a bucket is within 1 % of the bucket's own, whatever its size
 * (DDSketch: C. Masson, J. E. Rim, H. K. Lee, PVLDB 12, 2019). A histogram is `[bucket, count]` pairs, in any order: it is merged by adding
 * counts and, unlike other sketches, made smaller by subtracting them.
 */
export type LogBuckets = readonly (readonly [bucket: number, count: number])[];

/** Greatest relative error of a value read from a bucket */
export const relativeError = 0.01;
const growth = (1 + relativeError) / (1 - relativeError);
/** Buckets of so much of the natural logarithm each */
export const logGrowth = Math.log(growth);

/** What is less than one unit (a millisecond) counts as none. */
export const zeroBucket = -1;

/** The bucket of a value ≥ 0: b ≥ 0 where growth^(b−1) < value ≤ growth^b. @throws RangeError where it is negative or no number */
export function bucketOf(value: number): number {
  if (!(value >= 0) || value === Infinity) throw new RangeError(`${value} is no duration`);
  return value < 1 ? zeroBucket : Math.max(0, Math.ceil(Math.log(value) / logGrowth));
}

/** The value that stands for a bucket: 2 growth^b / (growth + 1), as far from either end in proportion */
export const bucketValue = (bucket: number): number =>
  bucket === zeroBucket ? 0 : (2 * growth ** bucket) / (growth + 1);

const sumOf = (histograms: readonly LogBuckets[], sign: (at: number) => number): LogBuckets => {
  const counts = new Map<number, number>();
  histograms.forEach((buckets, at) => {
    for (const [bucket, count] of buckets) counts.set(bucket, (counts.get(bucket) ?? 0) + sign(at) * count);
  });
  return [...counts].filter(([, count]) => count !== 0).sort(([a], [b]) => a - b);
};

export const mergeBuckets = (...histograms: LogBuckets[]): LogBuckets => sumOf(histograms, () => 1);

/** @throws RangeError where more would be taken than is there */
export function subtractBuckets(from: LogBuckets, taken: LogBuckets): LogBuckets {
  const left = sumOf([from, taken], (at) => (at === 0 ? 1 : -1));
  for (const [, count] of left) requireCounts(count);
  return left;
}

export interface Quantile {
  readonly q: number;
  readonly value: number | null;
  /** The low end is that of its bucket, the high end too; null where so few values have none that is high or low enough */
  readonly interval: Interval | null;
}

/**
 * The q-quantile, 0 < q < 1: the value of rank ⌈q · n⌉, within 1 %. Its 95 % interval is between two order statistics, whatever the
 * distribution (W. J. Conover, Practical Nonparametric Statistics, 3.2): X(r) to X(s), r the greatest rank with P(B < r) ≤ 2.5 %, s
 * the least with P(B ≥ s) ≤ 2.5 %, B binomial (n, q).
 */
export function quantileOf(buckets: LogBuckets, q: number): Quantile {
  if (!(q > 0 && q < 1)) throw new RangeError(`${q} is no quantile between 0 and 1`);
  const n = total(buckets);
  if (n === 0) return { q, value: null, interval: null };
  const sorted = [...buckets].sort(([a], [b]) => a - b);
  const bucketOfRank = (rank: number): number => {
    let before = 0;
    for (const [bucket, count] of sorted) if ((before += count) >= rank) return bucket;
    return sorted.at(-1)![0];
  };
  const value = bucketValue(bucketOfRank(Math.ceil(q * n)));
  const [low, high] = ranksAround(n, q);
  if (low < 1 || high > n) return { q, value, interval: null };
  return { q, value, interval: [lowerEnd(bucketOfRank(low)), upperEnd(bucketOfRank(high))] };
}

const lowerEnd = (bucket: number): number => (bucket === zeroBucket ? 0 : growth ** (bucket - 1));
const upperEnd = (bucket: number): number => (bucket === zeroBucket ? 1 : growth ** bucket);

/** 0 and n + 1 where no rank will do */
function ranksAround(n: number, q: number): readonly [low: number, high: number] {
  // P(B < r) grows with r, P(B ≥ s) falls with s
  const low = lastWhere(n, (rank) => 1 - binomialAtLeast(rank, n, q) <= 0.025);
  const high = lastWhere(n, (rank) => binomialAtLeast(rank, n, q) > 0.025) + 1;
  return [low, high];
}

/** The greatest rank of 1..n for which it holds, 0 where there is none; holds up to some rank and no further */
function lastWhere(n: number, holds: (rank: number) => boolean): number {
  let [yes, no] = [0, n + 1];
  while (no - yes > 1) {
    const middle = Math.floor((yes + no) / 2);
    if (holds(middle)) yes = middle;
    else no = middle;
  }
  return yes;
}
