import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { calibrated, calibrationOf } from './calibration.js';

describe('calibration', () => {
  it('given shares that are as often right as they say: leaves them', () => {
    const shares = Array.from({ length: 1_000 }, (_, n) => (n % 10 < 5 ? 0.2 : 0.8));
    const rights = shares.map((share, n) => Math.floor(n / 10) % 5 < share * 5);
    const { slope, offset } = calibrationOf(shares, rights);
    expect(slope).toBeCloseTo(1, 1);
    expect(offset).toBeCloseTo(0, 1);
  });

  it('given a share that is right in three of four: says three of four', () => {
    const shares = Array.from({ length: 800 }, (_, n) => (n % 8 < 4 ? 0.4 : 0.1));
    const rights = shares.map((_, n) => (n % 8 < 4 ? n % 4 !== 0 : n % 4 === 0));
    const found = calibrationOf(shares, rights);
    expect(calibrated(0.4, found)).toBeCloseTo(0.75, 2);
    expect(calibrated(0.1, found)).toBeCloseTo(0.25, 2);
  });

  it('given anything, of which all or none may be right: is finite, and says 0..1', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(share, fc.boolean()), { maxLength: 50 }), share, (said, other) => {
        const found = calibrationOf(
          said.map(([one]) => one),
          said.map(([, right]) => right),
        );
        const confidence = calibrated(other, found);
        expect(confidence).toBeGreaterThanOrEqual(0);
        expect(confidence).toBeLessThanOrEqual(1);
      }),
    );
  });
});
