import { describe, expect, it } from '@jest/globals';
import { inflections, PhraseMatcher } from './phrases.js';
import { tokensOf } from './tokens.js';

const found = (phrases: Record<string, string>, text: string): string[] =>
  new PhraseMatcher(Object.entries(phrases).map(([phrase, value]) => ({ phrase, value })))
    .matches(tokensOf(text, new Set()))
    .map(({ value }) => value);

describe('phrases', () => {
  it.each([
    ['refund', 'They refunded nothing'],
    ['delay', 'Two delays in a row'],
    ['carry on', 'I carried on'],
    ['plan', 'Planning was poor'],
    ['charge', 'I was charged twice'],
    ['lost bag', 'Both lost bags came back'],
  ])('of %j are found in %j', (phrase, text) => {
    expect(found({ [phrase]: 'it' }, text)).toEqual(['it']);
  });

  it.each([
    ['plan', 'the plane'],
    ['lost bag', 'lost my bag'],
    ['app', 'an apple'],
    ['bed', 'Off to bed-lam'],
  ])('of %j are not found in %j', (phrase, text) => {
    expect(found({ [phrase]: 'it' }, text)).toEqual([]);
  });

  it('are the longest: what lies within another does not count', () => {
    expect(found({ service: 'short', 'customer service': 'long' }, 'Customer service is good service')).toEqual([
      'long',
      'short',
    ]);
  });

  it('with a word in another form are found by the form that is a phrase too', () => {
    expect(found({ charge: 'one', 'charged twice': 'two' }, 'Charges: charge twice, charged twice')).toEqual([
      ...['one', 'two', 'two'],
    ]);
  });

  it('end where a sentence does', () => {
    expect(found({ 'on hold': 'it' }, 'Come on. Hold me')).toEqual([]);
  });

  it('of words that no inflection fits stay as they are', () => {
    expect(inflections('wi-fi')).toEqual(['wi-fi']);
    expect(inflections('tv')).toEqual(['tv']);
  });
});
