import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { emoticons } from '../sentiment/lexicon.js';
import { tokensOf } from './tokens.js';

const textsOf = (text: string) => tokensOf(text, emoticons).map(({ kind, text: compared }) => `${kind} ${compared}`);

describe('tokens', () => {
  it.each([
    ['It’s GREAT!!!', ["word it's", 'word great', 'stop !']],
    ['@united my bag #lost 3 times', ['mention @', 'word my', 'word bag', 'word lost', 'number 0', 'word times']],
    ['see https://t.co/x?y=1 now', ['word see', 'address ://', 'word now']],
    ['soooo goooood', ['word soo', 'word good']],
    ['thanks :) xD', ['word thanks', 'emoticon :)', 'emoticon xD']],
    ['xDrive', ['word xdrive']],
    ['👍🏽❤️ 👨‍👩‍👧', ['emoji 👍', 'emoji ❤', 'emoji 👨']],
    ['well-known, isn’t it?', ['word well-known', 'pause ,', "word isn't", 'word it', 'stop ?']],
    ['one\ntwo', ['word one', 'stop \n', 'word two']],
  ])('of %j', (text, tokens) => {
    expect(textsOf(text)).toEqual(tokens);
  });

  it('know what was shouted and what was drawn out', () => {
    expect(tokensOf('WORST service EVERRRR', emoticons)).toMatchObject([
      { shouted: true, elongated: false },
      { shouted: false, elongated: false },
      { shouted: true, elongated: true },
    ]);
  });

  it('lie in the text, in its order, none over another', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        let before = 0;
        for (const { start, end } of tokensOf(text, emoticons)) {
          expect(start).toBeGreaterThanOrEqual(before);
          expect(end).toBeGreaterThan(start);
          before = end;
        }
        expect(before).toBeLessThanOrEqual(text.length);
      }),
    );
  });

  it('leave out no letter and no digit but those of mentions and addresses', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 100 }), (text) => {
        const covered = new Set<number>();
        for (const { start, end } of tokensOf(text, emoticons)) for (let at = start; at < end; at += 1) covered.add(at);
        for (const { index } of text.matchAll(/[\p{L}\p{N}]/gu)) expect(covered.has(index)).toBe(true);
      }),
    );
  });
});
