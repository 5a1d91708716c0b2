/** Low and high end; an end beyond what the data can say is null. */
export type Interval = readonly [low: number, high: number];

/** What a sample says of a figure: never a bare number. */
export interface Estimate {
  /** null where n is 0 */
  readonly value: number | null;
  /** 95 %; null where the sample cannot say how sure it is (nothing, or one value only) */
  readonly interval: Interval | null;
  readonly n: number;
}

/** How often each value came: `[value, count]`, in any order; a value may come more than once. */
export type Counted = readonly (readonly [value: number, count: number])[];

/** 0.975 quantile of the standard normal distribution: 95 % lie within ±. */
export const z95 = 1.959963984540054;

export const noEstimate: Estimate = { value: null, interval: null, n: 0 };

/** @throws RangeError where a count is negative or no whole number: the caller's sums are wrong */
export function requireCounts(...counts: number[]): void {
  for (const count of counts) {
    if (!Number.isSafeInteger(count) || count < 0) throw new RangeError(`${count} is no count`);
  }
}

export const total = (counted: Counted): number => counted.reduce((sum, [, count]) => sum + count, 0);

export const within = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));
