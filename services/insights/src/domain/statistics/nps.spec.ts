import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { seededChance } from './chance.js';
import { coverage, draws } from './coverage.fixture.js';
import { nps } from './nps.js';
import { wilson } from './wilson.js';

describe('nps', () => {
  it('given 60 promoters, 20 passives, 20 detractors: 40, ± 1.96 · 100 · √((.6 + .2 − .4²) / 100)', () => {
    const { value, interval, n } = nps(60, 20, 20);
    expect(n).toBe(100);
    expect(value).toBeCloseTo(40, 12);
    expect(interval![0]).toBeCloseTo(40 - 15.68, 2);
    expect(interval![1]).toBeCloseTo(40 + 15.68, 2);
  });

  it('lies within −100..100 around the score, and turns its sign with the customers', () => {
    const count = fc.nat(300);
    fc.assert(
      fc.property(count, count, count, (promoters, passives, detractors) => {
        fc.pre(promoters + passives + detractors > 0);
        const { value, interval } = nps(promoters, passives, detractors);
        const turned = nps(detractors, passives, promoters);
        expect(interval![0]).toBeGreaterThanOrEqual(-100);
        expect(interval![0]).toBeLessThanOrEqual(value! + 1e-9);
        expect(interval![1]).toBeGreaterThanOrEqual(value! - 1e-9);
        expect(interval![1]).toBeLessThanOrEqual(100);
        expect(turned.value! + value!).toBeCloseTo(0, 9);
        expect(turned.interval![0] + interval![1]).toBeCloseTo(0, 9);
      }),
    );
  });

  it('given answers of one kind only: an interval still, from the share that others may have', () => {
    const least = wilson(30, 30).interval![0];
    expect(nps(30, 0, 0).interval![0]).toBeCloseTo(100 * (2 * least - 1), 9);
    expect(nps(30, 0, 0).interval![1]).toBe(100);
    expect(nps(0, 0, 30).interval![0]).toBe(-100);
    expect(nps(0, 30, 0).interval![1]).toBeCloseTo(100 * (1 - least), 9);
    expect(nps(0, 0, 0)).toEqual({ value: null, interval: null, n: 0 });
  });

  it.each([50, 100, 400, 2_000])('holds the true score in 93 to 97 %% of samples of %i', (n) => {
    const chance = seededChance(n);
    const covered = coverage(draws, () => {
      // shares of promoters and detractors within .1 to .8, passives the rest
      const promoters = 0.1 + 0.7 * chance.uniform();
      const detractors = 0.1 + (0.8 - promoters) * chance.uniform();
      const counts = [0, 0, 0];
      for (let at = 0; at < n; at++) {
        const drawn = chance.uniform();
        const kind = drawn < promoters ? 0 : drawn < promoters + detractors ? 2 : 1;
        counts[kind]!++;
      }
      return { interval: nps(counts[0]!, counts[1]!, counts[2]!).interval, truth: 100 * (promoters - detractors) };
    });
    expect(covered).toBeGreaterThan(0.93);
    expect(covered).toBeLessThan(0.97);
  });
});
