import { describe, expect, it } from '@jest/globals';

import { connectionOf } from './database.js';

const DATABASE_URL = 'postgres://app@db.example:5432/postgres?sslmode=no-verify&application_name=x';

describe('the connection to a database', () => {
  it('goes by the URL’s sslmode where nothing else is said', () => {
    const { connectionString, ssl } = connectionOf('loop', { DATABASE_URL });
    expect(ssl).toBeUndefined();
    expect(connectionString).toContain('sslmode=no-verify');
  });

  it('checks the server’s certificate when DATABASE_SSL says so, whatever the URL says', () => {
    const { connectionString, ssl } = connectionOf('loop', {
      DATABASE_URL,
      DATABASE_SSL: 'true',
      DATABASE_SSL_CA: 'pem',
    });
    expect(ssl).toEqual({ rejectUnauthorized: true, ca: 'pem' });
    expect(connectionString).not.toContain('sslmode');
  });

  it('goes without TLS when DATABASE_SSL says so', () => {
    expect(connectionOf('loop', { DATABASE_URL, DATABASE_SSL: 'false' }).ssl).toBe(false);
  });

  it('is refused with settings that make no sense', () => {
    expect(() => connectionOf('loop', { DATABASE_URL, DATABASE_POOL_SIZE: '0' })).toThrow('DATABASE_POOL_SIZE');
  });
});
