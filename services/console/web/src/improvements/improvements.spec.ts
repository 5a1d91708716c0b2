import { describe, expect, it } from '@jest/globals';
import { isOpen, isSure, skippedOf } from './improvements.js';

describe('an improvement', () => {
  it('has surely moved something where the interval of the difference does not hold zero', () => {
    expect(isSure({ value: -0.2, interval: [-0.3, -0.1] })).toBe(true);
    expect(isSure({ value: 0.2, interval: [0.1, 0.3] })).toBe(true);
    expect(isSure({ value: 0.1, interval: [-0.1, 0.3] })).toBe(false);
    expect(isSure({ value: 0.1, interval: [0, 0.2] })).toBe(false);
    expect(isSure({ value: 0.1, interval: null })).toBe(false);
    expect(isSure(undefined)).toBe(false);
  });

  it('tells how many were skipped, and why', () => {
    const told = { wanted: 10, sent: 4, pending: 1 };
    expect(skippedOf({ ...told, skipped: {} })).toEqual({ total: 0, reasons: [] });
    expect(skippedOf({ ...told, skipped: { cap: 1, 'opted-out': 4 } })).toEqual({
      total: 5,
      reasons: [
        ['opted-out', 4],
        ['cap', 1],
      ],
    });
  });

  it('is open until it is done or dropped', () => {
    expect(['planned', 'doing', 'done', 'dropped'].filter(isOpen)).toEqual(['planned', 'doing']);
  });
});
