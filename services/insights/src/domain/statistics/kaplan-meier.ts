import { requireCounts, total, z95, type Counted } from './estimate.js';

/** The share that still waits from `time` on, until the next step. */
export interface SurvivalStep {
  readonly time: number;
  readonly atRisk: number;
  readonly events: number;
  readonly survival: number;
  readonly interval: readonly [low: number, high: number];
}

export interface SurvivalQuantile {
  /** null where so many still wait that it is not reached */
  readonly value: number | null;
  /** null where nothing has ended yet; an end that is not reached is null */
  readonly interval: readonly [low: number | null, high: number | null] | null;
}

export interface Survival {
  /** All, ended or not */
  readonly n: number;
  readonly events: number;
  readonly steps: readonly SurvivalStep[];
  /** By when the share q, 0 < q < 1, had ended */
  quantile(q: number): SurvivalQuantile;
  /** The share 0..1 that had not ended by `time`, which every duration before it bears out */
  at(time: number): number;
}

/**
 * How long it takes until something happens, where for some it has not happened yet: the product-limit estimate (E. L. Kaplan, P. Meier, JASA
 * 53, 1958). What is censored at a time was still at risk at that time. Variance by Greenwood; 95 % interval on the scale of
 * ln(−ln S), which stays within 0..1 (J. D. Kalbfleisch, R. L. Prentice, The Statistical Analysis of Failure Time Data, 1980).
 * A quantile is the first time at which S ≤ 1 − q; its interval by R. Brookmeyer and J. Crowley, Biometrics 38, 1982: the times at which
 * the interval of S includes 1 − q.
 * @param events durations that have ended, each with how many
 * @param censored durations so far of what has not
 */
export function kaplanMeier(events: Counted, censored: Counted): Survival {
  const steps = stepsOf(events, censored);
  const reach = (bound: (step: SurvivalStep) => number, share: number): number | null =>
    // 1 − .9 is a little more than .1: what is reached up to rounding is reached
    steps.find((step) => bound(step) <= share + 1e-12)?.time ?? null;
  return {
    n: total(events) + total(censored),
    events: total(events),
    steps,
    quantile(q) {
      if (!(q > 0 && q < 1)) throw new RangeError(`${q} is no quantile between 0 and 1`);
      const value = reach(({ survival }) => survival, 1 - q);
      if (steps.length === 0) return { value, interval: null };
      return {
        value,
        interval: [reach(({ interval }) => interval[0], 1 - q), reach(({ interval }) => interval[1], 1 - q)],
      };
    },
    at: (time) => steps.findLast((step) => step.time <= time)?.survival ?? 1,
  };
}

function stepsOf(events: Counted, censored: Counted): SurvivalStep[] {
  const ended = new Map<number, number>();
  const left = new Map<number, number>();
  for (const [times, into] of [
    [events, ended],
    [censored, left],
  ] as const) {
    for (const [time, count] of times) {
      requireCounts(count);
      if (!(time >= 0)) throw new RangeError(`${time} is no duration`);
      into.set(time, (into.get(time) ?? 0) + count);
    }
  }
  const times = [...new Set([...ended.keys(), ...left.keys()])].sort((a, b) => a - b);
  let atRisk = total(events) + total(censored);
  let survival = 1;
  let greenwood = 0;
  const steps: SurvivalStep[] = [];
  for (const time of times) {
    const died = ended.get(time) ?? 0;
    if (died > 0) {
      survival *= 1 - died / atRisk;
      greenwood += died / (atRisk * (atRisk - died));
      // of so many factors rounding leaves a trace where all have ended
      if (died === atRisk) survival = 0;
      steps.push({ time, atRisk, events: died, survival, interval: logLogInterval(survival, greenwood) });
    }
    atRisk -= died + (left.get(time) ?? 0);
  }
  return steps;
}

/** S^exp(± z · √Greenwood / ln S) */
function logLogInterval(survival: number, greenwood: number): readonly [number, number] {
  if (survival === 0) return [0, 0];
  const factor = Math.exp((z95 * Math.sqrt(greenwood)) / Math.abs(Math.log(survival)));
  return [survival ** factor, survival ** (1 / factor)];
}
