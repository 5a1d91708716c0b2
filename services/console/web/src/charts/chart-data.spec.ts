import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type MetricRow } from '../metrics/metrics.js';
import {
  cohortLineOf,
  completed,
  extentOf,
  extremesOf,
  heatMapOf,
  listOf,
  mondayOf,
  periodsOf,
  pointOf,
  readableTicks,
  segmentsOf,
  seriesOf,
  timeTicks,
} from './chart-data.js';

const row = (given: Partial<MetricRow> = {}): MetricRow => ({
  ...{ values: {}, n: 100, value: 0.5, interval: [0.4, 0.6], small: false, hidden: false },
  ...given,
});

describe('lines', () => {
  const rows = [
    row({ period: '2015-02-18', values: { channel: 'chat' }, n: 10 }),
    row({ period: '2015-02-17', values: { channel: 'chat' }, n: 20 }),
    row({ period: '2015-02-17', values: { channel: 'social' }, n: 90 }),
    row({ period: '2015-02-17', values: { channel: null }, n: 1 }),
    row({ values: { channel: 'social' }, n: 999 }),
  ];

  it('are one for each combination of values, the largest first, each in the order of time', () => {
    const { series, more } = seriesOf({ rows }, 2);
    expect(series.map(({ values, n }) => [values['channel'], n])).toEqual([
      ['social', 90],
      ['chat', 30],
    ]);
    expect(series[1]!.points.map(({ period }) => period)).toEqual(['2015-02-17', '2015-02-18']);
    expect(more).toBe(1);
    expect(periodsOf(series)).toEqual(['2015-02-17', '2015-02-18']);
  });

  it('have a point in every period: zero where things are counted, else no number', () => {
    const [line] = seriesOf({ rows: [row({ period: '2015-02-18', value: 4, n: 4 })] }).series;
    const values = (counted: boolean) =>
      completed([line!], ['2015-02-17', '2015-02-18', '2015-02-19'], counted)[0]!.points.map(({ value, n }) => [
        value,
        n,
      ]);
    expect(values(true)).toEqual([
      [0, 0],
      [4, 4],
      [0, 0],
    ]);
    expect(values(false)).toEqual([
      [null, 0],
      [4, 4],
      [null, 0],
    ]);
  });

  it('of different questions are never one, in whatever order their values come', () => {
    const { series } = seriesOf({
      rows: [
        row({ period: '2015-02-17', values: { question: 'q1', scale: '10' } }),
        row({ period: '2015-02-18', values: { scale: '10', question: 'q1' } }),
        row({ period: '2015-02-18', values: { question: 'q2', scale: '10' } }),
      ],
    });
    expect(series.map(({ points }) => points.length)).toEqual([2, 1]);
  });

  it('end where a number is missing or hidden, and begin anew after it', () => {
    const points = [1, 2, null, null, 3, null].map((value, index) => ({
      ...pointOf(row({ value, interval: null })),
      period: `2015-02-0${index + 1}`,
    }));
    expect(segmentsOf(points).map((segment) => segment.map(({ value }) => value))).toEqual([[1, 2], [3]]);
  });

  it('are told in words by their first, last, least and greatest', () => {
    const points = [3, 1, null, 5, 4].map((value, index) => ({
      ...pointOf(row({ value })),
      period: `2015-02-0${index + 1}`,
    }));
    const { first, last, least, greatest } = extremesOf(points)!;
    expect([first, last, least, greatest].map(({ value }) => value)).toEqual([3, 4, 1, 5]);
    expect(extremesOf([])).toBeUndefined();
    expect(extremesOf([{ ...pointOf(row({ value: null })), period: '2015-02-01' }])).toBeUndefined();
  });
});

describe('a number', () => {
  it('is the median where quantiles are told', () => {
    const quantiles = [
      { q: 0.5, value: 7, interval: [6, 8] as const },
      { q: 0.9, value: 20, interval: null },
    ];
    expect(pointOf(row({ value: null, interval: null, quantiles }))).toMatchObject({
      value: 7,
      interval: [6, 8],
      n: 100,
    });
  });
});

describe('a list', () => {
  const rows = [
    row({ n: 5, value: 0.9 }),
    row({ n: 50, value: 0.1 }),
    row({ n: 20, value: 0.4 }),
    row({ n: 0, value: null }),
  ];
  it('has the most said first, and leaves out what nobody said', () => {
    const { points, more } = listOf({ rows }, { most: 2 });
    expect(points.map(({ n }) => n)).toEqual([50, 20]);
    expect(more).toBe(1);
    expect(listOf({ rows }, { order: 'value' }).points.map(({ value }) => value)).toEqual([0.9, 0.4, 0.1]);
    expect(listOf({ rows }, { order: 'given' }).points.map(({ n }) => n)).toEqual([5, 50, 20]);
  });
});

