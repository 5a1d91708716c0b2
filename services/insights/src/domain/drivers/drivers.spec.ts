import { describe, expect, it } from '@jest/globals';
import { seededChance, type Chance } from '../statistics/chance.js';
import { findDrivers, minTopicFeedback, type ScoredCell } from './drivers.js';

interface Shape {
  readonly rows: number;
  /** Points of the score that a topic takes or gives */
  readonly effects?: Readonly<Record<string, number>>;
  /** Share of feedback with each topic, by channel */
  readonly share?: (topic: string, channel: string) => number;
}

const topics = Array.from({ length: 15 }, (_, at) => `topic-${at}`);
const channels = ['review', 'chat', 'survey'] as const;
/** A channel in which all scores are low */
const bad = 'chat';

function feedback(chance: Chance, { rows, effects = {}, share = () => 0.15 }: Shape): ScoredCell[] {
  return Array.from({ length: rows }, () => {
    const channel = channels[chance.integer(channels.length)]!;
    const own = topics.filter((topic) => chance.uniform() < share(topic, channel));
    const moved = own.reduce((sum, topic) => sum + (effects[topic] ?? 0), 0);
    const score = Math.round((channel === bad ? 5 : 8) + moved + 2 * chance.normal());
    return {
      ...{ channel, product: `product-${chance.integer(4)}`, question: 'nps', topics: own, count: 1 },
      score: Math.min(10, Math.max(0, score)),
    };
  });
}

/** Topics that are said to move the score though each feedback's were dealt out at random. */
const found = (cells: readonly ScoredCell[]): string[] =>
  findDrivers('nps', cells)
    .drivers.filter(({ significant }) => significant)
    .map(({ topic }) => topic);

describe('findDrivers', () => {
  it('on data shuffled at random: finds nothing, but in 5 % of runs at most', () => {
    const chance = seededChance(1);
    const runs = 400;
    const cells = feedback(chance, { rows: 600, effects: { 'topic-3': -4 } });
    let runsWithAny = 0;
    for (let run = 0; run < runs; run++) {
      const dealt = chance.shuffle(cells.map((cell) => cell.topics));
      if (found(cells.map((cell, at) => ({ ...cell, topics: dealt[at]! }))).length > 0) runsWithAny++;
    }
    expect(runsWithAny / runs).toBeLessThanOrEqual(0.05);
  });

  it('finds a topic that takes two points, in 20 of 20 samples, and says by how much NPS it moves', () => {
    for (let seed = 0; seed < 20; seed++) {
      const { drivers } = findDrivers('nps', feedback(seededChance(seed), { rows: 1_500, effects: { 'topic-3': -2 } }));
      expect(drivers[0]!.topic).toBe('topic-3');
      expect(drivers[0]!.significant).toBe(true);
      expect(drivers[0]!.interval[1]).toBeLessThan(0);
    }
  });

  it('given a topic that is more frequent in a bad channel: does not take it for a driver', () => {
    const share = (topic: string, channel: string) => (topic === 'topic-7' ? (channel === bad ? 0.6 : 0.05) : 0.15);
    let [controlled, uncontrolled] = [0, 0];
    for (let seed = 0; seed < 40; seed++) {
      const cells = feedback(seededChance(seed), { rows: 1_500, share });
      if (found(cells).includes('topic-7')) controlled++;
      // as if nobody knew the channels: then it is one each time
      if (found(cells.map((cell) => ({ ...cell, channel: 'any' }))).includes('topic-7')) uncontrolled++;
    }
    expect(uncontrolled).toBe(40);
    expect(controlled).toBeLessThanOrEqual(4);
  });

  it('given a topic that comes along with one that takes points: does not take it for a driver', () => {
    const cells = feedback(seededChance(3), { rows: 3_000, effects: { 'topic-3': -3 } }).map((cell, at) =>
      cell.topics.includes('topic-3') && at % 4 !== 0
        ? { ...cell, topics: [...new Set([...cell.topics, 'topic-9'])] }
        : cell,
    );
    expect(found(cells)).toContain('topic-3');
    expect(found(cells)).not.toContain('topic-9');
  });

  it('never compares answers to different questions', () => {
    const cells = ['easy', 'hard'].flatMap((question, at) =>
      [8, 9, 10].map((score): ScoredCell => ({
        ...{ channel: 'survey', product: null, question, topics: at === 0 ? ['easy'] : ['other'], count: 60 },
        score: at === 0 ? score : score - 8,
      })),
    );
    const { drivers, note } = findDrivers('nps', cells);
    expect(drivers).toEqual([]);
    expect(note).toMatch(/left out/);
  });

  it('says of CSAT shares, of ratings stars', () => {
    const cells = (['with', 'without'] as const).flatMap((kind) =>
      [2, 5].map((score): ScoredCell => ({
        ...{ channel: 'survey', product: null, question: null, score, topics: kind === 'with' ? ['late'] : [] },
        count: (kind === 'with') === (score === 2) ? 75 : 25,
      })),
    );
    expect(findDrivers('csat', cells).drivers[0]!.effect).toBeCloseTo(-0.5, 10);
    expect(findDrivers('rating', cells).drivers[0]!.effect).toBeCloseTo(-1.5, 10);
    expect(findDrivers('csat', cells).controlledFor).toEqual(['channel', 'product', 'question']);
  });

  it('judges no topic of which there is too little', () => {
    const few = feedback(seededChance(4), { rows: minTopicFeedback - 1 });
    expect(findDrivers('nps', few)).toMatchObject({
      n: minTopicFeedback - 1,
      drivers: [],
      note: expect.stringMatching(/30/),
    });
    expect(findDrivers('nps', [])).toMatchObject({ n: 0, drivers: [] });
  });
});
