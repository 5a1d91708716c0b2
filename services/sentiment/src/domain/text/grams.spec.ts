import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { gramsOf, lentGramsOf, withBeginnings } from './grams.js';
import { tokensOf } from './tokens.js';

const tokens = (text: string) => tokensOf(text, new Set());
const beginningsOf = (read: ReturnType<typeof tokens>, letters: [number, number]): Int32Array =>
  withBeginnings(new Int32Array(0), read, letters);

describe('grams', () => {
  it('are the words and the pairs of them', () => {
    const [a, b] = [gramsOf(tokens('bad'), { words: 1 }), gramsOf(tokens('food'), { words: 1 })];
    const both = gramsOf(tokens('bad food'), { words: 2 });
    expect([...both]).toEqual([a[0], b[0], expect.any(Number)]);
    expect(gramsOf(tokens('food bad'), { words: 2 })[2]).not.toBe(both[2]);
  });

  it('of a negated word are others than of the same word', () => {
    const plain = gramsOf(tokens('good'), { words: 1, negation: true }, [false]);
    const negated = gramsOf(tokens('good'), { words: 1, negation: true }, [true]);
    expect(negated).not.toEqual(plain);
    expect(gramsOf(tokens('good'), { words: 1 }, [true])).toEqual(plain);
  });

  it('of letters know where a word ends', () => {
    // _a ab b_ beside the word
    expect(gramsOf(tokens('ab'), { words: 1, letters: [2, 2] })).toHaveLength(4);
    const [inWord] = [...gramsOf(tokens('cab'), { words: 1, letters: [2, 2] })].slice(1);
    expect([...gramsOf(tokens('ab'), { words: 1, letters: [2, 2] })]).not.toContain(inWord);
  });

  it('of beginnings are the same for words that begin alike, and none of what is short or no word', () => {
    const [scared, scary] = [beginningsOf(tokens('scared'), [4, 5]), beginningsOf(tokens('scary'), [4, 5])];
    expect(scared).toHaveLength(2);
    expect(scared[0]).toBe(scary[0]);
    expect(scared[1]).not.toBe(scary[1]);
    expect(beginningsOf(tokens('scar'), [4, 5])).toEqual(Int32Array.of(scared[0]!));
    expect(beginningsOf(tokens('a bad 12345 @someone !'), [4, 5])).toHaveLength(0);
  });

  it('come before the beginnings, and are their own, whatever is read next, unless they are lent', () => {
    const options = { words: 2, letters: [2, 4] } as const;
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 300 }), { minLength: 1 }), (texts) => {
        const read = texts.map((text) => {
          const grams = gramsOf(tokens(text), options);
          return { text, grams, both: withBeginnings(grams, tokens(text), [3, 6]) };
        });
        for (const { text, grams, both } of read) {
          expect([...both]).toEqual([...grams, ...beginningsOf(tokens(text), [3, 6])]);
          expect([...lentGramsOf(tokens(text), options)]).toEqual([...grams]);
        }
      }),
    );
    const long = tokens('many words of a text '.repeat(2_000));
    expect(gramsOf(long, options)).toEqual(lentGramsOf(long, options));
  });

  it('of another seed are others', () => {
    expect(gramsOf(tokens('die'), { words: 1 }, undefined, 7)).not.toEqual(gramsOf(tokens('die'), { words: 1 }));
  });

  it('know the token each ends with, and fit in the room that is made for them', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 120 }), (text) => {
        const all = tokens(text);
        const places: number[] = [];
        const found = gramsOf(all, { words: 3, letters: [2, 5] }, undefined, 0, places);
        expect(places).toHaveLength(found.length);
        expect(places.every((place) => place < all.length)).toBe(true);
        expect(places).toEqual([...places].sort((one, other) => one - other));
      }),
    );
  });
});
