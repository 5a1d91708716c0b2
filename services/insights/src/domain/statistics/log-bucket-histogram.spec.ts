import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { seededChance } from './chance.js';
import { coverage, draws } from './coverage.fixture.js';
import {
  bucketOf,
  bucketValue,
  mergeBuckets,
  quantileOf,
  relativeError,
  subtractBuckets,
  zeroBucket,
  type LogBuckets,
} from './log-bucket-histogram.js';

const histogramOf = (values: readonly number[]): LogBuckets =>
  mergeBuckets(values.map((value) => [bucketOf(value), 1] as const));

const durations = fc.array(fc.integer({ min: 0, max: 400 * 24 * 3_600_000 }), { minLength: 1, maxLength: 80 });

describe('log buckets', () => {
  it('keep every value within 1 %, and the order of values', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1, max: 1e13, noNaN: true }),
        fc.double({ min: 1, max: 2, noNaN: true }),
        (value, by) => {
          expect(Math.abs(bucketValue(bucketOf(value)) / value - 1)).toBeLessThanOrEqual(relativeError + 1e-9);
          expect(bucketOf(value * by)).toBeGreaterThanOrEqual(bucketOf(value));
        },
      ),
    );
    expect(bucketOf(0)).toBe(zeroBucket);
    expect(bucketValue(bucketOf(0.4))).toBe(0);
    expect(bucketOf(1)).toBe(0);
    // a smallint has room for them
    expect(bucketOf(100 * 365 * 24 * 3_600_000)).toBeLessThan(2_000);
    for (const wrong of [-1, Number.NaN, Infinity]) expect(() => bucketOf(wrong)).toThrow(RangeError);
  });

  it('merged are those of all values, and what was added may be taken away again', () => {
    fc.assert(
      fc.property(durations, durations, (some, others) => {
        const merged = mergeBuckets(histogramOf(some), histogramOf(others));
        expect(merged).toEqual(histogramOf([...others, ...some]));
        expect(subtractBuckets(merged, histogramOf(others))).toEqual(histogramOf(some));
      }),
    );
    expect(() => subtractBuckets([[3, 1]], [[3, 2]])).toThrow(RangeError);
    expect(() => subtractBuckets([[3, 1]], [[4, 1]])).toThrow(RangeError);
  });

  it('have the quantiles of the values, within 1 %', () => {
    const share = fc.double({ min: 0.01, max: 0.99, noNaN: true });
    fc.assert(
      fc.property(durations, share, (values, q) => {
        const exact = [...values].sort((a, b) => a - b)[Math.ceil(q * values.length) - 1]!;
        const { value } = quantileOf(histogramOf(values), q);
        expect(Math.abs(value! - exact)).toBeLessThanOrEqual(relativeError * exact + 1e-6);
      }),
    );
    expect(quantileOf([], 0.5)).toEqual({ q: 0.5, value: null, interval: null });
    expect(() => quantileOf([[1, 1]], 1)).toThrow(RangeError);
  });

  it('give the median of 30 an interval from the 10th to the 21st, of 5 none', () => {
    // Conover, table of the binomial distribution: P(B ≤ 9) = .0214, P(B ≤ 10) = .0494 for n = 30, p = ½
    const buckets = Array.from({ length: 30 }, (_, at) => [10 * (at + 1), 1] as const);
    const [low, high] = quantileOf(buckets, 0.5).interval!;
    expect(bucketOf(low * 1.001)).toBe(100);
    expect(bucketOf(high * 0.999)).toBe(210);
    expect(quantileOf(buckets.slice(0, 5), 0.5).interval).toBeNull();
  });

  it.each([
    [0.5, 50],
    [0.5, 400],
    [0.9, 100],
    [0.9, 1_000],
  ])('hold the true %f quantile in at least 93 %% of samples of %i', (q, n) => {
    const chance = seededChance(n);
    // waiting times of an hour's mean; the discrete ranks make it a little surer than 95 %
    const truth = -Math.log(1 - q) * 3_600_000;
    const covered = coverage(draws / 10, () => {
      const values = Array.from({ length: n }, () => -Math.log(1 - chance.uniform()) * 3_600_000);
      return { interval: quantileOf(histogramOf(values), q).interval, truth };
    });
    expect(covered).toBeGreaterThan(0.93);
    expect(covered).toBeLessThan(0.985);
  });
});
