import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { seededChance } from './chance.js';
import { coverage, draws } from './coverage.fixture.js';
import type { Counted } from './estimate.js';
import { kaplanMeier } from './kaplan-meier.js';

const each = (times: readonly number[]): Counted => times.map((time) => [time, 1] as const);

describe('kaplanMeier', () => {
  // Remission of 21 patients on 6-mercaptopurine: E. J. Freireich et al., Blood 21, 1963; the values are those of
  // J. P. Klein and M. L. Moeschberger, Survival Analysis, tables 4.1A and 4.2
  const remission = kaplanMeier(
    [
      [6, 3],
      [7, 1],
      [10, 1],
      [13, 1],
      [16, 1],
      [22, 1],
      [23, 1],
    ],
    each([6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]),
  );

  it("given Freireich's patients: the share in remission as in the books", () => {
    expect(remission.n).toBe(21);
    expect(remission.events).toBe(9);
    expect(remission.steps.map(({ time, atRisk }) => [time, atRisk])).toEqual([
      ...[
        [6, 21],
        [7, 17],
        [10, 15],
        [13, 12],
        [16, 11],
        [22, 7],
        [23, 6],
      ],
    ]);
    const survival = [0.857, 0.807, 0.753, 0.69, 0.627, 0.538, 0.448];
    remission.steps.forEach((step, at) => expect(step.survival).toBeCloseTo(survival[at]!, 3));
    expect(remission.at(5)).toBe(1);
    expect(remission.at(21)).toBeCloseTo(0.627, 3);
  });

  it('their median is 23 weeks, 13 to beyond what was seen; their third quartile is not reached', () => {
    expect(remission.quantile(0.5)).toEqual({ value: 23, interval: [13, null] });
    expect(remission.quantile(0.75)).toEqual({ value: null, interval: [23, null] });
  });

  it('given no censoring: the shares of a sample and its quantiles', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 60 }), (times) => {
        const estimate = kaplanMeier(each(times), []);
        const sorted = [...times].sort((a, b) => a - b);
        for (const time of [0, 7, 25, 50]) {
          expect(estimate.at(time)).toBeCloseTo(times.filter((one) => one > time).length / times.length, 10);
        }
        expect(estimate.quantile(0.5).value).toBe(sorted[Math.ceil(times.length / 2) - 1]);
      }),
    );
  });

  it('falls from 1 to 0 at most, its interval around it, and does not care for order or how it was counted', () => {
    const times = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 40 });
    fc.assert(
      fc.property(times, times, (ended, open) => {
        const estimate = kaplanMeier(each(ended), each(open));
        let before = 1;
        for (const { survival, interval } of estimate.steps) {
          expect(survival).toBeLessThan(before);
          expect(interval[0]).toBeLessThanOrEqual(survival);
          expect(interval[1]).toBeGreaterThanOrEqual(survival);
          before = survival;
        }
        const doubled = kaplanMeier(each([...ended].reverse()), each([...open].reverse()));
        expect(doubled.steps).toEqual(estimate.steps);
      }),
    );
  });

  it('given loops that are still open: later than if they had been left out', () => {
    const ended = each([1, 2, 3, 4, 5]);
    expect(kaplanMeier(ended, []).quantile(0.5).value).toBe(3);
    expect(kaplanMeier(ended, each([5, 5, 5, 5])).quantile(0.5).value).toBe(5);
    expect(kaplanMeier([], each([5, 6])).quantile(0.5)).toEqual({ value: null, interval: null });
    expect(() => kaplanMeier([[-1, 1]], [])).toThrow(RangeError);
  });

  it('holds the true share in 93 to 97 % of samples, a third of them censored', () => {
    const chance = seededChance(7);
    const n = 100;
    const covered = coverage(draws, () => {
      const [ended, open]: [number[], number[]] = [[], []];
      for (let at = 0; at < n; at++) {
        const [end, now] = [-Math.log(1 - chance.uniform()), -2 * Math.log(1 - chance.uniform())];
        if (end <= now) ended.push(end);
        else open.push(now);
      }
      const { steps } = kaplanMeier(each(ended), each(open));
      return { interval: steps.findLast(({ time }) => time <= 0.7)!.interval, truth: Math.exp(-0.7) };
    });
    expect(covered).toBeGreaterThan(0.93);
    expect(covered).toBeLessThan(0.97);
  });
});
