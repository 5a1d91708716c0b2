import { describe, expect, it } from '@jest/globals';
import { seededChance } from '../statistics/chance.js';
import { fitExpectation, type History } from './expectation.js';

const ones = (days: number): Float64Array => new Float64Array(days).fill(1);
const historyOf = (counts: readonly number[], changed: Partial<History> = {}): History => ({
  ...{ counts, firstWeekday: 0, exposure: ones(counts.length), weights: ones(counts.length) },
  ...changed,
});

describe('fitExpectation', () => {
  it('given a level, a weekend at half and growth: goes on with them', () => {
    const truth = (day: number) => 100 * 1.1 ** (day / 28) * (day % 7 > 4 ? 0.5 : 1);
    const { on, week } = fitExpectation(historyOf(Array.from({ length: 56 }, (_, day) => truth(day))), 0, 0.5);
    for (const day of [56, 59, 61, 62]) expect(on(day, 1).mean / truth(day)).toBeCloseTo(1, 1);
    expect(week[6]! / week[0]!).toBeCloseTo(0.5, 1);
  });

  it('given what multiplies a day: takes it out of the past and puts it into the future', () => {
    const exposure = Array.from({ length: 30 }, (_, day) => (day % 3 === 0 ? 4 : 1));
    const counts = exposure.map((each) => 10 * each);
    const { on } = fitExpectation(historyOf(counts, { exposure }), 0, 0.2);
    expect(on(30, 1).mean).toBeCloseTo(10, 0);
    expect(on(30, 4).mean).toBeCloseTo(40, 0);
  });

  it('given days that are left out: as if they had been as expected', () => {
    const counts = Array.from({ length: 28 }, (_, day) => (day > 20 ? 500 : 10));
    const weights = counts.map((count) => (count === 500 ? 0 : 1));
    expect(fitExpectation(historyOf(counts, { weights }), 0, 0.2).on(28, 1).mean).toBeCloseTo(10, 0);
  });

  it('given a topic that never came: rare, not impossible, and very unsure', () => {
    const { mean, variance } = fitExpectation(historyOf(new Array<number>(56).fill(0)), 0.05, 0.2).on(56, 1);
    expect(mean).toBeGreaterThan(0.001);
    expect(mean).toBeLessThan(0.05);
    expect(variance).toBeGreaterThan(1);
  });

  it('given five days: no pattern of the week is read into them', () => {
    const { on } = fitExpectation(historyOf([10, 10, 10, 10, 20]), 0.05, 0.2);
    for (let day = 5; day < 12; day++) {
      expect(on(day, 1).mean).toBeGreaterThan(9);
      expect(on(day, 1).mean).toBeLessThan(18);
    }
  });

  it('says how sure it is of the mean: the truth lies within ± 1.96 standard deviations in 90 to 99 % of cases', () => {
    const chance = seededChance(1);
    let held = 0;
    for (let run = 0; run < 500; run++) {
      const counts = Array.from({ length: 56 }, () => chance.poisson(8 * chance.gamma(0.1)));
      const { mean, variance } = fitExpectation(historyOf(counts), 0.1, 0.2).on(56, 1);
      if (Math.abs(Math.log(mean / 8)) <= 1.96 * Math.sqrt(variance)) held++;
    }
    expect(held / 500).toBeGreaterThan(0.9);
    expect(held / 500).toBeLessThan(0.995);
  });
});
