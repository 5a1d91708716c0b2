import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { TeamDirectory, TeamDirectoryConfig } from './team-directory.js';

const ask = jest.fn<typeof fetch>();
const teams = (...names: string[]): Response =>
  new Response(JSON.stringify({ items: names.map((name) => ({ name, displayName: name })) }));
const clientOf = (routingUrl?: string) =>
  new TeamDirectory(Object.assign(new TeamDirectoryConfig(), routingUrl === undefined ? {} : { routingUrl }));
const named = (...names: string[]) => names.map((team, index) => ({ pointer: `/teams/${index}`, team }));

let fetched: jest.SpiedFunction<typeof fetch>;
beforeEach(() => {
  ask.mockReset();
  fetched = jest.spyOn(globalThis, 'fetch').mockImplementation(ask);
});
afterEach(() => fetched.mockRestore());

it('lets through what routing knows, and asks once for it, with the token of who asks', async () => {
  ask.mockResolvedValue(teams('support', 'billing'));
  const client = clientOf('http://routing');
  await client.assertThere(named('support'), 'Bearer x');
  await client.assertThere(named('billing', 'support'), 'Bearer x');
  expect(ask).toHaveBeenCalledTimes(1);
  expect(ask.mock.calls[0]![1]!.headers).toMatchObject({ authorization: 'Bearer x' });
});

it('refuses a name that nobody has, with where it stands and those that there are', async () => {
  ask.mockImplementation(() => Promise.resolve(teams('support', 'billing')));
  const client = clientOf('http://routing');
  await client.assertThere(named('support'), undefined);
  await expect(client.assertThere(named('support', 'suport'), undefined)).rejects.toMatchObject({
    code: 'invalid',
    errors: [{ pointer: '/teams/1', rule: 'known', message: 'there is no team suport: billing, support' }],
  });
  // one that was made since is found
  ask.mockImplementation(() => Promise.resolve(teams('support', 'suport')));
  await client.assertThere(named('suport'), undefined);
});

it('says when routing is away; asks nobody where there is no routing to ask', async () => {
  ask.mockRejectedValue(new TypeError('fetch failed'));
  await expect(clientOf('http://routing').assertThere(named('support'), undefined)).rejects.toMatchObject({
    code: 'store-unavailable',
  });
  await clientOf().assertThere(named('any'), undefined);
  expect(ask).toHaveBeenCalledTimes(1);
});
