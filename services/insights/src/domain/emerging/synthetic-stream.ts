import type { Chance } from '../statistics/chance.js';
import type { DailyCounts, DayTotal, TopicCount } from './series.js';

/** Feedback as it might come, of which it is known what emerged: nothing, but what was planted. */
export interface StreamShape {
  readonly topics: number;
  readonly days: number;
  /** Feedback a day of the rarest and the most frequent topic; those between are spread evenly on the scale of ln */
  readonly rates: readonly [low: number, high: number];
  /** Variance = mean + overdispersion · mean², of each topic for itself */
  readonly overdispersion: number;
  /** `gamma` is what the detector assumes; `lognormal` has the heavier tail, and may last from day to day */
  readonly noise: 'gamma' | 'lognormal';
  /** How much of a day's excess lasts to the next, 0..1; of lognormal noise only */
  readonly persistence: number;
  /** How far weekdays are from each other: 0 not at all, .5 a weekend at half */
  readonly week: number;
  /** Growth of all in four weeks, e.g. .1 */
  readonly growth: number;
  /** Variance of a factor that all topics share on a day, against its mean squared: busy days */
  readonly busy: number;
  /** Places over which feedback is spread evenly; 0: none is given */
  readonly locations: number;
}

export interface Planted {
  /** Index of the topic */
  readonly topic: number;
  readonly from: number;
  readonly to: number;
  readonly factor: number;
  /** Of one place only */
  readonly location?: number;
}

/** 2026-01-05, a Monday */
export const firstStreamDay = 20_458;

export const topicName = (index: number): string => `topic-${index}`;

/** What factors all topics share beside feedback without any, which comes as often as that with one. */
export function syntheticStream(chance: Chance, shape: StreamShape, planted: readonly Planted[] = []): DailyCounts {
  const { topics, days, rates, locations } = shape;
  const places = locations === 0 ? [null] : Array.from({ length: locations }, (_, at) => `place-${at}`);
  const counts: TopicCount[] = [];
  const totals: DayTotal[] = [];
  const noises = Array.from({ length: topics }, () => noiseOf(chance, shape));
  const overall = Array.from({ length: topics }, (_, topic) => rateOf(topic, topics, rates)).reduce(
    (sum, each) => sum + each,
    0,
  );
  for (let day = 0; day < days; day++) {
    const weekday = day % 7;
    const common =
      (1 + shape.growth) ** (day / 28) *
      (weekday > 4 ? 1 - shape.week : 1 + 0.4 * shape.week) *
      chance.gamma(shape.busy);
    const byPlace = places.map(() => 0);
    for (let topic = 0; topic < topics; topic++) {
      const mean = rateOf(topic, topics, rates) * common * noises[topic]!();
      places.forEach((location, place) => {
        const rise = planted
          .filter((one) => one.topic === topic && day >= one.from && day < one.to && (one.location ?? place) === place)
          .reduce((factor, one) => factor * one.factor, 1);
        const count = chance.poisson((rise * mean) / places.length);
        if (count === 0) return;
        counts.push({ topic: topicName(topic), location, product: null, day: firstStreamDay + day, count });
        byPlace[place]! += count;
      });
    }
    places.forEach((location, place) => {
      const untold = chance.poisson((overall * common) / places.length);
      totals.push({ location, product: null, day: firstStreamDay + day, count: byPlace[place]! + untold });
    });
  }
  return { topics: counts, totals };
}

const rateOf = (topic: number, topics: number, [low, high]: readonly [number, number]): number =>
  low * (high / low) ** (topics > 1 ? topic / (topics - 1) : 1);

function noiseOf(chance: Chance, { noise, overdispersion, persistence }: StreamShape): () => number {
  if (noise === 'gamma') return () => chance.gamma(overdispersion);
  const spread = Math.sqrt(Math.log(1 + overdispersion));
  let state = chance.normal();
  return () => {
    state = persistence * state + Math.sqrt(1 - persistence ** 2) * chance.normal();
    return Math.exp(spread * state - spread ** 2 / 2);
  };
}
