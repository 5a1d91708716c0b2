import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  binomialAtLeast,
  negativeBinomialAtLeast,
  poissonAtLeast,
  student95,
  studentTwoSided,
} from './distributions.js';
import { logGamma, regularizedBeta, regularizedGamma } from './special-functions.js';

const sum = (from: number, to: number, of: (k: number) => number): number => {
  let all = 0;
  for (let k = from; k <= to; k++) all += of(k);
  return all;
};

describe('special functions', () => {
  it.each([
    [0.5, 0.5 * Math.log(Math.PI)],
    [1, 0],
    [6, Math.log(120)],
    [0.1, 2.252712651734206],
    [1000, 5905.220423209181],
  ])('ln Γ(%f) = %f', (x, expected) => {
    expect(logGamma(x)).toBeCloseTo(expected, 9);
  });

  it('I_x(a, b) = 1 − I_(1−x)(b, a), and I_x(1, b) = 1 − (1 − x)^b', () => {
    const share = fc.double({ min: 0.01, max: 0.99, noNaN: true });
    const shape = fc.double({ min: 0.2, max: 500, noNaN: true });
    fc.assert(
      fc.property(share, shape, shape, (x, a, b) => {
        expect(regularizedBeta(x, a, b)).toBeCloseTo(1 - regularizedBeta(1 - x, b, a), 10);
        expect(regularizedBeta(x, 1, b)).toBeCloseTo(1 - (1 - x) ** b, 10);
      }),
    );
  });

  it('P(1, x) = 1 − e^(−x), and P(½, x²) is the error function', () => {
    expect(regularizedGamma(1, 3)).toBeCloseTo(1 - Math.exp(-3), 12);
    // Abramowitz and Stegun, table 7.1
    expect(regularizedGamma(0.5, 0.25)).toBeCloseTo(0.5204998778, 10);
    expect(regularizedGamma(0.5, 4)).toBeCloseTo(0.995322265, 9);
  });
});

describe('tails of distributions', () => {
  // Abramowitz and Stegun, table 26.10
  it.each([
    [1, 12.706],
    [2, 4.303],
    [5, 2.571],
    [10, 2.228],
    [30, 2.042],
    [120, 1.98],
    [Infinity, 1.96],
  ])("Student's t of %i degrees of freedom leaves 5 %% beyond %f", (degreesOfFreedom, expected) => {
    expect(student95(degreesOfFreedom)).toBeCloseTo(expected, 3);
    expect(studentTwoSided(student95(degreesOfFreedom), degreesOfFreedom)).toBeCloseTo(0.05, 10);
  });

  it('are the sums of their terms', () => {
    const binomial = (k: number) =>
      Math.exp(logGamma(31) - logGamma(k + 1) - logGamma(31 - k)) * 0.3 ** k * 0.7 ** (30 - k);
    expect(binomialAtLeast(12, 30, 0.3)).toBeCloseTo(sum(12, 30, binomial), 10);
    const poisson = (k: number) => Math.exp(k * Math.log(7) - 7 - logGamma(k + 1));
    expect(poissonAtLeast(12, 7)).toBeCloseTo(1 - sum(0, 11, poisson), 10);
    // mean 7, overdispersion .25: size 4
    const negativeBinomial = (k: number) =>
      Math.exp(logGamma(k + 4) - logGamma(k + 1) - logGamma(4)) * (4 / 11) ** 4 * (7 / 11) ** k;
    expect(negativeBinomialAtLeast(12, 7, 0.25)).toBeCloseTo(1 - sum(0, 11, negativeBinomial), 10);
  });

  it('given less and less overdispersion: from the negative binomial to the Poisson distribution', () => {
    for (const overdispersion of [1e-6, 1.1e-7, 0.9e-7, 0]) {
      expect(negativeBinomialAtLeast(60, 20, overdispersion) / poissonAtLeast(60, 20)).toBeCloseTo(1, 2);
    }
    expect(negativeBinomialAtLeast(60, 20, 0.1)).toBeGreaterThan(1000 * poissonAtLeast(60, 20));
  });

  it('keep their digits far out, where only the order of magnitude tells two alarms apart', () => {
    const term = Math.exp(200 * Math.log(20) - 20 - logGamma(201));
    expect(poissonAtLeast(200, 20) / term).toBeCloseTo(
      sum(200, 260, (k) => Math.exp((k - 200) * Math.log(20) + logGamma(201) - logGamma(k + 1))),
      6,
    );
  });
});
