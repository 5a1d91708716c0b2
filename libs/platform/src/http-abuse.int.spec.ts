import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Body, Controller, HttpCode, Module, Post } from '@nestjs/common';
import { connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';

import { AcceptsJson, createService, Public, type RunningService } from './index.js';

jest.setTimeout(60_000);

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

@Public()
@Controller('things')
class ThingsController {
  @Post()
  @HttpCode(200)
  take(@Body() body: unknown) {
    return { body };
  }

  /** Works on it for a while, as one does who stores it. */
  @Post('large')
  @HttpCode(200)
  @AcceptsJson({ maxBytes: 2 * 1024 * 1024 })
  async large(@Body() body: string) {
    atOnce.now += 1;
    atOnce.most = Math.max(atOnce.most, atOnce.now);
    await wait(50);
    atOnce.now -= 1;
    return { length: body.length };
  }
}

const atOnce = { now: 0, most: 0 };

@Module({ controllers: [ThingsController] })
class ThingsModule {}

/** A connection of somebody who means no good. */
class Guest {
  received = '';
  closed = false;
  readonly gone: Promise<void>;
  readonly socket: Socket;

  /** @param stays does not leave when the other side has said that it is done */
  constructor(url: string, stays = false) {
    const { hostname, port } = new URL(url);
    this.socket = connect({ port: Number(port), host: hostname, allowHalfOpen: stays });
    this.socket.on('data', (chunk) => (this.received += chunk.toString()));
    this.socket.on('error', () => undefined);
    this.gone = new Promise((resolve) =>
      this.socket.on('close', () => {
        this.closed = true;
        resolve();
      }),
    );
  }
}

describe('a service whose guests mean no good', () => {
  let service: RunningService;
  const guests: Guest[] = [];
  const timers: NodeJS.Timeout[] = [];
  const guest = (stays = false) => {
    const one = new Guest(service.url, stays);
    guests.push(one);
    return one;
  };
  const start = (env: Record<string, string>) =>
    createService('things', ThingsModule, { env: { THINGS_PORT: '0', LOG_LEVEL: 'fatal', ...env } });
  const post = async () => {
    const begun = performance.now();
    const answer = await fetch(`${service.url}/things`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    await answer.text();
    return { status: answer.status, ms: performance.now() - begun };
  };
  const dismiss = () => {
    timers.splice(0).forEach((timer) => clearInterval(timer));
    for (const { socket } of guests.splice(0)) socket.destroy();
  };

  describe('who send large bodies, many at once', () => {
    beforeAll(async () => {
      service = await start({ HTTP_BODIES_BYTES: String(4 * 1024 * 1024) });
    });
    afterAll(() => service.close());
    const body = JSON.stringify('x'.repeat(1_500_000));
    const send = async (bytes: NonNullable<RequestInit['body']>, encoding?: string) => {
      const headers = { 'content-type': 'application/json', ...(encoding && { 'content-encoding': encoding }) };
      return (await fetch(`${service.url}/things/large`, { method: 'POST', headers, body: bytes })).status;
    };

    it('is answered each, with no more of them in memory at once than there is room for', async () => {
      const answers = await Promise.all(Array.from({ length: 20 }, () => send(body)));
      expect(answers).toEqual(Array.from({ length: 20 }, () => 200));
      expect(atOnce.most).toBeLessThanOrEqual(2);
      expect((await post()).status).toBe(200);
    });

    it('is told to come again where what was packed is too much together', async () => {
      const packed = gzipSync(body);
      const answers = await Promise.all(Array.from({ length: 20 }, () => send(packed, 'gzip')));
      expect(answers.every((status) => status === 200 || status === 503)).toBe(true);
      expect(answers).toContain(200);
      expect(await send(packed, 'gzip')).toBe(200);
    });
  });

  describe('who hold connections', () => {
    beforeAll(async () => {
      service = await start({ HTTP_HEADERS_TIMEOUT_SECONDS: '2', HTTP_BODY_TIMEOUT_SECONDS: '2' });
    });
    afterAll(async () => {
      dismiss();
      await service.close();
    });

    it('serves the others, and shows out who says nothing, who drips headers, and who drips a body', async () => {
      const silent = Array.from({ length: 100 }, () => guest());
      const headers = Array.from({ length: 100 }, () => guest());
      const bodies = Array.from({ length: 50 }, () => guest());
      for (const { socket } of headers) socket.write('POST /things HTTP/1.1\r\nhost: x\r\n');
      for (const { socket } of bodies) {
        socket.write(
          'POST /things HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n"',
        );
      }
      timers.push(
        setInterval(() => {
          for (const one of headers) if (!one.closed) one.socket.write('x-drip: 1\r\n');
          for (const one of bodies) if (!one.closed) one.socket.write(' ');
        }, 100),
      );
      await wait(200);
      const times: number[] = [];
      for (let at = 0; at < 100; at++) {
        const { status, ms } = await post();
        expect(status).toBe(200);
        times.push(ms);
      }
      // Not held up by any of them; the machine may be busy.
      expect(times.sort((a, b) => a - b)[90]).toBeLessThan(500);

      await Promise.race([Promise.all([...silent, ...headers, ...bodies].map(({ gone }) => gone)), wait(15_000)]);
      expect([...silent, ...headers, ...bodies].filter(({ closed }) => !closed)).toEqual([]);
      for (const { received } of [...headers, ...bodies]) expect(received).toMatch(/^HTTP\/1.1 408 /);
    });

    it.each([
      ['drips headers', 'POST /things HTTP/1.1\r\nhost: x\r\n', /^HTTP\/1.1 408 /],
      ['is no HTTP', 'hello\r\n\r\n', /^HTTP\/1.1 400 /],
    ])('shows out who %s and does not leave when told so', async (_what, bytes, answer) => {
      const one = guest(true);
      one.socket.write(bytes);
      timers.push(setInterval(() => one.closed || one.socket.write('x-drip: 1\r\n'), 100));
      await Promise.race([one.gone, wait(15_000)]);
      expect(one.received).toMatch(answer);
      expect(one.closed).toBe(true);
    });

    it.each([
      ['headers of 20 KB', `GET / HTTP/1.1\r\nhost: x\r\nx: ${'a'.repeat(20_000)}\r\n\r\n`, /^HTTP\/1.1 431 /],
      ['a URL of 20 KB', `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nhost: x\r\n\r\n`, /^HTTP\/1.1 431 /],
      [
        'two lengths',
        'POST /things HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}',
        /^HTTP\/1.1 400 /,
      ],
      [
        'a length beside chunks',
        'POST /things HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
        /^HTTP\/1.1 400 /,
      ],
      ['no host', 'GET /health/live HTTP/1.1\r\n\r\n', /^HTTP\/1.1 400 /],
      ['no HTTP', 'hello\r\n\r\n', /^HTTP\/1.1 400 /],
      ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', /^HTTP\/1.1 400 /],
    ])('refuses %s, and closes', async (_what, bytes, answer) => {
      const one = guest();
      one.socket.write(bytes, 'latin1');
      await Promise.race([one.gone, wait(5_000)]);
      expect(one.received).toMatch(answer);
      expect(one.closed).toBe(true);
      expect((await post()).status).toBe(200);
    });

    it.each([
      ['100,000 arrays in one another', '['.repeat(100_000) + ']'.repeat(100_000), 'depth'],
      ['100,000 objects in one another', '{"a":'.repeat(100_000) + '1' + '}'.repeat(100_000), 'depth'],
      ['100,000 that are never closed', '['.repeat(100_000), 'depth'],
      ['a prototype', '{"a":{"__proto__":{"polluted":1}}}', 'forbidden-key'],
      ['a prototype behind escapes', '{"\\u005f\\u005fproto\\u005f_":{"polluted":1}}', 'forbidden-key'],
    ])('refuses %s with 400', async (_what, body, rule) => {
      const answer = await fetch(`${service.url}/things`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
      expect(answer.status).toBe(400);
      expect(await answer.json()).toMatchObject({ errors: [{ rule }] });
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    });
  });

  describe('who are more than it takes in', () => {
    beforeAll(async () => {
      service = await start({ HTTP_MAX_CONNECTIONS: '20' });
    });
    afterAll(async () => {
      dismiss();
      await service.close();
    });

    it('closes those that are too many, and takes others in when some have left', async () => {
      const all = Array.from({ length: 40 }, guest);
      for (let tries = 0; tries < 100 && all.filter(({ closed }) => closed).length < 20; tries++) await wait(20);
      expect(all.filter(({ closed }) => closed)).toHaveLength(20);
      dismiss();
      for (let tries = 0; ; tries++) {
        const status = await post().then(
          (answer) => answer.status,
          () => 0,
        );
        if (status === 200) break;
        expect(tries).toBeLessThan(100);
        await wait(20);
      }
    });
  });
});
