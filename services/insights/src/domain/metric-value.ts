import { loopStates } from '@closeloop/contracts';
import { sentimentOf } from './feedback-fact.js';
import { dayNumberOf, isClosed, type Measure } from './loop-fact.js';
import { type Clock } from './metric.js';
import { noEstimate, type Counted, type Estimate } from './statistics/estimate.js';
import { kaplanMeier } from './statistics/kaplan-meier.js';
import { bucketValue } from './statistics/log-bucket-histogram.js';
import { ratingOf, ratingTopOf, starsOf } from './statistics/rating.js';
import { cesOf, cesTopOf, csatOf, npsKindOf, npsOf } from './statistics/survey.js';
import { wilson } from './statistics/wilson.js';

export interface QuantileValue {
  readonly q: number;
  readonly value: number | null;
  readonly interval: readonly [number | null, number | null] | null;
}

/** A metric's number for one cell of the answer. */
export interface MetricValue {
  readonly n: number;
  readonly value: number | null;
  readonly interval: readonly [number | null, number | null] | null;
  readonly quantiles?: readonly QuantileValue[];
  /** What it is made of */
  readonly parts?: Readonly<Record<string, number>>;
}

/** What was counted of one cell: of one question and scale, where it is a survey's. */
export interface Cell {
  /** In thousandths */
  readonly scale: number;
  readonly counts: readonly CellCount[];
}

export interface CellCount {
  readonly measure: Measure;
  readonly bucket: number;
  readonly n: number;
}

/** By then nobody comes back any more: the day of the resolution and seven after it are over. */
const fcrDays = 8;

const sumWhere = (counts: readonly CellCount[], kept: (count: CellCount) => boolean): number =>
  counts.reduce((sum, count) => (kept(count) ? sum + count.n : sum), 0);
const totalOf = (counts: readonly CellCount[]): number => sumWhere(counts, () => true);
/** Scores out of their thousandths */
const scoresOf = (counts: readonly CellCount[]): Counted => counts.map(({ bucket, n }) => [bucket / 1_000, n] as const);

const bare = ({ value, interval, n }: Estimate = noEstimate): MetricValue => ({ value, interval, n });
/** n stands where the scale is not the metric's own: then there is no value. */
const onScale = (estimate: Estimate | null, counts: readonly CellCount[]): MetricValue =>
  estimate ? bare(estimate) : { value: null, interval: null, n: totalOf(counts) };

/** The number of a cell. @throws RangeError where there is no such metric */
export function valueOf(metric: string, { scale, counts }: Cell, clock: Clock, now: Date): MetricValue {
  const survey = { scale: scale / 1_000, scores: scoresOf(counts) };
  switch (metric) {
    case 'volume': {
      const n = totalOf(counts);
      return { n, value: n, interval: null, parts: bySentiment(counts) };
    }
    case 'negative-share': {
      const judged = counts.filter(({ bucket }) => bucket > 0);
      const share = wilson(
        sumWhere(judged, ({ bucket }) => sentimentOf(bucket) === 'negative'),
        totalOf(judged),
      );
      return { ...bare(share), parts: bySentiment(counts) };
    }
    case 'nps': {
      const kinds = { promoter: 0, passive: 0, detractor: 0 };
      for (const [score, n] of survey.scores) kinds[npsKindOf(score)] += n;
      const value = onScale(npsOf(survey), counts);
      return value.value === null ? value : { ...value, parts: kinds };
    }
    case 'csat':
      return onScale(csatOf(survey), counts);
    case 'ces':
      return onScale(cesOf(survey), counts);
    case 'ces-top':
      return onScale(cesTopOf(survey), counts);
    case 'rating':
    case 'rating-top':
      throw new RangeError('ratings are put together by ratingValueOf');
    case 'first-response-time':
      return timesOf(counts, 'response', clock);
    case 'time-to-close':
      return timesOf(counts, 'resolution', clock);
    case 'closure-rate':
    case 'verified-closure-rate': {
      const parts = byState(counts);
      const wanted = metric === 'closure-rate' ? isClosed : (state: string) => state === 'verified';
      const met = sumWhere(counts, ({ bucket }) => wanted(loopStates[bucket]!));
      return { ...bare(wilson(met, totalOf(counts))), parts };
    }
    case 'reopen-rate':
      return bare(
        wilson(
          sumWhere(counts, ({ bucket }) => bucket === 1),
          totalOf(counts),
        ),
      );
    case 'sla-attainment':
      return slaOf(counts);
    case 'backlog': {
      const open = counts.filter(({ bucket }) => !isClosed(loopStates[bucket]!));
      const n = totalOf(open);
      return { n, value: n, interval: null, parts: byState(open) };
    }
    case 'fcr': {
      const today = dayNumberOf(now);
      const over = counts.filter(({ bucket }) => Math.floor(bucket / 2) + fcrDays <= today);
      return bare(
        wilson(
          sumWhere(over, ({ bucket }) => bucket % 2 !== 0),
          totalOf(over),
        ),
      );
    }
    default:
      throw new RangeError(`${metric} is no metric that is counted`);
  }
}

