import { describe, expect, it } from '@jest/globals';
import { readPack } from './pack.js';

const timesOf = (now: Date): number[] =>
  readPack(now).flatMap((item) =>
    'raw' in item
      ? []
      : [item.feedback.occurredAt, item.feedback.updatedAt].flatMap((time) => (time ? [Date.parse(time)] : [])),
  );

describe('the pack', () => {
  it.each(['2026-11-27T05:00:00Z', '2027-02-28T23:59:59Z', '2026-03-04T11:00:00Z'])(
    'given that it is %s, was said in the last days, and nothing of it later than now',
    (text) => {
      const now = new Date(text);
      const last = Math.max(...timesOf(now));
      expect(last).toBeLessThanOrEqual(now.getTime());
      expect(now.getTime() - last).toBeLessThan(86_400_000);
    },
  );

  it('keeps the hours, and what lies between two', () => {
    const [one, other] = [timesOf(new Date('2026-03-04T11:00:00Z')), timesOf(new Date('2026-11-27T05:00:00Z'))];
    expect(new Set(one.map((time, at) => other[at]! - time)).size).toBe(1);
    expect((other[0]! - one[0]!) % 86_400_000).toBe(0);
  });
});
