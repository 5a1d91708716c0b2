import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { seededChance } from './chance.js';
import { coverage, draws } from './coverage.fixture.js';
import { meanOf } from './mean.js';

describe('meanOf', () => {
  it("given Student's sleep data, the differences of 1908: 1.58, .70 to 2.46", () => {
    const differences = [1.2, 2.4, 1.3, 1.3, 0, 1, 1.8, 0.8, 4.6, 1.4];
    const { value, interval, n } = meanOf(differences.map((each) => [each, 1]));
    expect(n).toBe(10);
    expect(value).toBeCloseTo(1.58, 10);
    // R: t.test(extra ~ group, paired = TRUE)
    expect(interval![0]).toBeCloseTo(0.7001142, 6);
    expect(interval![1]).toBeCloseTo(2.4598858, 6);
  });

  it('does not care how values are counted, and moves and stretches with them', () => {
    const scores = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 2, maxLength: 60 });
    fc.assert(
      fc.property(scores, (values) => {
        const single = meanOf(values.map((value) => [value, 1]));
        const counts = new Map<number, number>();
        for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
        const counted = meanOf([...counts].reverse());
        const moved = meanOf(values.map((value) => [10 + 3 * value, 1]));
        expect(counted.value).toBeCloseTo(single.value!, 10);
        expect(moved.value).toBeCloseTo(10 + 3 * single.value!, 9);
        expect(counted.interval === null).toBe(single.interval === null);
        if (single.interval) {
          expect(counted.interval![0]).toBeCloseTo(single.interval[0], 9);
          expect(moved.interval![1]).toBeCloseTo(10 + 3 * single.interval[1], 8);
        }
      }),
    );
  });

  it('says no interval where no spread was seen, and refuses wrong counts', () => {
    expect(meanOf([])).toEqual({ value: null, interval: null, n: 0 });
    expect(meanOf([[5, 1]])).toEqual({ value: 5, interval: null, n: 1 });
    expect(meanOf([[5, 40]])).toEqual({ value: 5, interval: null, n: 40 });
    expect(() => meanOf([[5, -1]])).toThrow(RangeError);
    expect(() => meanOf([[Number.NaN, 1]])).toThrow(RangeError);
  });

  it.each([50, 100])('holds the true mean of a 7-point scale in 93 to 97 %% of samples of %i', (n) => {
    const chance = seededChance(n);
    // of a binomial distribution over 1..7 with a share of .1 to .9
    const covered = coverage(draws, () => {
      const share = 0.1 + 0.8 * chance.uniform();
      const counts = new Array<number>(8).fill(0);
      for (let at = 0; at < n; at++) {
        let score = 1;
        for (let step = 0; step < 6; step++) if (chance.uniform() < share) score++;
        counts[score]!++;
      }
      return { interval: meanOf(counts.map((count, score) => [score, count])).interval, truth: 1 + 6 * share };
    });
    expect(covered).toBeGreaterThan(0.93);
    expect(covered).toBeLessThan(0.97);
  });
});
