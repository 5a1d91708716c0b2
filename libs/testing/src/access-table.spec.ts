import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { answersTo, callers, expectedBy, notCovered, type AccessRow } from './access-table.js';

describe('a table of who may', () => {
  let server: Server;
  let url: string;
  beforeAll(async () => {
    server = createServer(({ headers, method }, response) => {
      const who = headers.authorization?.slice('Bearer '.length);
      const leaks = method === 'HEAD' && who === 'outsider';
      response.writeHead(who === undefined ? 401 : who === 'admin' || leaks ? 200 : 403).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => void server.close());

  const credentials = {
    ...(Object.fromEntries(callers.map((caller) => [caller, caller])) as Record<(typeof callers)[number], string>),
    nobody: undefined,
  };

  it('tells who was answered otherwise, in the words of what was expected', async () => {
    const row: AccessRow = ['POST /a/:b', '401 403 403 403 2xx 403 2xx', () => ({ params: { b: 'c' }, body: {} })];
    const answers = await answersTo(url, row, credentials);
    expect(answers).toEqual({ ...expectedBy(row), outsider: '403' });
    expect((await answersTo(url, ['GET /a', '403'], credentials)).outsider).toBe('403, HEAD 200');
    expect(() => expectedBy(['GET /a', '401 403'])).toThrow('one for each caller');
  });

  it('names routes without a row and rows without a route', () => {
    const routes = [
      { method: 'GET', path: '/a' },
      { method: 'HEAD', path: '/a' },
      { method: 'POST', path: '/a/:b' },
    ];
    expect(
      notCovered(routes, [
        ['GET /a', '401'],
        ['GET /a', '401'],
        ['GET /c', '2xx'],
      ]),
    ).toEqual({
      withoutRow: ['POST /a/:b'],
      withoutRoute: ['GET /c'],
    });
  });
});
