import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { chunked, cookiesIn, joined } from './cookies.js';

const attributes = { secure: true, maxAge: 60, sameSite: 'Lax' } as const;
const headerOf = (lines: readonly string[]): string =>
  lines
    .filter((line) => !line.includes('Max-Age=0'))
    .map((line) => line.split(';', 1)[0])
    .join('; ');

describe('a value in cookies', () => {
  it('is read as it was put in, however long, in cookies that browsers take', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_500 }), fc.constantFrom('a', '-', '.'), (length, character) => {
        const value = character.repeat(length);
        const lines = chunked('s', value, attributes)!;
        expect(lines.every((line) => line.length <= 4_096)).toBe(true);
        expect(joined('s', cookiesIn(`other=1; ${headerOf(lines)}`))).toBe(value);
      }),
    );
  });

  it('is refused where it would not fit, and takes away what it does not need', () => {
    expect(chunked('s', 'x'.repeat(10_501), attributes)).toBeUndefined();
    expect(chunked('s', 'x', attributes)).toEqual([
      's.0=x; Path=/; HttpOnly; SameSite=Lax; Max-Age=60; Secure',
      's.1=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0; Secure',
      's.2=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0; Secure',
    ]);
  });

  it('is nobody’s where it is not there', () => {
    expect(joined('s', cookiesIn(undefined))).toBeUndefined();
    expect(joined('s', cookiesIn('s=1; t.0=2; =3; s.9'))).toBeUndefined();
  });
});
