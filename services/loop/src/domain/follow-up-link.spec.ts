import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { linkOf, mailCustomerOf, tokenOf } from './follow-up-link.js';

const secret = Buffer.alloc(32, 1);
const other = Buffer.alloc(32, 2);
const link = { followUpId: '5f0c9d7a-1111-5222-8333-444455556666', expiresAt: new Date('2026-12-10T08:00:00Z') };
const links = fc.record({
  followUpId: fc.uuid(),
  expiresAt: fc.integer({ min: 0, max: 2 ** 32 - 1 }).map((seconds) => new Date(seconds * 1000)),
});

describe('the token of a link', () => {
  it('gives back what it was made of', () => {
    expect(tokenOf(link, secret)).toMatch(/^[\w-]{48}$/);
    fc.assert(fc.property(links, (any) => expect(linkOf(tokenOf(any, secret), [secret])).toEqual(any)));
  });
  it('given several secrets, is known by each, and by no other', () => {
    expect(linkOf(tokenOf(link, other), [secret, other])).toEqual(link);
    expect(linkOf(tokenOf(link, other), [secret])).toBeUndefined();
    expect(linkOf(tokenOf(link, secret), [])).toBeUndefined();
  });
  it('given any other text, is none: however little of it was changed', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/= ';
    fc.assert(
      fc.property(links, fc.nat({ max: 47 }), fc.constantFrom(...alphabet), (any, at, character) => {
        const token = tokenOf(any, secret);
        fc.pre(token[at] !== character);
        expect(linkOf(token.slice(0, at) + character + token.slice(at + 1), [secret])).toBeUndefined();
      }),
      { numRuns: 2_000 },
    );
    fc.assert(fc.property(fc.string({ maxLength: 100 }), (text) => expect(linkOf(text, [secret])).toBeUndefined()));
    const token = tokenOf(link, secret);
    for (const text of [`${token}=`, `${token}A`, token.slice(0, -1), ` ${token}`, `${token}\n`, '']) {
      expect(linkOf(text, [secret])).toBeUndefined();
    }
  });
  it('of one follow-up with the expiry of another is none', () => {
    const longer = tokenOf({ ...link, expiresAt: new Date('2030-01-01T00:00:00Z') }, secret);
    const bytes = Buffer.from(tokenOf(link, secret), 'base64url');
    Buffer.from(longer, 'base64url').copy(bytes, 16, 16, 20);
    expect(linkOf(bytes.toString('base64url'), [secret])).toBeUndefined();
  });
});

it('a customer who is known by an address alone has one key, whatever the letters’ case, and another under another secret', () => {
  const key = mailCustomerOf('Ada@Example.com', secret);
  expect(key).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(mailCustomerOf(' ada@example.com', secret)).toBe(key);
  expect(mailCustomerOf('ada@example.com', other)).not.toBe(key);
  expect(mailCustomerOf('bob@example.com', secret)).not.toBe(key);
});
