import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { minSimilarity, suggest, type PastAnswer } from './suggestion.js';

const bag = (text: string): Map<string, number> => {
  const words = new Map<string, number>();
  for (const word of text.split(' ').filter(Boolean)) words.set(word, (words.get(word) ?? 0) + 1);
  return words;
};
let nth = 0;
const past = (words: string, given: Partial<PastAnswer> = {}): PastAnswer => ({
  ...{ loopId: `l-${++nth}`, version: 2, at: new Date(2026, 0, nth), text: `answer ${nth}`, channel: 'review' },
  ...{ verified: false, excerpt: words, words: bag(words) },
  ...given,
});

describe('suggestions', () => {
  it('are the answers to what is most alike', () => {
    const twice = past('charg twice night refund');
    const cold = past('shower cold water');
    const found = suggest(bag('charg twice refund nobodi'), [cold, twice]);
    expect(found.map(({ answer }) => answer)).toEqual([twice]);
    expect(found[0]!.similarity).toBeGreaterThan(0.5);
    expect(found[0]!.similarity).toBeLessThan(1);
  });
  it('are none where nothing is alike enough', () => {
    expect(suggest(bag('room view lake'), [past('room shower cold water tap plumber late night')])).toEqual([]);
    expect(suggest(bag(''), [past('a b')])).toEqual([]);
    expect(suggest(bag('a'), [])).toEqual([]);
  });
  it('prefer what a customer has confirmed', () => {
    const plain = past('charg twice');
    const verified = past('charg twice', { verified: true, at: new Date(2020, 0, 1) });
    expect(suggest(bag('charg twice'), [plain, verified]).map(({ answer }) => answer)).toEqual([verified, plain]);
  });
  it('are three at most, and each wording once', () => {
    const many = Array.from({ length: 9 }, (_x, n) => past('charg twice', { text: n % 2 ? 'Sorry.' : `Sorry ${n}.` }));
    const found = suggest(bag('charg twice'), many);
    expect(found).toHaveLength(3);
    expect(new Set(found.map(({ answer }) => answer.text)).size).toBe(3);
  });
  it('have a similarity that is one, in any order of what they are chosen from', () => {
    const words = fc
      .array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { maxLength: 8 })
      .map((list) => list.join(' '));
    fc.assert(
      fc.property(words, fc.array(words, { maxLength: 12 }), (wanted, texts) => {
        const answers = texts.map((text) => past(text));
        const found = suggest(bag(wanted), answers);
        for (const { similarity } of found) {
          expect(similarity).toBeGreaterThanOrEqual(minSimilarity);
          expect(similarity).toBeLessThanOrEqual(1);
        }
        expect(suggest(bag(wanted), [...answers].reverse())).toEqual(found);
      }),
    );
  });
});
