import { logGamma, regularizedBeta, regularizedGamma } from './special-functions.js';
import { z95 } from './estimate.js';

/** P(|T| ≥ |t|) of Student's t (Abramowitz and Stegun 26.7.1); the normal distribution's where degrees of freedom are endless. */
export function studentTwoSided(t: number, degreesOfFreedom: number): number {
  if (!Number.isFinite(t)) return 0;
  if (degreesOfFreedom > 1e7) return 1 - regularizedGamma(0.5, (t * t) / 2);
  return regularizedBeta(degreesOfFreedom / (degreesOfFreedom + t * t), degreesOfFreedom / 2, 0.5);
}

/** t that |T| exceeds in 5 % of cases, by Newton's method: from the left, where the tail is convex, it never steps too far. */
export function student95(degreesOfFreedom: number): number {
  if (degreesOfFreedom > 1e7) return z95;
  const half = (degreesOfFreedom + 1) / 2;
  const scale = Math.exp(logGamma(half) - logGamma(degreesOfFreedom / 2)) / Math.sqrt(Math.PI * degreesOfFreedom);
  let t = z95;
  for (let step = 0; step < 100; step++) {
    const density = scale * (1 + (t * t) / degreesOfFreedom) ** -half;
    const further = (studentTwoSided(t, degreesOfFreedom) - 0.05) / (2 * density);
    t += further;
    if (Math.abs(further) < 1e-12 * t) break;
  }
  return t;
}

/** P(X ≥ k) of n draws with probability p (Abramowitz and Stegun 26.5.24) */
export function binomialAtLeast(k: number, n: number, p: number): number {
  if (k <= 0) return 1;
  return k > n ? 0 : regularizedBeta(p, k, n - k + 1);
}

/** P(X ≥ k) of a Poisson distribution (Abramowitz and Stegun 26.4.21) */
export function poissonAtLeast(k: number, mean: number): number {
  return k <= 0 ? 1 : regularizedGamma(k, mean);
}

/**
 * P(X ≥ k) of a negative binomial distribution with the variance mean + overdispersion · mean² (Abramowitz and Stegun 26.5.26): a Poisson
 * distribution whose mean itself varies by a gamma distribution.
 */
export function negativeBinomialAtLeast(k: number, mean: number, overdispersion: number): number {
  if (k <= 0) return 1;
  if (mean <= 0) return 0;
  // so near to Poisson's that its parameters would only lose digits
  if (overdispersion < 1e-7) return poissonAtLeast(k, mean);
  const size = 1 / overdispersion;
  return regularizedBeta(mean / (mean + size), k, size);
}
