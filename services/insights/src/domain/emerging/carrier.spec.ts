import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { carriersOf } from './carrier.js';
import { seriesOf, type DailyCounts, type SeriesKey } from './series.js';

const any: SeriesKey = { topic: null, location: null, product: null };
const first = 100;
/** Ten days as ever, and two on which more came: each topic's count a day, before and then */
function counts(topics: Readonly<Record<string, readonly [before: number, then: number]>>): DailyCounts {
  const rows = Array.from({ length: 12 }, (_, at) => first + at).flatMap((day) =>
    Object.entries(topics).map(([topic, [before, then]]) => ({
      ...{ topic, day, location: null, product: `of ${topic}`, count: day < first + 10 ? before : then },
    })),
  );
  return { topics: rows, totals: rows.map(({ topic: _topic, ...total }) => total) };
}
const rise = (observed: number, expected: number, key = any) => ({
  ...{ key, since: first + 10, lastDay: first + 11, observed, expected },
});
const named = (of: DailyCounts, issue = rise(200, 60)) =>
  carriersOf(seriesOf(of, [first, first + 12]), first, issue).map(({ topic, product, observed, expected }) => [
    ...[product ?? topic, observed, Math.round(expected * 10) / 10],
  ]);

describe('What carries a rise', () => {
  it('given a topic that makes up most of it: names it before a lesser one, and not what came as ever', () => {
    expect(named(counts({ late: [10, 60], lost: [10, 30], food: [10, 10] }))).toEqual([
      ...[['late', 120, 20] as unknown[], ['lost', 60, 20]],
      ...[['of late', 120, 20] as unknown[], ['of lost', 60, 20]],
    ]);
  });

  it('given a part that never came before: all of it is more', () => {
    expect(named(counts({ late: [30, 30], american: [0, 70] }))).toEqual([
      ['american', 140, 0],
      ['of american', 140, 0],
    ]);
  });

  it('of a rise of one topic: names places and products, and no other topic', () => {
    const key = { ...any, topic: 'late' };
    expect(named(counts({ late: [10, 60], lost: [10, 30] }), rise(120, 20, key))).toEqual([['of late', 120, 20]]);
  });

  it('given no days before: nothing, as there is no share to compare with', () => {
    expect(named(counts({ late: [0, 60] }))).toEqual([]);
  });

  it('never names a part of which no more came than usual, nor more than three of a kind', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 0, max: 60 })), {
          minLength: 1,
          maxLength: 9,
        }),
        (topics) => {
          const of = counts(Object.fromEntries(topics.map((each, at) => [`t${at}`, each] as const)));
          const before = 2 * topics.reduce((sum, [each]) => sum + each, 0);
          const then = 2 * topics.reduce((sum, [, each]) => sum + each, 0);
          fc.pre(then > before);
          const parts = carriersOf(seriesOf(of, [first, first + 12]), first, rise(then, before));
          expect(parts.every(({ observed, expected }) => observed > expected)).toBe(true);
          expect(parts.filter(({ topic }) => topic !== null).length).toBeLessThanOrEqual(3);
        },
      ),
    );
  });
});
