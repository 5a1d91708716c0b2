import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { forbiddenCharacters } from './forbidden-characters.js';

// properties, on a machine that may be busy
jest.setTimeout(60_000);

describe('forbiddenCharacters', () => {
  it.each<[string, unknown, string]>([
    ['NUL in a text', 'a\0b', ''],
    ['a first half alone', { text: 'a\ud83d' }, '/text'],
    ['a second half alone', { text: '\ude00a' }, '/text'],
    ['halves in the wrong order', { text: '\ude00\ud83d' }, '/text'],
    ['an item of an array', { a: ['ok', { 'b/c~': '\0' }] }, '/a/1/b~1c~0'],
    ['a key', { a: { 'x\0': 1 } }, '/a'],
    ['a key at the root', { '\ud800': 1 }, ''],
  ])('finds %s', (_name, value, pointer) => {
    expect(forbiddenCharacters(value)).toMatchObject({ pointer, rule: 'forbiddenCharacters' });
    expect(JSON.stringify(forbiddenCharacters(value))).not.toMatch(/\\u/);
  });

  it.each([['😀 ❤️ é'], [{ a: [1, true, null, { b: '\u0001\uffff' }] }], [null], [undefined], [7]])(
    'passes %p',
    (value) => {
      expect(forbiddenCharacters(value)).toBeUndefined();
    },
  );

  it('finds exactly what Postgres could not hold, wherever it is', () => {
    const unit = fc.oneof(
      { weight: 12, arbitrary: fc.constantFrom('a', 'é', '😀') },
      fc.constantFrom('\0', '\ud83d', '\ude00'),
    );
    const text = fc.array(unit, { maxLength: 6 }).map((units) => units.join(''));
    const { value: values } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        text,
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(text, tie('value'), { maxKeys: 3 }),
      ),
    }));
    const textsOf = (value: unknown): string[] =>
      typeof value === 'string'
        ? [value]
        : Array.isArray(value)
          ? value.flatMap(textsOf)
          : Object.entries(value as object).flatMap(([key, member]) => [key, ...textsOf(member)]);
    // another way to tell: UTF-8 replaces a lone half
    const bad = (one: string): boolean => one.includes('\0') || Buffer.from(one, 'utf8').toString('utf8') !== one;
    fc.assert(
      fc.property(values, (value) => {
        expect(forbiddenCharacters(value) !== undefined).toBe(textsOf(value).some(bad));
      }),
      { numRuns: 300 },
    );
  });

  it('bears any depth of nesting', () => {
    let deep: unknown = ['\0'];
    for (let depth = 0; depth < 100_000; depth++) deep = [deep];
    expect(forbiddenCharacters(deep)?.pointer).toHaveLength(2 * 100_001);
  });
});
