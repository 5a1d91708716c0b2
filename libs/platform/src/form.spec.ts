import { describe, expect, it } from '@jest/globals';
import { parseForm } from './form.js';

const parsed = (text: string) => ({ ...parseForm(Buffer.from(text, 'latin1')) });

describe('a form', () => {
  it('given fields as a browser sends them, gives their texts', () => {
    const text = 'Grüße & 1+1=2 😀\r\nنعم';
    expect(parsed(new URLSearchParams({ score: '5', words: text }).toString())).toEqual({ score: '5', words: text });
    expect(parsed('')).toEqual({});
    expect(parsed('a&b=&c=d=e')).toEqual({ a: '', b: '', c: 'd=e' });
  });
  it('given the name of something that objects have, is not misled', () => {
    const fields = parseForm(Buffer.from('__proto__=x&constructor=y'));
    expect(fields['__proto__']).toBe('x');
    expect(Object.getPrototypeOf(fields)).toBeNull();
    expect('toString' in parseForm(Buffer.from('a=1'))).toBe(false);
  });
  it.each([
    ['a broken escape', 'a=%zz'],
    ['half an escape', 'a=%'],
    ['another encoding', 'a=%fc'],
    ['half a surrogate pair', 'a=%ed%a0%80'],
    ['bytes that are not escaped', 'a=\u00fc'],
    ['a field twice', 'a=1&a=2'],
    ['too many fields', Array.from({ length: 101 }, (_each, index) => `f${index}=1`).join('&')],
  ])('given %s, is refused', (_what, text) => {
    expect(() => parsed(text)).toThrow(expect.objectContaining({ code: 'invalid' }));
  });
});
