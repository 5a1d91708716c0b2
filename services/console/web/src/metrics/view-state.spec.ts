import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  addDays,
  behind,
  lengthOf,
  periodBefore,
  periodOf,
  periodsIn,
  queryOf,
  searchOf,
  untilNow,
  usualGrain,
  viewStateOf,
  withFilter,
  without,
  type ViewState,
} from './view-state.js';

const day = fc.integer({ min: 0, max: 20_000 }).map((days) => addDays('1990-01-01', days));
const period = fc
  .tuple(day, fc.integer({ min: 1, max: 4_000 }))
  .map(([from, days]) => ({ from, to: addDays(from, days) }));
const values = fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 3 });
const state: fc.Arbitrary<ViewState> = fc.record(
  {
    period: fc.oneof(period, fc.integer({ min: 1, max: 3_650 })),
    grain: fc.constantFrom('day' as const, 'week' as const, 'month' as const),
    compare: fc.constantFrom('channel', 'team', 'topic'),
    filters: fc.dictionary(fc.constantFrom('channel', 'team', 'topic', 'location', 'language'), values, {
      noNullPrototype: true,
    }),
    clock: fc.constantFrom('customer' as const, 'business' as const),
  },
  { requiredKeys: ['filters', 'clock'] },
);

describe('what a manager looks at', () => {
  it('stands in the address and comes out of it as it was, whatever else the address says', () => {
    fc.assert(
      fc.property(state, (given) => {
        const search = searchOf(given, new URLSearchParams('rows=topic&outcome=nps&channel=old'));
        expect(viewStateOf(new URLSearchParams(search.toString()))).toEqual(given);
        expect(search.get('rows')).toBe('topic');
        expect(search.get('outcome')).toBe('nps');
      }),
    );
  });

  it.each([
    'from=2015-02-30&to=2015-03-01',
    'from=2015-03-02&to=2015-03-01',
    'from=2015-03-01',
    'period=0d',
    'period=99999d',
    'grain=hour&compare=age&clock=sand&channel=',
  ])('is the usual where the address says nonsense: %s', (search) => {
    expect(viewStateOf(new URLSearchParams(search))).toEqual({ filters: {}, clock: 'customer' });
  });

  it('is by default what was said last', () => {
    const latest = { from: '2015-01-26', to: '2015-02-25' };
    const usual = viewStateOf(new URLSearchParams());
    expect(periodOf(usual, '2026-11-26', latest)).toEqual(latest);
    expect(periodOf(usual, '2026-11-26', undefined)).toEqual({ from: '2026-10-28', to: '2026-11-27' });
    expect(periodOf({ ...usual, period: 7 }, '2026-11-26', latest)).toEqual({ from: '2026-11-20', to: '2026-11-27' });
  });

  it('loses a filter without values', () => {
    const given = { filters: { channel: ['chat'], team: ['spa'] }, clock: 'customer' } as const;
    expect(withFilter(given, 'channel', [])).toEqual({ filters: { team: ['spa'] }, clock: 'customer' });
    expect(withFilter(given, 'team', ['bar']).filters).toEqual({ channel: ['chat'], team: ['bar'] });
  });
});

describe('a period', () => {
  it('follows the one before it without a gap, and both are as long', () => {
    fc.assert(
      fc.property(period, (given) => {
        const before = periodBefore(given);
        expect(before.to).toBe(given.from);
        expect(lengthOf(before)).toBe(lengthOf(given));
      }),
    );
  });

  it('has every point of it, from the one in which it begins', () => {
    const given = { from: '2015-01-29', to: '2015-02-10' };
    expect(periodsIn(given, 'day')).toHaveLength(12);
    expect(periodsIn(given, 'week')).toEqual(['2015-01-26', '2015-02-02', '2015-02-09']);
    expect(periodsIn(given, 'month')).toEqual(['2015-01-01', '2015-02-01']);
  });

  it.each([
    [7, 'day'],
    [45, 'day'],
    [90, 'week'],
    [365, 'month'],
  ] as const)('of %i days has a point each %s', (days, grain) => {
    expect(usualGrain({ from: '2026-01-01', to: addDays('2026-01-01', days) })).toBe(grain);
  });
});

const today = '2026-11-26';

describe('what is asked', () => {
  const asked = {
    period: { from: '2015-02-17', to: '2015-02-25' },
    filters: { channel: ['social', 'chat'] },
    by: ['topic', 'touchpoint'],
    grain: 'week',
    clock: 'business',
  } as const;

  it('is the query of the metrics API', () => {
    expect(queryOf(asked).toString()).toBe(
      'from=2015-02-17&to=2015-02-25&grain=week&by=topic%2Ctouchpoint&clock=business&channel=social&channel=chat',
    );
    expect(queryOf({ period: asked.period, filters: {}, grain: 'total' }).toString()).toBe(
      'from=2015-02-17&to=2015-02-25',
    );
  });

  it('for a number is what it counts: its values, and its day, week or month as far as it is in the period', () => {
    const row = { period: '2015-02-16', values: { topic: 'delay', touchpoint: null } };
    expect(behind(asked, row, today)).toMatchObject({
      period: { from: '2015-02-17', to: '2015-02-23' },
      filters: { channel: ['social', 'chat'], topic: ['delay'], touchpoint: [''] },
    });
    expect(behind({ ...asked, grain: 'month' }, { period: '2015-02-01', values: {} }, today).period).toEqual(
      asked.period,
    );
    expect(behind({ ...asked, grain: 'day' }, { period: '2015-02-20', values: {} }, today).period).toEqual({
      from: '2015-02-20',
      to: '2015-02-21',
    });
    expect(behind({ ...asked, grain: 'total' }, { values: {} }, today).period).toEqual(asked.period);
  });

  it('for a survey is not narrowed by its question, which the API does not filter by', () => {
    const { filters } = behind(asked, { values: { topic: 'delay', question: 'q1', scale: '10' } }, today);
    expect(Object.keys(filters)).toEqual(['channel', 'topic']);
  });

  it.each([
    ['<1d', '2026-11-26', '2026-11-27'],
    ['1-3d', '2026-11-24', '2026-11-26'],
    ['3-7d', '2026-11-20', '2026-11-24'],
    ['7-30d', '2026-10-27', '2026-11-20'],
    ['>30d', '2000-01-01', '2026-10-27'],
  ])('for an age of %s is what was opened from %s on, and before %s', (age, from, to) => {
    const { period, filters } = behind(untilNow(asked, today), { values: { age } }, today);
    expect(period).toEqual({ from, to });
    expect(filters).toEqual(asked.filters);
  });

  it('of drivers has no topic, no clock and no split', () => {
    const narrowed = without({ ...asked, filters: { topic: ['delay'], channel: ['chat'] } }, 'topic');
    expect(queryOf(narrowed).toString()).toBe('from=2015-02-17&to=2015-02-25&channel=chat');
  });
});
