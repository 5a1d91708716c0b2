import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CountSums, cubes } from './cube.js';
import { type Dimension } from './dimension.js';
import { dayText, mondayOf, weekText } from './metric-answer.js';
import { measures } from './loop-fact.js';
import { ageBandOf } from './metric.js';
import { cubeFor, wholeMonths, type CountQuestion } from './question.js';

const asked = (given: Partial<CountQuestion> = {}): CountQuestion => ({
  ...{
    of: 'feedback',
    measures: [1],
    from: new Date('2026-03-01'),
    to: new Date('2026-04-01'),
    by: [],
    period: 'total',
  },
  ...{ daily: false, filters: new Map() },
  ...given,
});
const dimensionsOf = (given: Partial<CountQuestion>): readonly Dimension[] | undefined =>
  cubeFor(asked(given))?.dimensions;

describe('Which cube answers', () => {
  it('is the first that has what is asked for', () => {
    expect(dimensionsOf({})).toEqual([]);
    expect(dimensionsOf({ by: ['team'], of: 'loops', measures: [measures.response] })).toEqual(['team']);
    // durations of fine cells would be a row for each loop
    expect(dimensionsOf({ by: ['team', 'topic'], of: 'loops', measures: [measures.state] })).toEqual(['team', 'topic']);
    expect(dimensionsOf({ by: ['team', 'topic'], of: 'loops', measures: [measures.response] })).toBeUndefined();
    expect(dimensionsOf({ by: ['touchpoint'], filters: new Map([['team', [1]]]) })).toEqual(
      expect.arrayContaining(['touchpoint', 'team']),
    );
    expect(dimensionsOf({ by: ['topic', 'touchpoint'] })).toEqual(expect.arrayContaining(['topic', 'touchpoint']));
    expect(dimensionsOf({ by: ['location', 'product'] })).toBeUndefined();
  });

  it('never counts a feedback twice that has several values', () => {
    expect(dimensionsOf({ by: ['channel'] })).not.toContain('topic');
    expect(dimensionsOf({ by: ['channel'], filters: new Map([['topic', [4]]]) })).toContain('topic');
    expect(dimensionsOf({ by: ['channel'], filters: new Map([['topic', [4, 5]]]) })).toBeUndefined();
    expect(dimensionsOf({ by: ['topic'], filters: new Map([['topic', [4, 5]]]) })).toContain('topic');
  });

  it('is none for parts of days, and by priority one of loops', () => {
    expect(cubeFor(asked({ from: new Date('2026-03-01T00:00:01Z') }))).toBeUndefined();
    expect(dimensionsOf({ by: ['priority'] })).toBeUndefined();
    expect(dimensionsOf({ by: ['priority', 'cohort'], of: 'loops' })).toContain('priority');
  });
});

describe('Periods', () => {
  const day = fc.integer({ min: -20_000, max: 60_000 });

  it('have whole months within them, and days around', () => {
    fc.assert(
      fc.property(day, fc.nat(1_000), (from, length) => {
        const months = wholeMonths(from, from + length);
        if (!months) return;
        const [begins, ends] = months;
        expect(from <= begins && begins < ends && ends <= from + length).toBe(true);
        for (const edge of months) expect(new Date(edge * 86_400_000).getUTCDate()).toBe(1);
        expect(begins - from).toBeLessThan(31);
        expect(from + length - ends).toBeLessThan(31);
      }),
    );
    expect(wholeMonths(0, 31)).toEqual([0, 31]);
    expect(wholeMonths(1, 31)).toBeUndefined();
  });

  it('name ISO weeks, each by the year of its Thursday', () => {
    const weekOf = (monday: string): string => weekText(Date.parse(monday) / 86_400_000);
    expect(weekOf('2026-11-23')).toBe('2026-W48');
    expect(weekOf('2024-12-30')).toBe('2025-W01');
    expect(weekOf('2020-12-28')).toBe('2020-W53');
    fc.assert(
      fc.property(day, (some) => {
        const monday = some - ((((some + 3) % 7) + 7) % 7);
        expect(new Date(dayText(monday)).getUTCDay()).toBe(1);
        expect(mondayOf(weekText(monday))).toBe(monday);
      }),
    );
    expect(mondayOf('2025-W53')).toBeUndefined();
    expect(mondayOf('nonsense')).toBeUndefined();
  });

  it('make ages', () => {
    expect([0, 1, 2, 3, 6, 7, 30, 31].map(ageBandOf)).toEqual([
      ...['<1d', '1-3d', '1-3d', '3-7d', '3-7d', '7-30d', '7-30d', '>30d'],
    ]);
  });
});

describe('Sums of counts', () => {
  it('have each place once, and none that comes to nothing', () => {
    const loop = { openedAt: new Date('2026-03-01T10:00:00Z'), team: 7, priority: 8 };
    const sums = new CountSums();
    const add = (bucket: number, n: 1 | -1): void => sums.addLoop(loop, [{ measure: 'state', bucket }], undefined, n);
    add(1, 1);
    add(1, 1);
    add(2, 1);
    add(2, -1);
    const counts = sums.counts();
    expect(counts.map(({ cube }) => cube)).toEqual(cubes.filter(({ loops }) => loops !== 'none').map(({ id }) => id));
    for (const count of counts) expect(count).toMatchObject({ measure: measures.state, bucket: 1, n: 2 });
  });
});
