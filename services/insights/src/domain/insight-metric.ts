import { type Dimension } from './dimension.js';
import { type InsightFact } from './insight-facts.js';
import { dayNumberOf } from './loop-fact.js';
import { dayText, rowOf, type MetricRow } from './metric-answer.js';
import { type MetricValue } from './metric-value.js';
import { type Grain, type MetricDefinition } from './metric.js';
import { type Question } from './question.js';
import { kaplanMeier } from './statistics/kaplan-meier.js';
import { wilson } from './statistics/wilson.js';

const dimensions = [
  'team',
  'topic',
  'touchpoint',
  'journeyStage',
  'location',
  'product',
] as const satisfies readonly Dimension[];

/** A metric of insights: by when they were raised, and by what they are about. */
export interface InsightMetric extends MetricDefinition {
  valueOf(facts: readonly InsightFact[], now: Date): MetricValue;
}

export const insightMetrics: readonly InsightMetric[] = [
  {
    ...{ name: 'insights-answered', title: 'Insights answered', unit: 'share', dimensions },
    source: 'E. B. Wilson, JASA 22, 1927',
    definition:
      'Of the insights raised in the period, the share that was accepted, merged, declined or acted on by now; 95 % interval by Wilson.',
    valueOf: (facts) => wilson(facts.filter(({ answered }) => answered).length, facts.length),
  },
  {
    ...{ name: 'insight-lead-time', title: 'From evidence to improvement', unit: 'milliseconds', dimensions },
    source: 'E. L. Kaplan, P. Meier, JASA 53, 1958; interval: R. Brookmeyer, J. Crowley, Biometrics 38, 1982',
    definition:
      'Median time from the first evidence of an insight raised in the period until its improvement began; those that wait, or to which none came, count as censored.',
    valueOf: leadTimeOf,
  },
];

const quantiles = [0.5, 0.9];

function leadTimeOf(facts: readonly InsightFact[], now: Date): MetricValue {
  const since = ({ since: begun }: InsightFact, until: Date): readonly [number, number] => [
    Math.max(0, until.getTime() - begun.getTime()),
    1,
  ];
  const begun = facts.flatMap((fact) => (fact.improvingAt ? [since(fact, fact.improvingAt)] : []));
  // what was declined or merged waits no more: nothing is known of it after that
  const waiting = facts.flatMap((fact) => (fact.improvingAt ? [] : [since(fact, fact.endedAt ?? now)]));
  const survival = kaplanMeier(begun, waiting);
  const [median, ...others] = quantiles.map((q) => ({ q, ...survival.quantile(q) }));
  return {
    ...{ n: facts.length, value: median!.value, interval: median!.interval, quantiles: [median!, ...others] },
    parts: { improving: begun.length, waiting: waiting.length },
  };
}

/** The rows of an answer: facts that the question asks for, by period and dimensions. */
export function insightRows(
  metric: InsightMetric,
  facts: readonly InsightFact[],
  { by, grain, filters }: Pick<Question, 'by' | 'grain' | 'filters'>,
  now: Date,
  limits: { readonly smallN: number; readonly hiddenN: number },
): MetricRow[] {
  const cells = new Map<string, { place: Pick<MetricRow, 'period' | 'values'>; facts: InsightFact[] }>();
  for (const fact of facts) {
    if (![...filters].every(([dimension, values]) => values.some((value) => has(fact, dimension, value)))) continue;
    const period = periodOf(fact.raisedAt, grain);
    const values = Object.fromEntries(by.map((dimension) => [dimension, valueIn(fact, dimension)]));
    const key = JSON.stringify([period, values]);
    const cell = cells.get(key);
    if (cell) cell.facts.push(fact);
    else cells.set(key, { place: { ...(period !== undefined && { period }), values }, facts: [fact] });
  }
  return [...cells]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([, { place, facts: those }]) =>
      // what teams claim tells nobody's name
      rowOf(place, metric.valueOf(those, now), { ...limits, fine: false }),
    );
}

function valueIn({ team, about }: InsightFact, dimension: Dimension): string | null {
  if (dimension === 'team') return team;
  return (about as Readonly<Record<string, string | undefined>>)[dimension] ?? null;
}

/** '' stands for what says none; a topic with one level has those below it. */
function has(fact: InsightFact, dimension: Dimension, wanted: string): boolean {
  const value = valueIn(fact, dimension);
  if (value === null) return wanted === '';
  return value === wanted || (dimension === 'topic' && value.startsWith(`${wanted}/`));
}

/** First day of the period; weeks begin on Mondays. */
function periodOf(at: Date, grain: Grain): string | undefined {
  const day = dayNumberOf(at);
  switch (grain) {
    case 'total':
      return undefined;
    case 'day':
      return dayText(day);
    case 'week':
      // 1 January 1970 was a Thursday
      return dayText(day - ((day + 3) % 7));
    case 'month':
      return `${dayText(day).slice(0, 7)}-01`;
  }
}
