import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { scoresOf, type Verdict } from './scores.js';

const verdicts = (rows: readonly [gold: string, said: string, confidence: number][]): Verdict[] =>
  rows.map(([gold, said, confidence]) => ({ gold, said, confidence }));
const anyVerdicts = fc.array(
  fc.record({
    gold: fc.constantFrom('a', 'b', 'c'),
    said: fc.constantFrom('a', 'b', 'c', '(abstained)'),
    confidence: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  { minLength: 1, maxLength: 60 },
);

describe('scores', () => {
  it('are those of the books', () => {
    // By hand: a 2 of 3 found and 2 of 2 said rightly; b 1 of 1 found, 1 of 2 said rightly
    const scores = scoresOf(
      verdicts([
        ['a', 'a', 1],
        ['a', 'a', 1],
        ['a', 'b', 1],
        ['b', 'b', 1],
      ]),
    );
    expect(scores).toMatchObject({ n: 4, accuracy: 0.75, ece: 0.25, confusion: { a: { a: 2, b: 1 }, b: { b: 1 } } });
    expect(scores.perClass['a']).toEqual({ precision: 1, recall: 2 / 3, f1: 0.8, support: 3 });
    expect(scores.perClass['b']).toEqual({ precision: 0.5, recall: 1, f1: 2 / 3, support: 1 });
    expect(scores.macroF1).toBeCloseTo((0.8 + 2 / 3) / 2);
  });

  it('have as calibration error how far confidence is from the share of right ones, by bin', () => {
    const sure = Array.from({ length: 10 }, (_, at): [string, string, number] => ['a', at < 6 ? 'a' : 'b', 0.9]);
    expect(scoresOf(verdicts(sure)).ece).toBeCloseTo(0.3);
    const honest = Array.from({ length: 10 }, (_, at): [string, string, number] => ['a', at < 6 ? 'a' : 'b', 0.6]);
    expect(scoresOf(verdicts(honest)).ece).toBeCloseTo(0);
    // Too sure here and not sure enough there do not make up for one another.
    expect(
      scoresOf(
        verdicts([
          ['a', 'a', 0.5],
          ['a', 'b', 0.99],
        ]),
      ).ece,
    ).toBeCloseTo((0.5 + 0.99) / 2);
  });

  it('count an abstention against the class that it was, and as no class', () => {
    const { macroF1, perClass, confusion } = scoresOf(
      verdicts([
        ['a', 'a', 1],
        ['a', '(abstained)', 0],
      ]),
    );
    expect(perClass).toEqual({ a: { precision: 1, recall: 0.5, f1: 2 / 3, support: 2 } });
    expect(macroF1).toBeCloseTo(2 / 3);
    expect(confusion).toEqual({ a: { a: 1, '(abstained)': 1 } });
  });

  it('hold together, whatever was said', () => {
    fc.assert(
      fc.property(anyVerdicts, (given) => {
        const { n, accuracy, macroF1, ci95, ece, confusion } = scoresOf(given);
        for (const share of [accuracy, macroF1, ece, ...ci95]) {
          expect(share).toBeGreaterThanOrEqual(0);
          expect(share).toBeLessThanOrEqual(1 + 1e-9);
        }
        expect(ci95[0]).toBeLessThanOrEqual(ci95[1]);
        const counted = Object.values(confusion).flatMap((row) => Object.values(row));
        expect(counted.reduce((sum, count) => sum + count, 0)).toBe(n);
      }),
      { numRuns: 30 },
    );
  });

  it('are the same each time, the interval too, and its middle is near the score', () => {
    const given = Array.from({ length: 400 }, (_, at): Verdict => {
      const gold = ['a', 'b', 'c'][at % 3]!;
      return { gold, said: at % 5 === 0 ? 'a' : gold, confidence: 0.5 };
    });
    const one = scoresOf(given);
    expect(scoresOf(given)).toEqual(one);
    expect(one.ci95[0]).toBeLessThan(one.macroF1);
    expect(one.ci95[1]).toBeGreaterThan(one.macroF1);
    expect(one.ci95[1] - one.ci95[0]).toBeLessThan(0.1);
  });

  it('of nothing are refused', () => {
    expect(() => scoresOf([])).toThrow(RangeError);
  });
});
