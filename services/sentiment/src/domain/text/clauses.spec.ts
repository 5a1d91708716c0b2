import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { clausesOf } from './clauses.js';
import { tokensOf } from './tokens.js';

const clauses = (text: string): string[] => {
  const tokens = tokensOf(text, new Set());
  return clausesOf(tokens).map(({ from, to }) => text.slice(tokens[from]!.start, tokens[to - 1]!.end));
};

describe('clauses', () => {
  it.each([
    ['The room was big. It was clean!', ['The room was big.', 'It was clean!']],
    ['The room was big but it was dirty', ['The room was big', 'but it was dirty']],
    ['Wow. The room was big', ['Wow. The room was big']],
    ['The room was big...', ['The room was big...']],
    ['', []],
  ])('of %j', (text, expected) => {
    expect(clauses(text)).toEqual(expected);
  });

  it('are all of the text, each token in one', () => {
    fc.assert(
      fc.property(fc.lorem({ maxCount: 40, mode: 'sentences' }), (text) => {
        const tokens = tokensOf(text, new Set());
        let before = 0;
        for (const { from, to } of clausesOf(tokens)) {
          expect(from).toBe(before);
          before = to;
        }
        expect(before).toBe(tokens.length);
      }),
    );
  });
});
