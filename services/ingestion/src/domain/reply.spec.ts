import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { nextTryOf, verdictOf } from './reply.js';

const askedAt = new Date('2026-03-01T12:00:00Z');
const policy = { firstPauseMs: 5_000, giveUpAfterMs: 86_400_000 };

describe('when a reply is tried again', () => {
  it('after a pause that doubles, up to an hour', () => {
    const pauseAfter = (attempts: number): number =>
      nextTryOf({ attempts, askedAt }, askedAt, policy, 0.5)!.getTime() - askedAt.getTime();
    expect([1, 2, 3, 9, 10, 11, 60].map(pauseAfter)).toEqual([
      ...[5_000, 10_000, 20_000, 1_280_000, 2_560_000, 3_600_000, 3_600_000],
    ]);
  });

  it('not sooner than the other side wishes, which may not wish for more than an hour', () => {
    const next = (afterMs: number) => nextTryOf({ attempts: 1, askedAt }, askedAt, policy, 0.5, afterMs)!.getTime();
    expect(next(60_000) - askedAt.getTime()).toBe(60_000);
    expect(next(1e12) - askedAt.getTime()).toBe(3_600_000);
  });

  it('ends: whatever fails as often as it can is given up within its time', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 600_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (firstPauseMs, jitter) => {
          let now = askedAt;
          for (let attempts = 1; attempts < 2_000; attempts++) {
            const next = nextTryOf({ attempts, askedAt }, now, { ...policy, firstPauseMs }, jitter);
            if (!next) return;
            expect(next.getTime()).toBeGreaterThan(now.getTime());
            expect(next.getTime()).toBeLessThanOrEqual(askedAt.getTime() + policy.giveUpAfterMs);
            now = next;
          }
          throw new Error('it never ends');
        },
      ),
      { examples: [[1, 0]] },
    );
  });
});

describe('what a status says', () => {
  it.each([
    ...([200, 201, 204].map((status) => [status, 'sent']) as [number, string][]),
    ...([408, 425, 429, 500, 502, 503].map((status) => [status, 'again']) as [number, string][]),
    ...([301, 302, 307, 400, 401, 404, 410, 422].map((status) => [status, 'refused']) as [number, string][]),
  ])('%i: %s', (status, verdict) => {
    expect(verdictOf(status)).toBe(verdict);
  });
});
