import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { addressOf, allowedMethods } from './allowed-routes.js';

describe('what the page may ask', () => {
  it.each([
    ['loop', '/v1/loops', ['GET', 'HEAD']],
    ['loop', '/v1/loops/counts', ['GET', 'HEAD']],
    ['loop', '/v1/loops/1/acknowledge', ['POST']],
    ['loop', '/v1/loops/1/draft', ['POST', 'PUT', 'DELETE']],
    ['loop', '/v1/loops//acknowledge', []],
    ['loop', '/v1/loops/', []],
    ['loop', '/v1/evidence', []],
    ['ingestion', '/v1/feedback', []],
    ['ingestion', '/v1/republish', []],
    ['insights', '/v1/changes', ['GET', 'HEAD']],
  ] as const)('of %s %s: %j', (backend, path, methods) => {
    expect(allowedMethods(backend, path)).toEqual(methods);
  });
});

describe('the address of a route', () => {
  it('is below the service’s own, or none', () => {
    const part = fc.constantFrom(
      '/',
      '.',
      '..',
      'v1',
      'loops',
      '%2e',
      '%2F',
      '\\',
      '@',
      ':',
      '?',
      '#',
      '//',
      'http:',
      ' ',
    );
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 8 }),
        fc.constantFrom('http://loop:4604', 'http://h/below/'),
        (parts, base) => {
          const rest = parts.join('');
          const address = addressOf(base, rest);
          if (!address) return;
          const root = new URL(base);
          expect(address.origin).toBe(root.origin);
          expect(address.pathname).toBe(root.pathname.replace(/\/$/, '') + rest.split(/[?#]/, 1)[0]);
          expect(address.pathname.split('/')).not.toContain('..');
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ['/v1/customers/https%3A%2F%2Fexample.org%2F%40ann', true],
    ['/v1/customers/a%2F..%2Fb', false],
    ['/v1/customers/..%2f..%2fmetrics', false],
    ['/v1/customers/a%2F%252e%252e%2Fb', false],
    ['/v1/customers/a%2F.', false],
    ['/v1/customers/a%5Cb', false],
    ['/v1/customers/a%2Fb/c%2Fd', false],
    ['/v1/loops/a%2Fb', false],
  ])('may have slashes in a customer’s key, and nowhere else: %s', (path, allowed) => {
    expect(addressOf('http://insights:4607', path)?.pathname).toBe(allowed ? path : undefined);
  });

  it('keeps the query', () => {
    expect(addressOf('http://loop:4604', '/v1/loops?state=open&q=a%20b')?.href).toBe(
      'http://loop:4604/v1/loops?state=open&q=a%20b',
    );
  });
});
