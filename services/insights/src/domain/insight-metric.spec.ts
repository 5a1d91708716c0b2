import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Dimension } from './dimension.js';
import { type InsightFact } from './insight-facts.js';
import { insightMetrics, insightRows } from './insight-metric.js';

const [answered, leadTime] = insightMetrics;
const limits = { smallN: 30, hiddenN: 5 };
const day = 86_400_000;
const now = new Date('2026-06-01T00:00:00.000Z');
const fact = (more: Partial<InsightFact> = {}): InsightFact => ({
  ...{ insightId: 'i', raisedAt: new Date('2026-03-04T10:00:00.000Z'), state: 'raised', team: 'product', about: {} },
  ...{ answered: false, since: new Date('2026-03-01T10:00:00.000Z') },
  ...more,
});
const all = { by: [], grain: 'total', filters: new Map() } as const;

describe('metrics of insights', () => {
  const facts = fc.array(
    fc
      .record({
        raisedAt: fc.date({ min: new Date('2026-01-01'), max: new Date('2026-05-31'), noInvalidDate: true }),
        team: fc.constantFrom('product', 'billing'),
        answered: fc.boolean(),
        topic: fc.constantFrom(undefined, 'billing', 'billing/refund', 'delivery'),
      })
      .map(({ topic, ...given }) => fact({ ...given, about: topic === undefined ? {} : { topic } })),
    { maxLength: 60 },
  );

  it('count each insight once, however they are split', () => {
    const by = fc.subarray<Dimension>(['team', 'topic', 'location']);
    const grain = fc.constantFrom('day' as const, 'week' as const, 'month' as const, 'total' as const);
    fc.assert(
      fc.property(facts, by, grain, (given, split, every) => {
        const rows = insightRows(answered!, given, { ...all, by: split, grain: every }, now, limits);
        expect(rows.reduce((sum, { n }) => sum + n, 0)).toBe(given.length);
        const yes = rows.reduce((sum, { n, value }) => sum + n * value!, 0);
        expect(yes).toBeCloseTo(given.filter((one) => one.answered).length);
        for (const { period } of rows) if (every === 'week') expect(new Date(period!).getUTCDay()).toBe(1);
        const places = rows.map(({ period, values }) => JSON.stringify([period, values]));
        expect(new Set(places).size).toBe(places.length);
      }),
    );
  });

  it('a topic with one level has those below it, and nothing says none', () => {
    const of = (topic: string) =>
      insightRows(
        answered!,
        [...['billing', 'billing/refund', 'billings'].map((each) => fact({ about: { topic: each } })), fact()],
        { ...all, filters: new Map<Dimension, readonly string[]>([['topic', [topic]]]) },
        now,
        limits,
      )[0]?.n;
    expect([of('billing'), of('billing/refund'), of(''), of('delivery')]).toEqual([2, 1, 1, undefined]);
  });

  it('time from evidence to improvement counts those that wait, and no longer those that were declined', () => {
    const since = new Date('2026-03-01T00:00:00.000Z');
    const after = (days: number): Date => new Date(since.getTime() + days * day);
    const given = [
      fact({ since, improvingAt: after(2) }),
      fact({ since, endedAt: after(3) }),
      fact({ since, improvingAt: after(4) }),
      fact({ since }),
    ];
    const [row] = insightRows(leadTime!, given, all, now, limits);
    // 4 at risk, 1 begins: 3/4; one leaves; 2 at risk, 1 begins: 3/8 ≤ 1/2
    expect(row).toMatchObject({ n: 4, value: 4 * day, parts: { improving: 2, waiting: 2 } });
    expect(insightRows(leadTime!, [fact({ since })], all, now, limits)[0]).toMatchObject({ n: 1, value: null });
  });
});
