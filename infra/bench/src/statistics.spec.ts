import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ascending, pairedRatio, quantile, rotated, spreadOf } from './statistics.js';

const values = fc.array(fc.double({ min: -1e9, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 50 });

describe('quantile', () => {
  it('lies between two values by their distance', () => {
    expect(quantile([1, 2, 3, 4], 0.25)).toBe(1.75);
    expect(quantile([10, 20], 0.5)).toBe(15);
    expect(quantile([7], 0.99)).toBe(7);
  });

  it('never leaves the values, and grows with the share', () => {
    fc.assert(
      fc.property(
        values,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (given, a, b) => {
          const sorted = ascending(given);
          const [low, high] = [quantile(sorted, Math.min(a, b)), quantile(sorted, Math.max(a, b))];
          const slack = 1e-6;
          expect(low).toBeLessThanOrEqual(high + slack);
          expect(low).toBeGreaterThanOrEqual(sorted[0]! - slack);
          expect(high).toBeLessThanOrEqual(sorted.at(-1)! + slack);
        },
      ),
    );
  });
});

describe('spreadOf', () => {
  it('tells the same whatever the order', () => {
    fc.assert(
      fc.property(values, (given) => {
        expect(spreadOf([...given].reverse())).toEqual(spreadOf(given));
      }),
      { examples: [[[-0, 0]]] },
    );
  });

  it('one slow round moves the median by one place, not by how slow it was', () => {
    expect(spreadOf([100, 101, 99, 100, 1]).median).toBe(100);
  });

  it('refuses no measurement at all', () => {
    expect(() => spreadOf([])).toThrow('no measurement');
  });
});

describe('pairedRatio', () => {
  it('is taken within a round: a machine that becomes slower slows both', () => {
    expect(pairedRatio([100, 50, 10], [50, 25, 5])).toMatchObject({ median: 2, q1: 2, q3: 2 });
  });

  it('leaves out rounds that one of them lacks', () => {
    expect(pairedRatio([10, undefined, 30], [5, 1, undefined])).toMatchObject({ median: 2, min: 2, max: 2 });
    expect(pairedRatio([undefined], [1])).toBeUndefined();
  });
});

describe('rotated', () => {
  it('gives every one the first place once in as many rounds', () => {
    const names = ['a', 'b', 'c'];
    const orders = [0, 1, 2].map((round) => rotated(names, round));
    expect(orders.map((order) => order[0])).toEqual(names);
    for (const order of orders) expect([...order].sort()).toEqual(names);
    expect(rotated(names, 3)).toEqual(names);
  });
});
