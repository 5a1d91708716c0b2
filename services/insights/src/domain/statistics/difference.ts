import { student95, studentTwoSided } from './distributions.js';
import { varianceOf, type Moments } from './mean.js';
import type { Estimate, Interval } from './estimate.js';

/** What became more or less: later minus earlier. */
export interface Difference {
  readonly value: number | null;
  readonly interval: Interval | null;
}

/**
 * later − earlier of two independent figures, from their own 95 % intervals (MOVER: G. Y. Zou, A. Donner, Statistics in Medicine 27,
 * 2008). For shares with Wilson's intervals this is Newcombe's method 10 (R. G. Newcombe, Statistics in Medicine 17, 1998); it
 * holds for NPS and for differences themselves.
 */
export function differenceOf(later: Figure, earlier: Figure): Difference {
  if (later.value === null || earlier.value === null) return { value: null, interval: null };
  const value = later.value - earlier.value;
  if (!later.interval || !earlier.interval) return { value, interval: null };
  const below = Math.hypot(later.value - later.interval[0], earlier.interval[1] - earlier.value);
  const above = Math.hypot(later.interval[1] - later.value, earlier.value - earlier.interval[0]);
  return { value, interval: [value - below, value + above] };
}

type Figure = Pick<Estimate, 'value' | 'interval'>;

/**
 * Difference in differences: how much more it moved where something was changed than where nothing was, which is what the change did
 * as far as both would else have moved alike (D. Card, A. B. Krueger, AER 84, 1994; interval by MOVER).
 */
export const differenceInDifferences = (changed: BeforeAfter, comparison: BeforeAfter): Difference =>
  differenceOf(differenceOf(changed.after, changed.before), differenceOf(comparison.after, comparison.before));

export interface BeforeAfter {
  readonly before: Figure;
  readonly after: Figure;
}

/** As `differenceOf`, for means: with p, that there is none. */
export interface MeanDifference extends Difference {
  readonly p: number | null;
}

/**
 * later − earlier of two means whose variances may differ, with Student's interval on Welch's and Satterthwaite's degrees of freedom
 * (B. L. Welch, Biometrika 34, 1947). No interval where either has fewer than two values, or nothing varies.
 */
export function welchDifference(later: Moments, earlier: Moments): MeanDifference {
  if (later.n === 0 || earlier.n === 0) return { value: null, interval: null, p: null };
  const value = later.mean - earlier.mean;
  if (later.n < 2 || earlier.n < 2) return { value, interval: null, p: null };
  const [a, b] = [varianceOf(later) / later.n, varianceOf(earlier) / earlier.n];
  if (a + b === 0) return { value, interval: null, p: null };
  const degreesOfFreedom = (a + b) ** 2 / (a ** 2 / (later.n - 1) + b ** 2 / (earlier.n - 1));
  const error = Math.sqrt(a + b);
  const spread = student95(degreesOfFreedom) * error;
  return { value, interval: [value - spread, value + spread], p: studentTwoSided(value / error, degreesOfFreedom) };
}
