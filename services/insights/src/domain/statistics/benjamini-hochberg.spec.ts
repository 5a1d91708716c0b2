import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { benjaminiHochberg } from './benjamini-hochberg.js';
import { seededChance } from './chance.js';

describe('benjaminiHochberg', () => {
  // the example of the paper, section 3.2: 15 comparisons, of which at q = .05 the first four are rejected
  const paper = [
    ...[0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344],
    ...[0.0459, 0.324, 0.4262, 0.5719, 0.6528, 0.759, 1],
  ];

  it("given the paper's p values: the first four are significant at .05", () => {
    const q = benjaminiHochberg(paper);
    expect(q.filter((value) => value <= 0.05)).toHaveLength(4);
    // R: p.adjust(p, 'BH')
    expect(q[0]).toBeCloseTo(0.0015, 10);
    expect(q[3]).toBeCloseTo(0.035625, 10);
    expect(q[4]).toBeCloseTo(0.0603, 10);
    expect(q[5]).toBeCloseTo(0.0638571, 6);
    expect(q[14]).toBe(1);
  });

  it('keeps the order given, never goes below p, and grows with it', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.array(share, { maxLength: 40 }), (p) => {
        const q = benjaminiHochberg(p);
        p.forEach((value, at) => {
          expect(q[at]).toBeGreaterThanOrEqual(value);
          expect(q[at]).toBeLessThanOrEqual(1);
          p.forEach((other, to) => {
            if (value < other) expect(q[at]).toBeLessThanOrEqual(q[to]!);
          });
        });
      }),
    );
  });

  it('counts the tests that were left out as having p = 1', () => {
    const all = benjaminiHochberg([0.001, 0.02, 1, 1]);
    const some = benjaminiHochberg([0.001, 0.02], 4);
    expect(some).toEqual(all.slice(0, 2));
    expect(() => benjaminiHochberg([0.1, 0.2], 1)).toThrow(RangeError);
  });

  it('where nothing is there: finds something at .05 in 5 % of runs at most', () => {
    const chance = seededChance(11);
    let found = 0;
    for (let run = 0; run < 4_000; run++) {
      const q = benjaminiHochberg(Array.from({ length: 20 }, () => chance.uniform()));
      if (Math.min(...q) <= 0.05) found++;
    }
    // three standard errors around 5 %
    expect(found / 4_000).toBeLessThan(0.0603);
    expect(found / 4_000).toBeGreaterThan(0.0397);
  });
});
