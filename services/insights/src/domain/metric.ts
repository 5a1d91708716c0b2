import { type Dimension, feedbackDimensions } from './dimension.js';
import { type Measure } from './loop-fact.js';

export const clocks = ['customer', 'business'] as const;
export type Clock = (typeof clocks)[number];
export const grains = ['day', 'week', 'month', 'total'] as const;
export type Grain = (typeof grains)[number];

export type Unit = 'points' | 'share' | 'stars' | 'score' | 'milliseconds' | 'count';

/** What a number is, for those who read it. */
export interface MetricDefinition {
  readonly name: string;
  readonly title: string;
  readonly definition: string;
  readonly unit: Unit;
  /** Where its formula is from */
  readonly source: string;
  readonly dimensions: readonly Dimension[];
}

/** A metric that is counted out of the read model. */
export interface CountedMetric extends MetricDefinition {
  readonly of: 'feedback' | 'loops';
  /** What is counted for it, by the clock that is asked for */
  measures(clock: Clock): readonly Measure[];
}

const loopDimensions: readonly Dimension[] = [...feedbackDimensions, 'priority', 'cohort'];

const ofFeedback = (measure: Measure, definition: Omit<MetricDefinition, 'dimensions'>): CountedMetric => ({
  ...definition,
  dimensions: feedbackDimensions,
  of: 'feedback',
  measures: () => [measure],
});

const ofLoops = (
  measures: readonly Measure[],
  business: readonly Measure[],
  definition: Omit<MetricDefinition, 'dimensions'>,
  more: readonly Dimension[] = [],
): CountedMetric => ({
  ...definition,
  dimensions: [...loopDimensions, ...more],
  of: 'loops',
  measures: (clock) => (clock === 'business' ? business : measures),
});

const wilsonSource = 'E. B. Wilson, JASA 22, 1927';
const kaplanMeierSource =
  'E. L. Kaplan, P. Meier, JASA 53, 1958; interval: R. Brookmeyer, J. Crowley, Biometrics 38, 1982';

