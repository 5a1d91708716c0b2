import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { afinnLexicon } from '../infrastructure/afinn.lexicon.js';
import { scoreOf, weigh } from './lexicon-score.js';

const score = (text: string): number => {
  const { weights, words } = weigh(text, afinnLexicon);
  return scoreOf(weights, words);
};

describe('weigh', () => {
  it('given praise and complaint: tells them apart', () => {
    expect(score('What a great flight, thank you!')).toBeGreaterThan(0.3);
    expect(score('Worst airline ever, terrible service')).toBeLessThan(-0.5);
  });

  it('given a negation: turns what follows in the sentence, and no further', () => {
    expect(score('The food was not good')).toBeLessThan(0);
    expect(score('No. Good food')).toBeGreaterThan(score('No good food'));
  });

  it('given emoji and emoticons: hears them', () => {
    expect(score('😡')).toBeLessThan(0);
    expect(score('❤️')).toBeGreaterThan(0);
    expect(score('fine :(')).toBeLessThan(score('fine'));
  });

  it('given words that are names in Object.prototype: gives them no weight', () => {
    expect(weigh('constructor toString __proto__ hasOwnProperty valueOf', afinnLexicon).weights).toEqual([]);
  });

  it('given an address or a mention: does not read the words in it', () => {
    expect(weigh('@bad_service https://example.org/terrible', afinnLexicon).weights).toEqual([]);
  });

  it('names where in the text each weight stands', () => {
    const text = 'a GREAT room, horrible noise 😡';
    expect(weigh(text, afinnLexicon).weights.map(({ start, end }) => text.slice(start, end))).toEqual([
      'GREAT',
      'horrible',
      '😡',
    ]);
  });

  it('given any text: a finite score in -1..1, and weights inside of the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (text) => {
        const { weights, words } = weigh(text, afinnLexicon);
        const value = scoreOf(weights, words);
        expect(value).toBeGreaterThanOrEqual(-1);
        expect(value).toBeLessThanOrEqual(1);
        for (const { start, end } of weights) expect(start >= 0 && start < end && end <= text.length).toBe(true);
      }),
    );
  });

  // wink-sentiment takes 2 to 6 seconds for most of these
  it.each(['1', 'a', 'a-', "a'", '@', 'a@', ':', 'http://', '!', '#a', '1/', '{}', '"', '😀', ' ', 'not good '])(
    'given 20,000 characters of %j: is done in no time',
    (unit) => {
      const text = unit.repeat(Math.ceil(20_000 / unit.length));
      const start = performance.now();
      weigh(text, afinnLexicon);
      expect(performance.now() - start).toBeLessThan(250);
    },
  );
});
