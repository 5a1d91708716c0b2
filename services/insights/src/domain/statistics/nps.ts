import { noEstimate, requireCounts, within, z95, type Estimate, type Interval } from './estimate.js';
import { wilson } from './wilson.js';

/**
 * Net promoter score in points, -100..100: 100 × (promoters − detractors) / n (F. Reichheld, HBR 12/2003), with the 95 % interval of the
 * difference of two shares of one sample, whose variance is (p + d − (p − d)²) / n (multinomial; e.g. A. Agresti, Categorical Data
 * Analysis, 3.1). Where all answers are of one kind that variance is 0 and says nothing: then the interval is what Wilson's bound for
 * that kind's share leaves room for, the rest being as bad (of promoters), as good (of detractors) or either (of passives).
 */
export function nps(promoters: number, passives: number, detractors: number): Estimate {
  requireCounts(promoters, passives, detractors);
  const n = promoters + passives + detractors;
  if (n === 0) return noEstimate;
  const [p, d] = [promoters / n, detractors / n];
  const score = p - d;
  const spread = z95 * Math.sqrt(Math.max(0, p + d - score * score) / n);
  const interval: Interval = [promoters, passives, detractors].includes(n)
    ? ofOneKind(score, n)
    : [within(score - spread, -1, 1), within(score + spread, -1, 1)];
  return { value: 100 * score, interval: [100 * interval[0], 100 * interval[1]], n };
}

function ofOneKind(score: number, n: number): Interval {
  const least = wilson(n, n).interval![0];
  if (score === 0) return [least - 1, 1 - least];
  return score > 0 ? [2 * least - 1, 1] : [-1, 1 - 2 * least];
}
