import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Bucket, fullBucket, refill, take } from './token-bucket.js';

describe('token bucket', () => {
  const rate = { perSecond: 10, burst: 20 };

  it('lets a burst through at once, then as much a second as the rate says', () => {
    const first = take(fullBucket(rate, 0), rate, 20, 0);
    expect(first.taken).toBe(true);
    expect(take(first.bucket, rate, 1, 50)).toMatchObject({ taken: false, waitMs: 50 });
    expect(take(first.bucket, rate, 1, 100)).toMatchObject({ taken: true });
  });

  it('lets more than a burst through when full, and has it paid off before the next', () => {
    const large = take(fullBucket(rate, 0), rate, 50, 0);
    expect(large.taken).toBe(true);
    expect(take(large.bucket, rate, 1, 3000)).toMatchObject({ taken: false, waitMs: 100 });
    expect(take(large.bucket, rate, 1, 3100).taken).toBe(true);
  });

  it('a refusal costs nothing, and asking again after waitMs succeeds', () => {
    fc.assert(
      fc.property(
        fc.record({ perSecond: fc.integer({ min: 1, max: 5000 }), burst: fc.integer({ min: 1, max: 5000 }) }),
        fc.integer({ min: 1, max: 20_000 }),
        fc.array(fc.tuple(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 1, max: 3000 })), { maxLength: 30 }),
        (anyRate, events, earlier) => {
          let at = 0;
          let bucket: Bucket = fullBucket(anyRate, at);
          for (const [pause, size] of earlier) bucket = take(bucket, anyRate, size, (at += pause)).bucket;
          const asked = take(bucket, anyRate, events, at);
          if (!asked.taken) expect(take(asked.bucket, anyRate, events, at + asked.waitMs).taken).toBe(true);
        },
      ),
    );
  });

  it('never lets through more than one burst, one oversize request and the rate over time', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 1, max: 30 })), { maxLength: 200 }),
        (asked) => {
          let at = 0;
          let bucket: Bucket = fullBucket(rate, at);
          let through = 0;
          for (const [pause, events] of asked) {
            const taking = take(bucket, rate, events, (at += pause));
            bucket = taking.bucket;
            if (taking.taken) through += events;
          }
          expect(through).toBeLessThanOrEqual(rate.burst + 30 + (at / 1000) * rate.perSecond + 1e-6);
        },
      ),
    );
  });

  it('a clock that stands still or steps back gives nothing', () => {
    expect(refill({ tokens: 3, at: 100 }, rate, 40).tokens).toBe(3);
  });
});
