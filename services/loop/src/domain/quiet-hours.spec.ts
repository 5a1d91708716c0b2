import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { isZone, quietHoursOf, quietUntil, type QuietHours } from './quiet-hours.js';

const minute = 60_000;
const night = quietHoursOf('21:00-08:00')!;
const instant = (text: string): Date => new Date(Temporal.ZonedDateTime.from(text).epochMilliseconds);

describe('quiet hours', () => {
  it.each([
    ['in the evening, end the next morning', '2026-01-10T21:00[Europe/Berlin]', '2026-01-11T08:00[Europe/Berlin]'],
    ['after midnight, end the same morning', '2026-01-10T03:12[Europe/Berlin]', '2026-01-10T08:00[Europe/Berlin]'],
    ['of a night that has an hour less', '2026-03-28T22:00[Europe/Berlin]', '2026-03-29T08:00+02:00[Europe/Berlin]'],
    ['of a night that has an hour more', '2026-10-24T22:00[Europe/Berlin]', '2026-10-25T08:00+01:00[Europe/Berlin]'],
    ['of a day that was left out', '2011-12-29T22:00[Pacific/Apia]', '2011-12-31T08:00[Pacific/Apia]'],
  ])('%s', (_what, now, end) => {
    expect(quietUntil(instant(now), Temporal.ZonedDateTime.from(now).timeZoneId, night)).toEqual(instant(end));
  });
  it.each(['2026-01-10T08:00[Europe/Berlin]', '2026-01-10T20:59:59.999[Europe/Berlin]'])('are not at %s', (now) => {
    expect(quietUntil(instant(now), 'Europe/Berlin', night)).toBeUndefined();
  });
  it('are the customer’s: one sleeps while the other is up', () => {
    const now = instant('2026-06-01T12:00[Europe/Berlin]');
    expect(quietUntil(now, 'Europe/Berlin', night)).toBeUndefined();
    expect(quietUntil(now, 'America/Los_Angeles', night)).toEqual(instant('2026-06-01T08:00[America/Los_Angeles]'));
  });
  it('are two different times of the day', () => {
    expect(quietHoursOf('22:30-07:15')).toEqual({ from: 22 * 60 + 30, to: 7 * 60 + 15 });
    for (const text of ['', 'off', '21-8', '24:00-08:00', '08:00-08:00', '21:00–08:00']) {
      expect(quietHoursOf(text)).toBeUndefined();
    }
  });
  it('know a zone by its name alone', () => {
    expect(['Europe/Berlin', 'UTC', 'Asia/Kolkata'].every(isZone)).toBe(true);
    expect(['Mars/Olympus', '', '+02:00', 'Berlin; drop', '\0'].some(isZone)).toBe(false);
  });

  /** Minute by minute, by the clock on the customer's wall. */
  function slowly(now: Date, zone: string, { from, to }: QuietHours): Date | undefined {
    const format = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
    const isQuiet = (moment: number): boolean => {
      const [hour, minutes] = format.format(moment).split(':').map(Number) as [number, number];
      const time = hour * 60 + minutes;
      return from < to ? time >= from && time < to : time >= from || time < to;
    };
    let moment = now.getTime();
    if (!isQuiet(moment)) return undefined;
    moment = Math.floor(moment / minute) * minute;
    while (isQuiet(moment)) moment += minute;
    return new Date(moment);
  }

  const zones = [
    'Europe/Berlin',
    'America/St_Johns',
    'Australia/Lord_Howe',
    'Asia/Kathmandu',
    'America/Santiago',
    'UTC',
  ];
  const clock = fc.integer({ min: 0, max: 24 * 60 - 1 });
  // half of them within two days of a change of the clocks
  const moments = fc.oneof(
    fc.integer({ min: Date.parse('2026-01-01T00:00Z') / 1000, max: Date.parse('2027-01-01T00:00Z') / 1000 }),
    fc
      .tuple(
        fc.constantFrom('2026-03-29T01:00Z', '2026-10-25T01:00Z', '2026-03-08T05:30Z', '2026-11-01T04:30Z'),
        fc.integer({ min: -2 * 86_400, max: 86_400 }),
      )
      .map(([change, seconds]) => Date.parse(change) / 1000 + seconds),
    fc
      .tuple(
        fc.constantFrom('2026-04-04T15:00Z', '2026-10-03T15:30Z', '2026-04-05T03:00Z', '2026-09-06T04:00Z'),
        fc.integer({ min: -2 * 86_400, max: 86_400 }),
      )
      .map(([change, seconds]) => Date.parse(change) / 1000 + seconds),
  );
  it('end when a clock on the wall says so, in every zone, whatever is done to the clocks', () => {
    let quiet = 0;
    fc.assert(
      fc.property(moments, fc.constantFrom(...zones), clock, clock, (seconds, zone, from, to) => {
        fc.pre(from !== to);
        const now = new Date(seconds * 1000);
        const expected = slowly(now, zone, { from, to });
        if (expected) quiet++;
        expect(quietUntil(now, zone, { from, to })).toEqual(expected);
      }),
      { numRuns: 1_500 },
    );
    expect(quiet).toBeGreaterThan(300);
  });
});
