import { describe, expect, it } from '@jest/globals';
import { formatAgo, formatLanguage, formatShare, formatSpan } from './format.js';
import { preferredLanguage } from './languages.js';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const now = new Date('2026-11-26T12:00:00Z');
const ago = (ms: number) => new Date(now.getTime() - ms);

describe('a span', () => {
  it.each([
    [0, '0m'],
    [59_000, '0m'],
    [5 * minute, '5m'],
    [hour, '1h'],
    [3 * hour + 20 * minute, '3h 20m'],
    [-(2 * hour), '2h'],
    [2 * day + 4 * hour + 30 * minute, '2d 4h'],
    [400 * day, '400d'],
  ])('of %d ms is %s', (ms, said) => {
    expect(formatSpan(ms, 'en')).toBe(said);
  });

  it('is written as the language does', () => {
    expect(formatSpan(3 * hour + 20 * minute, 'de')).toBe('3 Std. 20 Min.');
  });
});

describe('how long ago', () => {
  it('is said in words, and far back by the day', () => {
    expect(formatAgo(ago(20_000), now, 'en')).toBe('this minute');
    expect(formatAgo(ago(3 * hour), now, 'en')).toBe('3 hours ago');
    expect(formatAgo(ago(day), now, 'en')).toBe('yesterday');
    expect(formatAgo(ago(-2 * hour), now, 'de')).toBe('in 2 Stunden');
    expect(formatAgo(ago(200 * day), now, 'en')).toBe('May 10, 2026');
  });
});

describe('names and numbers', () => {
  it('are in the reader’s language', () => {
    expect(formatShare(0.925, 'de', 1)).toBe('92,5\u00a0%');
    expect([formatLanguage('de', 'en'), formatLanguage('en', 'de'), formatLanguage('und', 'en')]).toEqual([
      'German',
      'Englisch',
      '',
    ]);
    expect(formatLanguage('not a tag', 'en')).toBe('not a tag');
  });
});

describe('the language that is spoken', () => {
  it('is the one that was chosen, else the first of the browser’s that there is', () => {
    expect(preferredLanguage('en', ['de-DE'])).toBe('en');
    expect(preferredLanguage(null, ['fr', 'de-AT', 'en'])).toBe('de');
    expect(preferredLanguage('xx', ['fr'])).toBe('en');
  });
});
