/**
 * The few functions that the distributions here need. (The one kept library that has them, @stdlib, brings some two hundred packages and
 * native builds with it.) Relative error below 1e-10 where the specs look.
 */

/** Lanczos' coefficients for g = 7, n = 9 (P. Godfrey, 2001) */
const lanczos = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
] as const;

/** ln Γ(x) for x > 0 (C. Lanczos, SIAM J. Numer. Anal. B 1, 1964). */
export function logGamma(x: number): number {
  // the reflection formula, for the sake of precision near 0
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const shifted = x - 1;
  const t = shifted + 7.5;
  let sum: number = lanczos[0];
  for (let i = 1; i < lanczos.length; i++) sum += lanczos[i]! / (shifted + i);
  return 0.5 * Math.log(2 * Math.PI) + (shifted + 0.5) * Math.log(t) - t + Math.log(sum);
}

const tiny = 1e-300;
const epsilon = 1e-15;
const mostSteps = 100_000;

/** A continued fraction b0 + a1/(b1 + a2/(b2 + …)) by Lentz' method (W. J. Lentz, Applied Optics 15, 1976). */
function continuedFraction(b0: number, term: (step: number) => readonly [a: number, b: number]): number {
  let value = b0 || tiny;
  let [c, d] = [value, 0];
  for (let step = 1; step < mostSteps; step++) {
    const [a, b] = term(step);
    d = 1 / (b + a * d || tiny);
    c = b + a / c || tiny;
    value *= c * d;
    if (Math.abs(c * d - 1) < epsilon) break;
  }
  return value;
}

/**
 * The regularised incomplete beta function I_x(a, b), 0 ≤ x ≤ 1, a, b > 0 (DLMF 8.17.22): the tails of the binomial, the
 * negative binomial and Student's t.
 */
export function regularizedBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // where the fraction converges fast
  if (x > (a + 1) / (a + b + 2)) return 1 - regularizedBeta(1 - x, b, a);
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x)) / a;
  const fraction = continuedFraction(1, (step) => {
    const m = Math.floor(step / 2);
    const coefficient =
      step % 2 === 0
        ? (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
        : (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    return [coefficient, 1];
  });
  return front / fraction;
}

/** The lower regularised incomplete gamma function P(a, x), a > 0 (DLMF 8.11.4 and 8.9.2): the tail of the Poisson distribution. */
export function regularizedGamma(a: number, x: number): number {
  if (x <= 0) return 0;
  const front = Math.exp(a * Math.log(x) - x - logGamma(a));
  if (x < a + 1) {
    let [term, sum] = [1 / a, 1 / a];
    for (let n = 1; n < mostSteps && term > sum * epsilon; n++) {
      term *= x / (a + n);
      sum += term;
    }
    return front * sum;
  }
  const fraction = continuedFraction(x + 1 - a, (step) => [step * (a - step), x + 2 * step + 1 - a]);
  return 1 - front / fraction;
}
