import { describe, expect, it } from '@jest/globals';
import { returnPathOf } from './return-path.js';
import { endOf, fateOf, type Session } from './session.js';

const session: Session = {
  ...{ subject: 'ann', roles: ['agent'], teams: [], token: 't', csrf: 'c' },
  ...{ tokenExpires: 1_000, expires: 5_000 },
};

describe('a session', () => {
  it('is over with its token, where nothing renews it', () => {
    expect([fateOf(session, 999), fateOf(session, 1_000), endOf(session)]).toEqual(['good', 'over', 1_000]);
  });

  it('is renewed a little before its token ends, until it is over itself', () => {
    const renewed = { ...session, refreshToken: 'r' };
    expect([939, 940, 4_999, 5_000].map((now) => fateOf(renewed, now))).toEqual(['good', 'renew', 'renew', 'over']);
    expect(endOf(renewed)).toBe(5_000);
  });
});

describe('where a person goes after signing in', () => {
  it.each([
    ['/inbox?state=open', '/inbox?state=open'],
    ['//example.org', '/'],
    ['/\\example.org', '/'],
    ['/\t/example.org', '/'],
    ['https://example.org', '/'],
    ['/sign-in?failed=refused', '/'],
    [undefined, '/'],
    [['/inbox'], '/'],
  ])('%j: %s', (wanted, path) => {
    expect(returnPathOf(wanted)).toBe(path);
  });
});
