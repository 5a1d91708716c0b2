import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Connection } from './connection.js';

describe('a bare connection', () => {
  let server: Server;
  let url: URL;
  beforeAll(async () => {
    server = createServer(({ url: path }, response) => {
      if (path === '/endless') {
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write('retry: 1000\n\n');
      } else if (path === '/whole') {
        response.end('all of it');
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });
  afterAll(() => server.closeAllConnections());
  afterAll(() => void server.close());

  const ask = async (path: string) => {
    const connection = new Connection(url);
    const request = Buffer.from(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`);
    const end = await connection.ask([request], { method: 'GET', silenceMs: 1_000 });
    // what comes of the one before is no part of the next
    const next = await connection.ask([Buffer.from('GET /whole HTTP/1.1\r\nhost: x\r\n\r\n')], {
      ...{ method: 'GET', silenceMs: 1_000 },
    });
    connection.close();
    return { end, next };
  };

  it('given a stream of events: its beginning is the answer, and the next is asked for on another connection', async () => {
    const { end, next } = await ask('/endless');
    expect(end).toMatchObject({ kind: 'answer', answer: { status: 200 } });
    expect(next).toMatchObject({ kind: 'answer', answer: { body: Buffer.from('all of it') } });
  });

  it('given no answer: silence', async () => {
    expect((await ask('/never')).end).toEqual({ kind: 'silence' });
  });
});
