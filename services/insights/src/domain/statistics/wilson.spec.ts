import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { seededChance } from './chance.js';
import { coverage, draws } from './coverage.fixture.js';
import { wilson } from './wilson.js';

describe('wilson', () => {
  // R. G. Newcombe, Statistics in Medicine 17, 1998, p. 857, table I, method 3
  it.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
    [29, 29, 0.883, 1],
  ])('%i of %i: %f to %f', (successes, n, low, high) => {
    const { value, interval } = wilson(successes, n);
    expect(value).toBeCloseTo(successes / n, 12);
    expect(interval![0]).toBeCloseTo(low, 4);
    expect(interval![1]).toBeCloseTo(high, 4);
  });

  it('lies within 0..1 around the share, mirrors, and narrows with n', () => {
    fc.assert(
      fc.property(fc.nat(200), fc.nat(200), (successes, failures) => {
        fc.pre(successes + failures > 0);
        const n = successes + failures;
        const [low, high] = wilson(successes, n).interval!;
        const [mirrorLow, mirrorHigh] = wilson(failures, n).interval!;
        expect(low).toBeGreaterThanOrEqual(0);
        expect(low).toBeLessThanOrEqual(successes / n);
        expect(high).toBeGreaterThanOrEqual(successes / n);
        expect(high).toBeLessThanOrEqual(1);
        expect(low).toBeCloseTo(1 - mirrorHigh, 12);
        expect(high).toBeCloseTo(1 - mirrorLow, 12);
        const [moreLow, moreHigh] = wilson(10 * successes, 10 * n).interval!;
        expect(moreHigh - moreLow).toBeLessThan(high - low);
      }),
    );
  });

  it('says nothing of nobody, and refuses what is no share', () => {
    expect(wilson(0, 0)).toEqual({ value: null, interval: null, n: 0 });
    expect(() => wilson(3, 2)).toThrow(RangeError);
    expect(() => wilson(-1, 2)).toThrow(RangeError);
    expect(() => wilson(0.5, 2)).toThrow(RangeError);
  });

  it.each([50, 100, 400, 2_000])('holds a true share of .1 to .9 in 93 to 97 %% of samples of %i', (n) => {
    const chance = seededChance(n);
    const covered = coverage(draws, () => {
      const truth = 0.1 + 0.8 * chance.uniform();
      let successes = 0;
      for (let at = 0; at < n; at++) if (chance.uniform() < truth) successes++;
      return { interval: wilson(successes, n).interval, truth };
    });
    expect(covered).toBeGreaterThan(0.93);
    expect(covered).toBeLessThan(0.97);
  });
});
