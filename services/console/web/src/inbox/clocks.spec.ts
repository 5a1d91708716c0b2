import { describe, expect, it } from '@jest/globals';
import { dueOf, standingOf } from './clocks.js';

const hour = 3_600_000;
const dueAt = '2026-11-26T12:00:00Z';

describe('a clock', () => {
  it('runs on from when it was read, and warns before its limit', () => {
    const clock = { elapsedMs: 2 * hour, limitMs: 4 * hour, dueAt, breached: false };
    expect(standingOf(clock)).toEqual({ elapsedMs: 2 * hour, leftMs: 2 * hour, urgency: 'fine' });
    expect(standingOf(clock, hour)).toMatchObject({ leftMs: hour, urgency: 'warning' });
    expect(standingOf(clock, 2 * hour)).toMatchObject({ leftMs: 0, urgency: 'breached' });
  });

  it('stands still where nothing is due by it', () => {
    expect(standingOf({ elapsedMs: hour, limitMs: 4 * hour, breached: false }, hour)).toMatchObject({
      elapsedMs: hour,
      urgency: 'fine',
    });
    expect(standingOf({ elapsedMs: hour, breached: false }, hour).urgency).toBe('none');
  });
});

describe('a loop of the list', () => {
  const loop = { dueAt, receivedAt: '2026-11-26T08:00:00Z', closed: false };

  it('is due by its earliest limit', () => {
    expect(dueOf(loop, new Date('2026-11-26T10:00:00Z'))).toEqual({ leftMs: 2 * hour, urgency: 'fine' });
    expect(dueOf(loop, new Date('2026-11-26T11:30:00Z'))?.urgency).toBe('warning');
    expect(dueOf(loop, new Date('2026-11-26T13:00:00Z'))).toEqual({ leftMs: -hour, urgency: 'breached' });
  });

  it('is not due once it is closed, or where nothing was promised', () => {
    expect(dueOf({ ...loop, closed: true }, new Date(dueAt))).toBeUndefined();
    expect(dueOf({ receivedAt: dueAt, closed: false }, new Date(dueAt))).toBeUndefined();
  });
});
