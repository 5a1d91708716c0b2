import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BusinessCalendar, weekdays, type CalendarDefinition, type Shift } from './business-calendar.js';

const minute = 60_000;
const hour = 60 * minute;
const at = (text: string): number => Date.parse(text);
const iso = (ms: number): string => new Date(ms).toISOString().slice(0, 16);
const shift = (from: string, to: string): Shift => ({ from: minutesOf(from), to: minutesOf(to) });
const minutesOf = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));

const split = [shift('09:00', '12:00'), shift('13:00', '17:00')];
const berlin: CalendarDefinition = {
  zone: 'Europe/Berlin',
  week: { monday: split, tuesday: split, wednesday: split, thursday: split, friday: split },
  exceptions: { '2026-12-25': [], '2026-12-24': [shift('09:00', '12:00')] },
};

/** Every minute asked for itself: what does the clock on the wall show, and is that worked? Written without the calendar. */
function oracle({ zone, week, exceptions }: CalendarDefinition): (ms: number) => boolean {
  const format = new Intl.DateTimeFormat('en-CA', {
    ...{ timeZone: zone, hourCycle: 'h23', weekday: 'long' },
    ...{ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' },
  });
  return (ms) => {
    const part = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, value]));
    const shifts =
      exceptions[`${part['year']}-${part['month']}-${part['day']}`] ??
      week[part['weekday']!.toLowerCase() as (typeof weekdays)[number]] ??
      [];
    const now = Number(part['hour']) * 60 + Number(part['minute']);
    return shifts.some(({ from, to }) => from <= now && now < to);
  };
}

describe('time of work', () => {
  const calendar = new BusinessCalendar(berlin);

  it.each([
    // Thursday, four hours: the lunch does not count
    ['2026-11-26T08:00:00Z', 4, '2026-11-26T13:00'],
    // Friday afternoon and Monday
    ['2026-11-27T15:00:00Z', 2, '2026-11-30T09:00'],
    // Saturday: Monday's first hour
    ['2026-11-28T10:00:00Z', 1, '2026-11-30T09:00'],
    // Christmas Eve has a morning, Christmas none, then a weekend
    ['2026-12-24T10:00:00Z', 2, '2026-12-28T09:00'],
    // exactly the end of a shift, not the start of the next
    ['2026-11-26T08:00:00Z', 3, '2026-11-26T11:00'],
    // over the end of summer time: by the wall clock it is nine again
    ['2026-10-23T14:00:00Z', 2, '2026-10-26T09:00'],
  ])('from %s, %s hours: %s', (from, hours, due) => {
    expect(iso(calendar.add(at(from), hours * hour))).toBe(due);
    expect(calendar.between(at(from), at(`${due}:00Z`))).toBe(hours * hour);
  });

  it('given an hour that comes twice or not at all: it is worked twice, or not', () => {
    const night: CalendarDefinition = {
      zone: 'Europe/Berlin',
      week: { sunday: [shift('01:00', '04:00')] },
      exceptions: {},
    };
    const nights = new BusinessCalendar(night);
    // 2026-10-25 03:00 → 02:00; 2026-03-29 02:00 → 03:00
    expect(nights.between(at('2026-10-24T22:00:00Z'), at('2026-10-25T12:00:00Z'))).toBe(4 * hour);
    expect(nights.between(at('2026-03-28T22:00:00Z'), at('2026-03-29T12:00:00Z'))).toBe(2 * hour);
  });

  it('given no time: the same instant; given one before: nothing', () => {
    expect(calendar.add(at('2026-11-28T10:00:00Z'), 0)).toBe(at('2026-11-28T10:00:00Z'));
    expect(calendar.between(at('2026-11-27T10:00:00Z'), at('2026-11-26T10:00:00Z'))).toBe(0);
  });

  it('given more than forty years: says so', () => {
    const rare = new BusinessCalendar({ zone: 'UTC', week: { monday: [shift('09:00', '09:01')] }, exceptions: {} });
    expect(() => rare.add(0, 100 * hour)).toThrow(RangeError);
  });
});