/** Days are UTC; of feedback that of what was said, of loops that of their opening. docs/metrics.md says more of each. */
export const countedMetrics: readonly CountedMetric[] = [
  ofFeedback('sentiment', {
    ...{ name: 'volume', title: 'Feedback', unit: 'count', source: 'a count' },
    definition: 'Feedback by when it was said, each once in its latest revision, without what its source has deleted.',
  }),
  ofFeedback('nps', {
    ...{ name: 'nps', title: 'Net promoter score', unit: 'points', source: 'F. Reichheld, HBR 12/2003' },
    definition:
      '100 × (promoters, 9 and 10, − detractors, 0 to 6) / answers, on the scale 0..10; 95 % interval from the variance p + d − (p − d)².',
  }),
  ofFeedback('csat', {
    ...{ name: 'csat', title: 'Customer satisfaction', unit: 'share', source: `top two boxes; ${wilsonSource}` },
    definition: 'Share of 4 and 5 on the scale of 5; 95 % interval by Wilson.',
  }),
  ofFeedback('ces', {
    ...{
      name: 'ces',
      title: 'Customer effort score',
      unit: 'score',
      source: 'CES 2.0, CEB 2013; Student, Biometrika 6, 1908',
    },
    definition: 'Mean of the scale of 7, on which 7 is the least effort; 95 % interval by Student.',
  }),
  ofFeedback('ces', {
    ...{ name: 'ces-top', title: 'Found it easy', unit: 'share', source: `CES 2.0, CEB 2013; ${wilsonSource}` },
    definition: 'Share of 5 to 7 on the scale of 7; 95 % interval by Wilson.',
  }),
  ofFeedback('rating', {
    ...{ name: 'rating', title: 'Rating', unit: 'stars', source: 'Student, Biometrika 6, 1908' },
    definition: 'Mean of the ratings as stars of five, other scales in proportion; 95 % interval by Student.',
  }),
  ofFeedback('rating', {
    ...{ name: 'rating-top', title: 'Four stars and more', unit: 'share', source: wilsonSource },
    definition: 'Share of ratings at or above four stars of five; 95 % interval by Wilson.',
  }),
  ofFeedback('sentiment', {
    ...{ name: 'negative-share', title: 'Negative share', unit: 'share', source: wilsonSource },
    definition:
      'Share of negative feedback among what was judged; by topic, of what was said of that topic; 95 % interval by Wilson.',
  }),
  ofLoops(['response', 'responseCensored', 'responseWaiting'], ['responseBusiness', 'responseBusinessCensored'], {
    ...{ name: 'first-response-time', title: 'First response time', unit: 'milliseconds', source: kaplanMeierSource },
    definition:
      'Median time from receipt to the first answer, of the first cycle; loops that still wait count as censored. 50 % and 90 % quantiles within 1 %.',
  }),
  ofLoops(
    ['resolution', 'resolutionCensored', 'resolutionWaiting'],
    ['resolutionBusiness', 'resolutionBusinessCensored'],
    {
      ...{ name: 'time-to-close', title: 'Time to close', unit: 'milliseconds', source: kaplanMeierSource },
      definition:
        'Median time from receipt until the team first says that it is resolved, or the customer before it, of the first cycle; loops that are open, ' +
        'dismissed or withdrawn count as censored. 50 % and 90 % quantiles within 1 %.',
    },
  ),
  ofLoops(['state'], ['state'], {
    ...{ name: 'closure-rate', title: 'Closure rate', unit: 'share', source: wilsonSource },
    definition:
      'Share of the loops opened in the period that are closed by now: verified, closed unverified, dismissed or withdrawn; 95 % interval by Wilson.',
  }),
  ofLoops(['state'], ['state'], {
    ...{ name: 'verified-closure-rate', title: 'Verified closure rate', unit: 'share', source: wilsonSource },
    definition: 'Share of the loops opened in the period that the customer has confirmed; 95 % interval by Wilson.',
  }),
  ofLoops(['reopened'], ['reopened'], {
    ...{ name: 'reopen-rate', title: 'Reopen rate', unit: 'share', source: wilsonSource },
    definition:
      'Of the loops opened in the period that were ever resolved or closed, the share that was opened again; 95 % interval by Wilson.',
  }),
  ofLoops(['sla'], ['slaBusiness'], {
    ...{ name: 'sla-attainment', title: 'SLA attainment', unit: 'share', source: wilsonSource },
    definition:
      'Of the loops opened in the period with a promise that is decided, the share that missed none: first response and resolution, of the first cycle, ' +
      'on one clock; 95 % interval by Wilson.',
  }),
  ofLoops(
    ['state'],
    ['state'],
    {
      ...{ name: 'backlog', title: 'Backlog', unit: 'count', source: 'a count' },
      definition: 'Loops opened in the period that are not closed now, by their age in days.',
    },
    ['age'],
  ),
  ofLoops(['fcr'], ['fcr'], {
    ...{ name: 'fcr', title: 'First contact resolution', unit: 'share', source: `ISO 18295-1; ${wilsonSource}` },
    definition:
      'Of the issues resolved, once seven days are over, the share with one answer, not reopened, and nothing more from that customer on that topic until ' +
      'then; issues of unknown customers do not count; 95 % interval by Wilson.',
  }),
];

export const countedMetric = (name: string): CountedMetric | undefined =>
  countedMetrics.find((metric) => metric.name === name);

export const ageBands = ['<1d', '1-3d', '3-7d', '7-30d', '>30d'] as const;
export type AgeBand = (typeof ageBands)[number];
/** Of an age in whole days */
export function ageBandOf(days: number): AgeBand {
  if (days < 1) return '<1d';
  if (days < 3) return '1-3d';
  if (days < 7) return '3-7d';
  return days <= 30 ? '7-30d' : '>30d';
}
