import { describe, expect, it } from '@jest/globals';
import { driverPoint, formatP, orderedDrivers, type Driver } from './drivers.js';

const driver = (topic: string, effect: number, significant: boolean): Driver => ({
  ...{ topic, effect, significant, n: 40, interval: [effect - 1, effect + 1], p: 0.01, q: 0.02 },
});

describe('drivers', () => {
  it('are in the order of what is sure, and then of their size, either way', () => {
    const drivers = [driver('a', 9, false), driver('b', -2, true), driver('c', 1, true), driver('d', -20, false)];
    expect(orderedDrivers({ drivers }).map(({ topic }) => topic)).toEqual(['b', 'c', 'd', 'a']);
  });

  it('say when few have spoken of them', () => {
    expect(driverPoint({ ...driver('a', 1, true), n: 29 }, 'nps').row.small).toBe(true);
    expect(driverPoint({ ...driver('a', 1, true), n: 30 }, 'nps').row.small).toBe(false);
  });

  it('of shares are told in percentage points', () => {
    expect(driverPoint({ ...driver('a', -0.12, true), interval: [-0.2, null] }, 'csat')).toMatchObject({
      ...{ value: -12, interval: [-20, null] },
    });
    expect(driverPoint(driver('a', -0.5, true), 'rating').value).toBe(-0.5);
  });

  it('have a p that never looks like zero', () => {
    expect(formatP(0.0301, 'en')).toBe('0.030');
    expect(formatP(1e-9, 'en')).toBe('< 0.001');
    expect(formatP(1e-9, 'de')).toBe('< 0,001');
  });
});
