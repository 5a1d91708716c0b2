import { noEstimate, requireCounts, type Counted, type Estimate } from './estimate.js';
import { student95 } from './distributions.js';

/** What is enough to know of a sample for its mean; sums of samples are sums of these. */
export interface Moments {
  readonly n: number;
  readonly mean: number;
  /** Sum of the squared distances from the mean */
  readonly squares: number;
}

/** @throws RangeError where one is no count, or a value is no number */
export function momentsOf(counted: Counted): Moments {
  let [n, sum] = [0, 0];
  for (const [value, count] of counted) {
    requireCounts(count);
    if (!Number.isFinite(value)) throw new RangeError(`${value} is no value`);
    n += count;
    sum += count * value;
  }
  const mean = n > 0 ? sum / n : 0;
  // by distances from the mean: sums of squares of values would cancel out
  return { n, mean, squares: counted.reduce((all, [value, count]) => all + count * (value - mean) ** 2, 0) };
}

/** Unbiased variance; needs two values */
export const varianceOf = ({ n, squares }: Moments): number => squares / (n - 1);

/**
 * Mean of values of which each was counted, with Student's 95 % interval mean ± t(n−1) · s/√n (Student, Biometrika 6, 1908). No
 * interval where there is one value, or none differs: a spread that was not seen is not known to be 0.
 */
export function meanOf(histogram: Counted): Estimate {
  const moments = momentsOf(histogram);
  const { n, mean, squares } = moments;
  if (n === 0) return noEstimate;
  if (squares === 0) return { value: mean, interval: null, n };
  const spread = student95(n - 1) * Math.sqrt(varianceOf(moments) / n);
  return { value: mean, interval: [mean - spread, mean + spread], n };
}
