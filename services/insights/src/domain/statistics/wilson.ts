import { noEstimate, requireCounts, within, z95, type Estimate } from './estimate.js';

/**
 * A share 0..1 with Wilson's score interval (E. B. Wilson, JASA 22, 1927; recommended by Brown, Cai and DasGupta, Statistical
 * Science 16, 2001). For closure, reopening, SLA, CSAT and every other "k of n".
 * @throws RangeError where successes exceed n, or one is no count
 */
export function wilson(successes: number, n: number): Estimate {
  requireCounts(successes, n);
  if (successes > n) throw new RangeError(`${successes} of ${n} is no share`);
  if (n === 0) return noEstimate;
  const share = successes / n;
  const z2 = z95 * z95;
  const centre = (share + z2 / (2 * n)) / (1 + z2 / n);
  const spread = (z95 * Math.sqrt((share * (1 - share)) / n + z2 / (4 * n * n))) / (1 + z2 / n);
  // 0 of n and n of n touch the end exactly, which rounding would miss
  return { value: share, interval: [within(centre - spread, 0, share), within(centre + spread, share, 1)], n };
}
