import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { seededChance, type Chance } from './chance.js';
import { coverage, draws } from './coverage.fixture.js';
import { differenceInDifferences, differenceOf, welchDifference } from './difference.js';
import { momentsOf } from './mean.js';
import { nps } from './nps.js';
import { wilson } from './wilson.js';

const successes = (chance: Chance, n: number, share: number): number => {
  let count = 0;
  for (let at = 0; at < n; at++) if (chance.uniform() < share) count++;
  return count;
};

describe('differenceOf', () => {
  // R. G. Newcombe, Statistics in Medicine 17, 1998, p. 873, table II, method 10
  it.each([
    [56, 70, 48, 80, 0.2, 0.0524, 0.3339],
    [9, 10, 3, 10, 0.6, 0.1705, 0.809],
    [10, 10, 0, 20, 1, 0.6791, 1],
    [10, 10, 0, 10, 1, 0.6075, 1],
    [5, 56, 0, 29, 0.0893, -0.0381, 0.1926],
  ])('%i of %i and %i of %i differ by %f4', (a, m, b, n, value, low, high) => {
    const difference = differenceOf(wilson(a, m), wilson(b, n));
    expect(difference.value).toBeCloseTo(value, 4);
    expect(difference.interval![0]).toBeCloseTo(low, 4);
    expect(difference.interval![1]).toBeCloseTo(high, 4);
  });

  it('turns its sign when the two change places', () => {
    fc.assert(
      fc.property(fc.nat(90), fc.nat(90), (a, b) => {
        const there = differenceOf(wilson(a, 90), wilson(b, 90));
        const back = differenceOf(wilson(b, 90), wilson(a, 90));
        expect(there.value! + back.value!).toBeCloseTo(0, 12);
        expect(there.interval![0] + back.interval![1]).toBeCloseTo(0, 12);
      }),
    );
    expect(differenceOf(wilson(0, 0), wilson(1, 2))).toEqual({ value: null, interval: null });
  });

  it('holds the true difference of two shares in 93 to 97 % of samples of 50 and 80', () => {
    const chance = seededChance(3);
    const covered = coverage(draws, () => {
      const [later, earlier] = [0.1 + 0.8 * chance.uniform(), 0.1 + 0.8 * chance.uniform()];
      const [a, b] = [wilson(successes(chance, 50, later), 50), wilson(successes(chance, 80, earlier), 80)];
      return { interval: differenceOf(a, b).interval, truth: later - earlier };
    });
    expect(covered).toBeGreaterThan(0.93);
    expect(covered).toBeLessThan(0.97);
  });
});

describe('differenceInDifferences', () => {
  it('given the same move in both: none, surer than nothing and less sure than either', () => {
    const moved = { before: nps(20, 20, 60), after: nps(60, 20, 20) };
    const { value, interval } = differenceInDifferences(moved, moved);
    const [alone] = differenceOf(moved.after, moved.before).interval!;
    expect(value).toBe(0);
    expect(interval![0]).toBeLessThan(alone - 80);
  });

  it('holds what a change did in 93 to 97 % of samples', () => {
    const chance = seededChance(5);
    const covered = coverage(draws / 2, () => {
      const [before, trend, effect] = [0.2 + 0.2 * chance.uniform(), 0.2 * chance.uniform(), 0.2 * chance.uniform()];
      const share = (of: number) => wilson(successes(chance, 150, of), 150);
      const { interval } = differenceInDifferences(
        { before: share(before), after: share(before + trend + effect) },
        { before: share(before + 0.1), after: share(before + 0.1 + trend) },
      );
      return { interval, truth: effect };
    });
    expect(covered).toBeGreaterThan(0.93);
    expect(covered).toBeLessThan(0.97);
  });
});

describe('welchDifference', () => {
  it("given Student's sleep data: −1.58, −3.365 to .205, p .079 (R: t.test(extra ~ group))", () => {
    const group = (values: readonly number[]) => momentsOf(values.map((value) => [value, 1]));
    const first = group([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0, 2]);
    const second = group([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]);
    const { value, interval, p } = welchDifference(first, second);
    expect(value).toBeCloseTo(-1.58, 10);
    expect(interval![0]).toBeCloseTo(-3.3654832, 5);
    expect(interval![1]).toBeCloseTo(0.2054832, 5);
    expect(p).toBeCloseTo(0.07939, 5);
  });

  it('says no interval where nothing can be said', () => {
    const [none, one, same] = [momentsOf([]), momentsOf([[1, 1]]), momentsOf([[1, 5]])];
    expect(welchDifference(none, same)).toEqual({ value: null, interval: null, p: null });
    expect(welchDifference(one, same)).toEqual({ value: 0, interval: null, p: null });
    expect(welchDifference(same, same)).toEqual({ value: 0, interval: null, p: null });
  });
});