describe('a heat map', () => {
  it('has the largest rows and columns in order, and each number in its place', () => {
    const rows = [
      row({ values: { topic: 'delay', touchpoint: 'gate' }, n: 30, value: 0.7 }),
      row({ values: { topic: 'delay', touchpoint: null }, n: 50, value: 0.6 }),
      row({ values: { topic: 'food', touchpoint: 'gate' }, n: 10, value: 0.2 }),
      row({ values: { topic: 'rare', touchpoint: 'lounge' }, n: 1, value: null, hidden: true }),
    ];
    const map = heatMapOf({ rows }, ['topic', 'touchpoint'], { mostRows: 2 });
    expect(map.rows).toEqual(['delay', 'food']);
    expect(map.columns).toEqual([null, 'gate', 'lounge']);
    expect(map.cells.map((line) => line.map((point) => point?.value))).toEqual([
      [0.6, 0.7, undefined],
      [undefined, 0.2, undefined],
    ]);
    expect(map.moreRows).toBe(1);
    expect(map.moreColumns).toBe(0);
  });

  it('never puts numbers of different questions together: that with the most answers stands', () => {
    const of = (question: string, n: number, value: number) =>
      row({ values: { topic: 'delay', touchpoint: 'gate', question }, n, value });
    const { cells } = heatMapOf({ rows: [of('a', 10, 1), of('b', 40, 2), of('c', 20, 3)] }, ['topic', 'touchpoint']);
    expect(cells[0]![0]!.value).toBe(2);
  });
});

describe('the extent of an axis', () => {
  it('holds every number and every end of an interval, and is never empty', () => {
    const numbers = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    const point = fc.tuple(numbers, numbers, numbers).map((ends) => {
      const [low, value, high] = ends.toSorted((a, b) => a - b) as [number, number, number];
      return pointOf(row({ value, interval: [low, high] }));
    });
    fc.assert(
      fc.property(fc.array(point), fc.boolean(), (points, zero) => {
        const [low, high] = extentOf(points, { zero });
        expect(low).toBeLessThan(high);
        for (const { interval } of points) {
          expect(interval![0]!).toBeGreaterThanOrEqual(low);
          expect(interval![1]!).toBeLessThanOrEqual(high);
        }
        if (zero) expect(low <= 0 && high >= 0).toBe(true);
      }),
    );
  });
});

describe('the ticks of a time axis', () => {
  const hour = 3_600_000;
  it('are round durations', () => {
    expect(timeTicks([0, 39 * hour], 5).map((tick) => tick / hour)).toEqual([0, 12, 24, 36]);
    expect(timeTicks([hour, 4 * hour], 5).map((tick) => tick / hour)).toEqual([1, 2, 3, 4]);
    expect(timeTicks([0, 10 * 60_000], 5).map((tick) => tick / 60_000)).toEqual([0, 2, 4, 6, 8, 10]);
  });

  it('are few, however long it is', () => {
    fc.assert(
      fc.property(fc.integer({ min: 60_000, max: 1e12 }), fc.integer({ min: 1, max: 8 }), (length, most) => {
        expect(timeTicks([0, length], most).length).toBeLessThanOrEqual(most + 1);
      }),
    );
  });
});

describe('the ticks of any axis', () => {
  const percent = (tick: number): string => `${Math.round(tick * 1_000) / 10} %`;
  it('never read alike: a short axis has fewer', () => {
    const steps = [0, 0.0005, 0.001, 0.0015, 0.002];
    const every = (count: number) => (count > 2 ? steps : steps.filter((_, at) => at % 2 === 0));
    expect(readableTicks(every, 5, percent).map(percent)).toEqual(['0 %', '0.1 %', '0.2 %']);
    expect(readableTicks(() => steps, 5, percent)).toEqual([0]);
    expect(readableTicks(() => [0, 0.1, 0.2], 5, percent)).toEqual([0, 0.1, 0.2]);
  });
});

describe('cohorts', () => {
  it.each([
    ['2015-W08', '2015-02-16'],
    ['2020-W53', '2020-12-28'],
    ['2021-W01', '2021-01-04'],
    ['2024-W01', '2024-01-01'],
  ])('%s begins on Monday %s', (week, monday) => {
    expect(mondayOf(week)).toBe(monday);
  });

  it('are a line in the order of their weeks; what is no week is left out', () => {
    const line = cohortLineOf({
      metric: 'closure-rate',
      rows: [
        row({ values: { cohort: '2015-W08' } }),
        row({ values: { cohort: '2015-W07' } }),
        row({ values: { cohort: null } }),
      ],
    });
    expect(line.points.map(({ period }) => period)).toEqual(['2015-02-09', '2015-02-16']);
  });
});