describe('held against a slow oracle, minute by minute', () => {
  // zones with changes of an hour, of half an hour, at midnight, over midnight, none, and of a whole day
  const zones = [
    ...['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'America/Sao_Paulo', 'Asia/Kolkata'],
    ...['America/St_Johns', 'Africa/Cairo', 'Pacific/Apia', 'Atlantic/Azores', 'UTC', 'America/Santiago'],
  ];
  const shifts = fc
    .uniqueArray(fc.integer({ min: 0, max: 96 }), { minLength: 2, maxLength: 6 })
    .map((quarters) => quarters.sort((a, b) => a - b).map((quarter) => quarter * 15))
    .map((edges) =>
      Array.from({ length: Math.floor(edges.length / 2) }, (_x, n) => ({ from: edges[2 * n]!, to: edges[2 * n + 1]! })),
    );
  const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
  // around changes of the clock of all these zones: of 2006 (St John's a minute after midnight), 2011 (Apia), 2017, 2026
  const starts = fc
    .constantFrom(
      '2006-10-28',
      '2006-04-01',
      '2011-12-29',
      '2017-10-14',
      '2017-02-17',
      '2026-03-28',
      '2026-10-24',
      '2026-04-04',
    )
    .chain((date) =>
      fc.integer({ min: 0, max: 3 * 1440 }).map((minutes) => at(`${date}T00:00:00Z`) + minutes * minute),
    );
  const situation = fc
    .record({
      zone: fc.constantFrom(...zones),
      start: starts,
      usual: fc.array(shifts, { minLength: 7, maxLength: 7 }),
      other: shifts,
      off: fc.integer({ min: 0, max: 4 }),
    })
    .map(({ zone, start, usual, other, off }) => ({
      start,
      definition: {
        zone,
        week: Object.fromEntries(weekdays.map((name, index) => [name, usual[index]!])),
        exceptions: { [day(start + off * 24 * hour)]: other, [day(start + (off + 1) * 24 * hour)]: [] },
      } satisfies CalendarDefinition,
    }));

  it('counts and adds the same', () => {
    fc.assert(
      fc.property(situation, fc.integer({ min: 1, max: 4 * 1440 }), ({ start, definition }, length) => {
        const calendar = new BusinessCalendar(definition);
        const isWorked = oracle(definition);
        let worked = 0;
        for (let n = 0; n < length; n++) {
          if (!isWorked(start + n * minute)) continue;
          worked++;
          // the instant at which so much has passed is the end of this minute
          if (worked % 97 === 1) expect(calendar.add(start, worked * minute)).toBe(start + (n + 1) * minute);
        }
        expect(calendar.between(start, start + length * minute)).toBe(worked * minute);
      }),
      { numRuns: 60 },
    );
  });

  it('never runs backwards, and adding is undone by counting', () => {
    fc.assert(
      fc.property(
        situation,
        fc.integer({ min: 1, max: 200 * hour }),
        fc.integer({ min: 0, max: 200 * hour }),
        ({ start, definition }, first, more) => {
          const calendar = new BusinessCalendar(definition);
          const due = calendar.add(start, first);
          const later = calendar.add(start, first + more);
          expect(due).toBeGreaterThan(start);
          expect(later).toBeGreaterThanOrEqual(due);
          expect(calendar.between(start, due)).toBe(first);
          // in steps as in one, and whatever was asked before
          expect(calendar.add(due, more)).toBe(more === 0 ? due : later);
          expect(new BusinessCalendar(definition).between(due, later)).toBe(more);
          expect(calendar.between(start - 400 * 24 * hour, start)).toBeGreaterThanOrEqual(0);
          expect(calendar.add(start, first)).toBe(due);
        },
      ),
      { numRuns: 200 },
    );
  });
});
