import { describe, expect, it } from '@jest/globals';
import { formatDays, formatDuration, formatInterval, formatPeriod, formatValue } from './format.js';

/** As they are typed: blanks that do not break count as blanks. */
const plain = (text: string): string => text.replaceAll(/[\u00a0\u202f\u2009]/g, ' ');

describe('a number', () => {
  it.each([
    ['points', -12.34, 'en', '-12.3'],
    ['points', 8, 'de', '+8'],
    ['points', 0, 'en', '0'],
    ['share', 0.4567, 'en', '45.7%'],
    ['share', 0.4567, 'de', '45,7 %'],
    ['stars', 3.5, 'en', '3.50'],
    ['score', 5.126, 'de', '5,13'],
    ['count', 14_640, 'en', '14,640'],
    ['count', 14_640, 'de', '14.640'],
    ['milliseconds', 5_400_000, 'en', '1.5 hr'],
    ['share', null, 'en', '–'],
  ] as const)('of %s, %p in %s, is %s', (unit, value, locale, said) => {
    expect(plain(formatValue(unit, value, locale))).toBe(said);
  });

  it('has its interval in the same unit, or none', () => {
    expect(plain(formatInterval('share', [0.1, 0.25], 'en'))).toBe('10% – 25%');
    expect(formatInterval('share', null, 'en')).toBe('');
    expect(plain(formatInterval('milliseconds', [3_600_000, null], 'en'))).toBe('1 hr – ?');
    expect(formatInterval('milliseconds', [null, null], 'en')).toBe('');
  });
});

describe('a duration', () => {
  it.each([
    [850, '1 sec'],
    [90_000, '1.5 min'],
    [12 * 60_000, '12 min'],
    [47 * 3_600_000, '47 hr'],
    [72 * 3_600_000, '3 days'],
  ])('of %i ms is in the unit that it is read best in: %s', (ms, said) => {
    expect(plain(formatDuration(ms, 'en'))).toBe(said);
  });
});

describe('days', () => {
  it('are those of UTC, wherever the reader is', () => {
    expect(plain(formatDays('2015-02-17', '2015-02-25', 'en'))).toBe('Feb 17 – 24, 2015');
    expect(formatPeriod('2015-02-01', 'month', 'en')).toBe('Feb 2015');
    expect(formatPeriod('2015-02-16', 'week', 'de')).toBe('16. Feb.');
    expect(formatPeriod('2015-02', 'month', 'en')).toBe('Feb 2015');
    expect(formatPeriod('nonsense', 'day', 'en')).toBe('nonsense');
  });
});
