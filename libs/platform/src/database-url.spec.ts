import { describe, expect, it } from '@jest/globals';

import { databaseNameOf, databaseUrlOf } from './database-url.js';

describe('the address of a service’s database', () => {
  const server = 'postgres://app:pw@db.example:5433/postgres?sslmode=verify-full';

  it('is its own where one is given', () => {
    const own = 'postgres://loop@other:5432/loops';
    expect(databaseUrlOf('loop', { DATABASE_URL: server, LOOP_DATABASE_URL: own })).toBe(own);
  });

  it('is a database of its own on the common server', () => {
    expect(databaseUrlOf('loop', { DATABASE_URL: server })).toBe(
      'postgres://app:pw@db.example:5433/closeloop_loop?sslmode=verify-full',
    );
  });

  it('has the configured prefix', () => {
    const url = databaseUrlOf('loop', { DATABASE_URL: server, DATABASE_PREFIX: 't1_' });
    expect(databaseNameOf(url)).toBe('t1_loop');
  });

  it('takes the password from its own variable, whatever characters it has', () => {
    const url = databaseUrlOf('loop', { DATABASE_URL: server, DATABASE_PASSWORD: 'p@ss/w:rd#' });
    expect(decodeURIComponent(new URL(url).password)).toBe('p@ss/w:rd#');
  });

  it.each<[string, Record<string, string>, string]>([
    ['nothing is set', {}, 'set DATABASE_URL (a server) or LOOP_DATABASE_URL'],
    ['it is no URL', { DATABASE_URL: 'secret-host' }, 'DATABASE_URL is not a URL'],
    ['it is not Postgres', { LOOP_DATABASE_URL: 'mysql://secret-host/x' }, 'LOOP_DATABASE_URL is not a URL'],
    ['it names no database', { LOOP_DATABASE_URL: 'postgres://secret-host' }, 'LOOP_DATABASE_URL names no database'],
  ])('is an error without values when %s', (_name, env, told) => {
    expect(() => databaseUrlOf('loop', env)).toThrow(told);
    expect(() => databaseUrlOf('loop', env)).not.toThrow('secret-host');
  });
});
