import { describe, expect, it } from '@jest/globals';
import { eld } from 'eld/extrasmall';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { detectLanguage } from '../../infrastructure/language.detector.js';
import { encodeNgrams } from '../../infrastructure/model-files.js';
import { modelFolder } from '../../infrastructure/shipped-files.js';
import { eldTable } from '../../training/eld-table.js';

const byEld = (text: string) => {
  const result = eld.detect(text);
  return { language: result.language, reliable: result.isReliable() };
};

/** Of many scripts, with what stands between words */
const written = fc
  .array(
    fc.oneof(
      {
        weight: 6,
        arbitrary: fc.constantFrom(
          ...'the and schön tôt não ёлка 東京 어제 नमस्ते Σίσυφος שלום مرحبا İzmir ǅ ꙗ'.split(' '),
        ),
      },
      { weight: 3, arbitrary: fc.string({ unit: fc.constantFrom(..."abcdefgstlnäéø'`’"), maxLength: 90 }) },
      {
        weight: 2,
        arbitrary: fc.constantFrom(' ', '  ', '\n', '. ', " '", "' ", '7', '-', '😀', '𝔘', '\ud800', '\u0307'),
      },
      { weight: 1, arbitrary: fc.string({ unit: 'grapheme' }) },
    ),
    { maxLength: 120 },
  )
  .chain((parts) => fc.constantFrom(parts.join(' '), parts.join('')));

describe('The detector of sixty languages', () => {
  it('says what eld says, of whatever is written', () => {
    fc.assert(
      fc.property(written, (text) => {
        expect(detectLanguage(text)).toEqual(byEld(text));
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['', '', false],
    ['Der Kundendienst hat sich nie zurückgemeldet, das ist wirklich ärgerlich.', 'de', true],
    ['Заказ так и не пришёл, служба поддержки не отвечает уже третий день', 'ru', true],
    ['配達が三日も遅れました。とても残念です', 'ja', true],
  ])('%j', (text, language, reliable) => {
    expect(byEld(text)).toEqual({ language, reliable });
    expect(detectLanguage(text)).toEqual({ language, reliable });
  });

  it('counts each piece of a word once, and reads no further than eld', () => {
    for (const text of [
      'so '.repeat(200),
      'x'.repeat(500),
      `${'ab'.repeat(60)} ${'ab'.repeat(61)}`,
      'é '.repeat(600),
    ]) {
      expect(detectLanguage(text)).toEqual(byEld(text));
    }
  });

  it('has the table of the package that is installed', async () => {
    expect(encodeNgrams(await eldTable()).equals(readFileSync(join(modelFolder, 'languages.bin')))).toBe(true);
  });
});