/** Ratings of every scale together: as stars of five they are one figure. */
export function ratingValueOf(metric: 'rating' | 'rating-top', cells: readonly Cell[]): MetricValue {
  const stars = cells.flatMap(({ scale, counts }) =>
    counts.map(({ bucket, n }) => [starsOf(bucket / 1_000, scale / 1_000), n] as const),
  );
  return bare(metric === 'rating' ? ratingOf(stars) : ratingTopOf(stars));
}

function bySentiment(counts: readonly CellCount[]): Record<string, number> {
  const parts: Record<string, number> = { negative: 0, neutral: 0, positive: 0, mixed: 0, unjudged: 0 };
  for (const { bucket, n } of counts) parts[sentimentOf(bucket) ?? 'unjudged']! += n;
  return parts;
}

function byState(counts: readonly CellCount[]): Record<string, number> {
  const parts: Record<string, number> = {};
  for (const { bucket, n } of counts) parts[loopStates[bucket]!] = (parts[loopStates[bucket]!] ?? 0) + n;
  return parts;
}

/** Median and ninth decile: what ended, and what did not, as long as that is known to have lasted. */
function timesOf(counts: readonly CellCount[], what: 'response' | 'resolution', clock: Clock): MetricValue {
  const suffix = clock === 'business' ? 'Business' : '';
  const durations = (measure: Measure): Counted =>
    counts.filter((count) => count.measure === measure).map(({ bucket, n }) => [bucketValue(bucket), n] as const);
  const events = durations(`${what}${suffix}`);
  const censored = [
    ...durations(`${what}${suffix}Censored`),
    ...(clock === 'customer' ? durations(`${what}Waiting`) : []),
  ];
  const survival = kaplanMeier(events, censored);
  const quantiles = [0.5, 0.9].map((q) => ({ q, ...survival.quantile(q) }));
  const { value, interval } = quantiles[0]!;
  return {
    ...{ n: survival.n, value, interval, quantiles },
    parts: { ended: survival.events, waiting: survival.n - survival.events },
  };
}

/** Buckets are 3 × first response + resolution: 0 not decided, 1 missed, 2 kept. */
function slaOf(counts: readonly CellCount[]): MetricValue {
  const promises = ({ bucket }: CellCount): readonly [number, number] => [Math.floor(bucket / 3), bucket % 3];
  const kept = sumWhere(counts, (count) => !promises(count).includes(1));
  const of = (at: 0 | 1, verdict: number): number => sumWhere(counts, (count) => promises(count)[at] === verdict);
  return {
    ...bare(wilson(kept, totalOf(counts))),
    parts: {
      ...{ firstResponseKept: of(0, 2), firstResponseMissed: of(0, 1) },
      ...{ resolutionKept: of(1, 2), resolutionMissed: of(1, 1) },
    },
  };
}
