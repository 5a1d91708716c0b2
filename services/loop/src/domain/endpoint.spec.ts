import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isTimeZone, nextDigest, selectableChanges, wantedChanges } from './endpoint.js';

describe('what an endpoint wants', () => {
  it('is all of it, or the names that were selected, presets unfolded', () => {
    expect(wantedChanges(['opened', 'all'])).toBeNull();
    expect(wantedChanges(['mine-to-act', 'opened', 'resolved'])).toEqual(
      expect.arrayContaining(['breached', 'resolved']),
    );
    expect(wantedChanges(['opened', 'opened'])).toEqual(['opened']);
    expect(selectableChanges).not.toContain('settled');
  });
});

describe('a digest', () => {
  const zones = ['Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe', 'Pacific/Apia', 'UTC'];
  it('comes later than now, within two days, and by the clock of its zone', () => {
    const at = fc.tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }));
    const now = fc.date({ min: new Date('2020-01-01'), max: new Date('2035-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(now, at, fc.constantFrom(...zones), (from, [hour, minute], zone) => {
        const time = `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
        const next = nextDigest({ every: 'day', at: time, zone }, from);
        const wait = next.getTime() - from.getTime();
        expect(wait).toBeGreaterThan(0);
        expect(wait).toBeLessThanOrEqual(25.5 * 3_600_000);
        const shown = new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit' });
        // where the clock leaves that time out it is the same minute of a later hour
        if (shown.format(next) !== time) expect(shown.format(next.getTime() - 2 * 3_600_000) < time).toBe(true);
      }),
    );
  });

  it('of every hour is at the full one', () => {
    expect(nextDigest({ every: 'hour' }, new Date('2026-03-01T11:59:59.999Z'))).toEqual(
      new Date('2026-03-01T12:00:00Z'),
    );
    expect(nextDigest({ every: 'hour' }, new Date('2026-03-01T12:00:00Z'))).toEqual(new Date('2026-03-01T13:00:00Z'));
  });

  it('when clocks go forward over its time comes once that day; when they go back, too', () => {
    const digest = { every: 'day', at: '02:30', zone: 'Europe/Berlin' } as const;
    const spring = nextDigest(digest, new Date('2026-03-29T00:00:00Z'));
    expect(spring).toEqual(new Date('2026-03-29T01:30:00Z'));
    expect(nextDigest(digest, spring)).toEqual(new Date('2026-03-30T00:30:00Z'));
    const autumn = nextDigest(digest, new Date('2026-10-24T22:00:00Z'));
    expect(autumn).toEqual(new Date('2026-10-25T00:30:00Z'));
    expect(nextDigest(digest, autumn)).toEqual(new Date('2026-10-26T01:30:00Z'));
  });

  it('knows zones by their names alone', () => {
    expect(['Europe/Berlin', 'UTC'].map(isTimeZone)).toEqual([true, true]);
    expect(['+02:00', 'Europe/Nowhere', '', 'x'.repeat(300)].map(isTimeZone)).toEqual([false, false, false, false]);
  });
});
