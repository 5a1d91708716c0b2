import { afterEach, describe, expect, it } from '@jest/globals';
import { startLocalIssuer } from './local-issuer.js';

describe('the local issuer', () => {
  const { NODE_ENV } = process.env;
  afterEach(() => {
    process.env['NODE_ENV'] = NODE_ENV;
  });

  it('refuses to run in production', async () => {
    process.env['NODE_ENV'] = 'production';
    await expect(startLocalIssuer()).rejects.toThrow(/does not run in production/);
  });
});
