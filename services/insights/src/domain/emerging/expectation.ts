import { within } from '../statistics/estimate.js';
import { cholesky, invert, solve } from '../statistics/symmetric-matrix.js';

/** Counts of consecutive days, and what is known of each beforehand. All arrays have one entry a day; times are days. */
export interface History {
  readonly counts: ArrayLike<number>;
  /** 0..6 of the first day */
  readonly firstWeekday: number;
  /** By what each day's expectation is multiplied beforehand: the pattern of the whole, a busy day */
  readonly exposure: ArrayLike<number>;
  /** 0: the day is left out, 1: it counts; in between where it lay far off */
  readonly weights: ArrayLike<number>;
}

export interface Expected {
  readonly mean: number;
  /** Of ln mean: how well the past tells it */
  readonly variance: number;
}

/** What a series is expected to do: a level, a trend, a pattern of the week. */
export interface Expectation {
  /** @param day counted from the first of the history; may lie after its end */
  readonly on: (day: number, exposure: number) => Expected;
  /** How much one counted day decides its own expectation, 0..1 */
  readonly leverage: (day: number) => number;
  /** Factor of each weekday 0..6 against the average one */
  readonly week: readonly number[];
}

const level = 0;
const trend = 1;
const weekday = 2;
const size = weekday + 7;

/** How far the past may pull: standard deviations of ln. A trend of ± 20 % in four weeks needs no evidence, a tenfold one a lot. */
const priorTrend = 0.2;
const trendUnit = 28;
/** Before anything was counted half a one was: a topic that never came is rare, not impossible (the prior of H. Jeffreys for a Poisson rate). */
const priorCount = 0.5;
const mostSteps = 25;

/**
 * Log-linear regression of counts on level, trend and weekday with quasi-likelihood weights for overdispersion (P. McCullagh, J. A. Nelder, Generalized
 * Linear Models, 1989, ch. 9; its use for alarms: A. Noufaily et al., Statistics in Medicine 32, 2013), trend and weekdays held back
 * by normal priors, so that five days of history are not taken for a week's pattern.
 * @param overdispersion variance = mean + overdispersion · mean²
 * @param priorWeek standard deviation of ln of a weekday's factor, before anything is known
 */
export function fitExpectation(history: History, overdispersion: number, priorWeek: number): Expectation {
  const { counts, exposure, weights, firstWeekday } = history;
  const days = counts.length;
  let [counted, exposed] = [priorCount, 0];
  for (let day = 0; day < days; day++) {
    counted += weights[day]! * counts[day]!;
    exposed += weights[day]! * exposure[day]!;
  }
  const beta = new Float64Array(size);
  beta[level] = Math.log(counted / Math.max(exposed, 1e-9));
  // a level that no day supports is as uncertain as can be
  const precision = new Float64Array(size).fill(1 / priorWeek ** 2);
  precision[level] = 1e-6;
  precision[trend] = 1 / priorTrend ** 2;

  const trendOf = (day: number): number => (day - (days - 1)) / trendUnit;
  const columnOf = (day: number): number => weekday + ((firstWeekday + day) % 7);
  const linear = (day: number): number => beta[level]! + beta[trend]! * trendOf(day) + beta[columnOf(day)]!;
  const information = new Float64Array(size * size);
  const score = new Float64Array(size);
  const weigh = (): void => {
    information.fill(0);
    score.fill(0);
    score[level] = priorCount;
    for (let day = 0; day < days; day++) {
      if (weights[day] === 0 || exposure[day] === 0) continue;
      const mean = exposure[day]! * Math.exp(linear(day));
      const trust = weights[day]! / (1 + overdispersion * mean);
      const [time, column, off] = [trendOf(day), columnOf(day), trust * (counts[day]! - mean)];
      const weight = trust * mean;
      score[level]! += off;
      score[trend]! += off * time;
      score[column]! += off;
      information[level * size + level]! += weight;
      information[level * size + trend]! += weight * time;
      information[level * size + column]! += weight;
      information[trend * size + trend]! += weight * time * time;
      information[trend * size + column]! += weight * time;
      information[column * size + column]! += weight;
    }
    for (let row = 0; row < size; row++) {
      score[row]! -= precision[row]! * (row === level ? 0 : beta[row]!);
      information[row * size + row]! += precision[row]!;
      for (let column = 0; column < row; column++) information[row * size + column] = information[column * size + row]!;
    }
  };
  let factor: Float64Array = new Float64Array(0);
  for (let step = 0; step < mostSteps; step++) {
    weigh();
    factor = cholesky(information, size)!;
    const change = solve(factor, size, score);
    let greatest = 0;
    for (let row = 0; row < size; row++) {
      // a step too far off would overflow
      const moved = within(change[row]!, -1, 1);
      beta[row]! += moved;
      greatest = Math.max(greatest, Math.abs(moved));
    }
    if (greatest < 1e-6) break;
  }
  const covariance = invert(factor, size);
  const varianceOn = (day: number): number => {
    const x = [
      [level, 1],
      [trend, trendOf(day)],
      [columnOf(day), 1],
    ] as const;
    let sum = 0;
    for (const [row, a] of x) for (const [column, b] of x) sum += a * b * covariance[row * size + column]!;
    return sum;
  };
  const mean = (day: number, exposed: number): number => exposed * Math.exp(linear(day));
  const factors = Array.from({ length: 7 }, (_, at) => Math.exp(beta[weekday + at]!));
  const average = factors.reduce((sum, each) => sum + each, 0) / 7;
  return {
    on: (day, exposed) => ({ mean: mean(day, exposed), variance: varianceOn(day) }),
    leverage(day) {
      const expected = mean(day, exposure[day]!);
      return within((weights[day]! * expected * varianceOn(day)) / (1 + overdispersion * expected), 0, 0.99);
    },
    week: factors.map((each) => each / average),
  };
}
