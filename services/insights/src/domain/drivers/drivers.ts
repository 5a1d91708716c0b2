import { benjaminiHochberg } from '../statistics/benjamini-hochberg.js';
import type { Interval } from '../statistics/estimate.js';
import { fixedEffectsRegression, type Cell } from '../statistics/fixed-effects-regression.js';
import { npsKindOf, satisfiedFrom } from '../statistics/survey.js';

export const driverOutcomes = ['nps', 'csat', 'rating'] as const;
export type DriverOutcome = (typeof driverOutcomes)[number];

/** What an effect is counted in: points of NPS, share of satisfied 0..1, stars of five. */
export const driverUnits = { nps: 'points', csat: 'share', rating: 'stars' } as const satisfies Record<
  DriverOutcome,
  string
>;

/** Feedback that is alike in all that matters here, and how many. */
export interface ScoredCell {
  readonly channel: string;
  readonly product: string | null;
  /** Which question was asked; null for ratings. Answers are compared within one question only. */
  readonly question: string | null;
  readonly topics: readonly string[];
  /** NPS 0..10, CSAT 1..5, rating in stars of five */
  readonly score: number;
  readonly count: number;
}

export interface Driver {
  readonly topic: string;
  /** Feedback with that topic */
  readonly n: number;
  readonly effect: number;
  readonly interval: Interval;
  readonly p: number;
  readonly q: number;
  /** Found, where at most 5 % of what is found is by chance */
  readonly significant: boolean;
}

export interface Drivers {
  readonly n: number;
  readonly controlledFor: readonly string[];
  /** What was found first, by size of the effect */
  readonly drivers: readonly Driver[];
  readonly note?: string;
}

/** A topic is judged where so many have it, and so many do not. */
export const minTopicFeedback = 30;
const greatestQ = 0.05;
/** Topics beyond the most frequent ones are left out: each costs the others certainty. */
const mostTopics = 100;

/** What is to be moved, by one feedback: +100, 0 or −100 points; satisfied or not; stars. */
function valueOf(outcome: DriverOutcome, score: number): number {
  switch (outcome) {
    case 'nps':
      return { promoter: 100, passive: 0, detractor: -100 }[npsKindOf(score)];
    case 'csat':
      return score >= satisfiedFrom ? 1 : 0;
    case 'rating':
      return score;
  }
}

/**
 * What topics go with better or worse scores: for each, by how much feedback that has it differs from feedback of the same channel, product and
 * question that has not, its other topics being equal (least squares with fixed effects, HC3; q by Benjamini and Hochberg). What goes along
 * need not be the cause: customers choose what they speak of.
 */
export function findDrivers(outcome: DriverOutcome, cells: readonly ScoredCell[]): Drivers {
  const n = cells.reduce((sum, { count }) => sum + count, 0);
  const having = new Map<string, number>();
  for (const { topics, count } of cells) {
    for (const topic of new Set(topics)) having.set(topic, (having.get(topic) ?? 0) + count);
  }
  const topics = [...having]
    .filter(([, count]) => count >= minTopicFeedback && n - count >= minTopicFeedback)
    .sort(([a, more], [b, less]) => less - more || (a < b ? -1 : 1))
    .slice(0, mostTopics)
    .map(([topic]) => topic);
  const index = new Map(topics.map((topic, at) => [topic, at]));
  const regression = fixedEffectsRegression(
    cells.map(({ channel, product, question, topics: all, score, count }): Cell => ({
      group: JSON.stringify([channel, product, question]),
      features: [...new Set(all)].flatMap((topic) => index.get(topic) ?? []),
      outcome: valueOf(outcome, score),
      count,
    })),
    topics.length,
  );
  const estimated = topics.flatMap((topic, at) => {
    const effect = regression.effects[at];
    return effect ? [{ topic, n: having.get(topic)!, ...effect }] : [];
  });
  const q = benjaminiHochberg(estimated.map(({ p }) => p));
  const found = estimated.map((each, at): Driver => ({ ...each, q: q[at]!, significant: q[at]! <= greatestQ }));
  found.sort(
    (a, b) =>
      Number(b.significant) - Number(a.significant) ||
      Math.abs(b.effect) - Math.abs(a.effect) ||
      (a.topic < b.topic ? -1 : 1),
  );
  const note = noteOn(topics.length, estimated.length, regression.identified);
  return {
    n,
    controlledFor: outcome === 'rating' ? ['channel', 'product'] : ['channel', 'product', 'question'],
    drivers: found,
    ...(note && { note }),
  };
}

function noteOn(topics: number, estimated: number, identified: boolean): string | undefined {
  if (topics === 0) return `No topic has ${minTopicFeedback} scored feedback with it and ${minTopicFeedback} without.`;
  if (estimated < topics) return 'Topics that all scored feedback of a channel and product has, or none, are left out.';
  if (!identified) {
    return 'Some topics only come together, or each feedback has one of them: their effects are against their own average.';
  }
  return undefined;
}
