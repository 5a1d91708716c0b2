import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { isDeeperThan, MAX_JSON_DEPTH, parseJson } from './json.js';
import { Problem } from './problem.js';

const ruleOf = (bytes: Buffer): string | undefined => {
  try {
    parseJson(bytes);
    return undefined;
  } catch (error) {
    return error instanceof Problem ? error.errors?.[0]?.rule : `thrown: ${String(error)}`;
  }
};

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

describe('a JSON body', () => {
  it('is read as JSON.parse reads it, but for a key __proto__', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        const text = JSON.stringify(value);
        let hasPrototypeKey = false;
        const parsed: unknown = JSON.parse(text, (key, inner: unknown) => {
          hasPrototypeKey ||= key === '__proto__';
          return inner;
        });
        if (hasPrototypeKey) expect(ruleOf(Buffer.from(text))).toBe('forbidden-key');
        else expect(parseJson(Buffer.from(text))).toEqual(parsed);
      }),
      { numRuns: 500 },
    );
  });

  it('is as deep as its brackets outside of strings', () => {
    const tricky = fc.string({ unit: fc.constantFrom('"', '\\', '[', ']', '{', '}', 'a', ',', ':') });
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 8 },
        tricky,
        fc.array(tie('any'), { maxLength: 3 }),
        fc.dictionary(tricky, tie('any'), { maxKeys: 3 }),
      ),
    })).any;
    fc.assert(
      fc.property(value, (deep) => {
        const depth = depthOf(deep);
        const text = JSON.stringify(deep);
        expect(isDeeperThan(text, depth)).toBe(false);
        if (depth > 0) expect(isDeeperThan(text, depth - 1)).toBe(true);
      }),
    );
  });

  it.each<[string, Buffer, string | undefined]>([
    ['at the bound', Buffer.from('['.repeat(MAX_JSON_DEPTH) + ']'.repeat(MAX_JSON_DEPTH)), undefined],
    ['past it', Buffer.from('['.repeat(MAX_JSON_DEPTH + 1) + ']'.repeat(MAX_JSON_DEPTH + 1)), 'depth'],
    ['a million levels deep', Buffer.from('[{"a":'.repeat(1_000_000)), 'depth'],
    ['cut off', Buffer.from('{"a": 1'), 'json'],
    ['empty', Buffer.from(' '), 'json'],
    ['two values', Buffer.from('{} {}'), 'json'],
    ['not UTF-8', Buffer.from([0x22, 0xc3, 0x28, 0x22]), 'utf8'],
    ['a surrogate encoded as UTF-8', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), 'utf8'],
    ['with a byte order mark', Buffer.from('\ufeff{}'), undefined],
    ['with a prototype key', Buffer.from('{"a":[{"__proto__":{"admin":true}}]}'), 'forbidden-key'],
    ['with an escaped prototype key', Buffer.from('{"\\u005f_proto__":1}'), 'forbidden-key'],
    ['with a prototype key in capital escapes', Buffer.from('{"__prot\\u006F__":1}'), 'forbidden-key'],
    ['that only speaks of one', Buffer.from('{"text":"__proto__ is a key"}'), undefined],
  ])('%s', (_name, bytes, rule) => {
    expect(ruleOf(bytes)).toBe(rule);
  });

  it('says where it stops being JSON, and quotes nothing of it', () => {
    expect(() => parseJson(Buffer.from('{"name": Jane}'))).toThrow(/^The body is not JSON( \(at character \d+\))?\.$/);
  });

  it('is measured in one pass, however its strings are made', () => {
    const started = process.hrtime.bigint();
    isDeeperThan(`"${'\\\\'.repeat(500_000)}" "${'\\"'.repeat(500_000)}"`, 32);
    expect(Number(process.hrtime.bigint() - started) / 1e6).toBeLessThan(500);
  });
});
