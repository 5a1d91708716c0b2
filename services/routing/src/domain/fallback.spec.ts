import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { learnFallbacks, minExamples, wilsonLower } from './fallback.js';

describe('wilsonLower', () => {
  // Values of R's prop.test(correct = FALSE), and of the tables of Brown, Cai and DasGupta
  it.each([
    [5, 5, 0.5655],
    [9, 10, 0.5958],
    [50, 50, 0.9287],
    [58, 60, 0.8864],
    [0, 10, 0],
  ])('%i of %i: %f', (hits, n, expected) => {
    expect(wilsonLower(hits, n)).toBeCloseTo(expected, 3);
  });

  it('lies below the share, and comes nearer to it with more examples', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 50 }), (hits, misses) => {
        const n = hits + misses;
        const [few, many] = [wilsonLower(hits, n), wilsonLower(10 * hits, 10 * n)];
        expect(few).toBeLessThan(many);
        expect(many).toBeLessThan(hits / n);
      }),
    );
  });
});

describe('learnFallbacks', () => {
  it('given moved loops: for each topic with enough of them the team that most went to', () => {
    expect(
      learnFallbacks([
        { topic: 'billing/refund', team: 'billing', loops: 9 },
        { topic: 'billing/refund', team: 'support', loops: 1 },
        { topic: 'hotel/room', team: 'operations', loops: minExamples - 1 },
        { topic: 'app', team: 'b', loops: 3 },
        { topic: 'app', team: 'a', loops: 3 },
      ]),
    ).toEqual([
      { topic: 'app', team: 'a', n: 6, toTeam: 3, confidence: wilsonLower(3, 6) },
      { topic: 'billing/refund', team: 'billing', n: 10, toTeam: 9, confidence: wilsonLower(9, 10) },
    ]);
  });
});
