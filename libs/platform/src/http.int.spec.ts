import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Logger,
  Module,
  Param,
  ParseUUIDPipe,
  Post,
  Res,
} from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';

import {
  AcceptsBytes,
  AcceptsJson,
  AcceptsStream,
  createService,
  currentTraceparent,
  Public,
  type RunningService,
} from './index.js';

jest.setTimeout(60_000);

const MIB = 1024 * 1024;

@Public()
@Controller('things')
class ThingsController {
  @Get(':id')
  read(@Param('id', ParseUUIDPipe) id: string) {
    return { id };
  }

  @Delete(':id')
  remove(@Param('id') id: string) {
    return { id };
  }

  @Post('json')
  @HttpCode(200)
  json(@Body() body: unknown) {
    return { body };
  }

  @Post('big-json')
  @HttpCode(200)
  @AcceptsJson({ maxBytes: 4 * MIB })
  bigJson(@Body() body: string) {
    return { length: body.length };
  }

  @Post('bytes')
  @HttpCode(200)
  @AcceptsBytes({ maxBytes: 100 })
  bytes(@Body() body: Buffer) {
    return { hex: body.toString('hex') };
  }

  @Post('lines')
  @HttpCode(200)
  @AcceptsStream({ mediaTypes: ['application/x-ndjson', 'text/csv'] })
  async lines(@Body() body: Readable) {
    let bytes = 0;
    for await (const chunk of body) bytes += (chunk as Buffer).length;
    return { bytes, traceparent: currentTraceparent() };
  }

  @Post('bounded-lines')
  @HttpCode(200)
  @AcceptsStream({ mediaTypes: ['text/csv'], maxBytes: 1000 })
  async boundedLines(@Body() body: Readable) {
    for await (const chunk of body) void chunk;
  }

  @Post('late-lines')
  @HttpCode(200)
  @AcceptsStream({ mediaTypes: ['text/csv'] })
  async lateLines(@Body() body: Readable) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    for await (const chunk of body) void chunk;
  }

  @Post('report')
  @HttpCode(200)
  @AcceptsStream({ mediaTypes: ['text/csv'] })
  async report(@Body() body: Readable, @Res() reply: FastifyReply) {
    for await (const chunk of body) void chunk;
    async function* lines() {
      await new Promise((resolve) => setTimeout(resolve, 200));
      yield 'a line\n';
    }
    await reply.send(Readable.from(lines()));
  }

  @Post('trace')
  trace() {
    return { traceparent: currentTraceparent() };
  }

  @Get('broken/now')
  broken(): never {
    throw new Error('secret inside');
  }
}

@Module({ controllers: [ThingsController] })
class ThingsModule {}

interface Answer {
  status: number;
  type: string | null;
  headers: Headers;
  body: Record<string, unknown>;
}

describe('a service over HTTP', () => {
  let service: RunningService;
  beforeAll(async () => {
    const env = { THINGS_PORT: '0', HTTP_BODY_TIMEOUT_SECONDS: '1', LOG_LEVEL: 'fatal' };
    service = await createService('things', ThingsModule, { env });
  });
  afterAll(() => service.close());

  async function ask(path: string, init: RequestInit = {}): Promise<Answer> {
    const response = await fetch(service.url + path, init);
    const text = await response.text();
    const type = response.headers.get('content-type');
    const body = text === '' || !type?.includes('json') ? {} : (JSON.parse(text) as Record<string, unknown>);
    return { status: response.status, type, headers: response.headers, body };
  }
  const post = (path: string, body: string | Buffer | undefined, headers: Record<string, string> = {}) =>
    ask(path, { method: 'POST', body, headers });
  const json = { 'content-type': 'application/json' };
  const ruleOf = (answer: Answer) => (answer.body.errors as { rule: string }[] | undefined)?.[0]?.rule;

  /** What comes back for bytes written on a bare connection. */
  function raw(...lines: string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      const { hostname, port } = new URL(service.url);
      let answer = '';
      const socket = connect(Number(port), hostname, () => socket.write(lines.join('\r\n')));
      socket.on('data', (chunk) => (answer += chunk.toString()));
      socket.on('close', () => resolve(answer));
      socket.on('error', reject);
    });
  }

  describe('asked by its platform', () => {
    it('is alive and ready', async () => {
      expect(await ask('/health/live')).toMatchObject({ status: 200, body: { status: 'alive' } });
      expect(await ask('/health/ready')).toMatchObject({ status: 200, body: { status: 'ready', reasons: {} } });
    });

    it('counts its requests by route, not by path', async () => {
      await ask('/things/00000000-0000-4000-8000-000000000000');
      const measures = await (await fetch(`${service.url}/metrics`)).text();
      expect(measures).toMatch(/^http_request_duration_seconds_count\{.*route="\/things\/:id",status="200"\} 1$/m);
      expect(measures).toContain('process_cpu_seconds_total');
    });

    it('tells how late its event loop was, since it was last asked', async () => {
      const delays = async () => {
        const measures = await (await fetch(`${service.url}/metrics`)).text();
        expect(measures).not.toContain('nodejs_eventloop_lag');
        const found = [...measures.matchAll(/^event_loop_delay_seconds\{quantile="([\d.]+)".*\} (\S+)$/gm)];
        return Object.fromEntries(found.map(([, quantile, seconds]) => [quantile, Number(seconds)]));
      };
      await delays();
      // The first look after a scrape is what the next is measured from.
      await new Promise((resolve) => setTimeout(resolve, 250));
      // The loop stands while two looks fall due; then it goes on.
      const until = performance.now() + 400;
      while (performance.now() < until);
      await new Promise((resolve) => setTimeout(resolve, 400));
      const late = await delays();
      expect(late['1']).toBeGreaterThan(0.15);
      expect(late['0.5']).toBeLessThan(0.15);
      await new Promise((resolve) => setTimeout(resolve, 400));
      expect((await delays())['1']).toBeLessThan(0.15);
    });
  });

  describe('refuses in problem documents', () => {
    it.each<[string, string, RequestInit, number, string]>([
      ['a path that is not there', '/nothing', {}, 404, 'urn:closeloop:not-found'],
      [
        'a path that is not there, with a body',
        '/nothing',
        { method: 'POST', body: '{' },
        404,
        'urn:closeloop:not-found',
      ],
      ['a method that the path does not take', '/health/live', { method: 'POST', body: 'x' }, 405, 'about:blank'],
      ['a URL that is none', '/things/%zz', {}, 400, 'urn:closeloop:invalid'],
      ['NUL in a path', '/things/a%00b', { method: 'DELETE' }, 400, 'urn:closeloop:invalid'],
      ['NUL in a query', '/health/live?a=%00', {}, 400, 'urn:closeloop:invalid'],
      ['what a Nest pipe refuses', '/things/7', {}, 400, 'urn:closeloop:invalid'],
      ['a bug', '/things/broken/now', {}, 500, 'about:blank'],
    ])('%s', async (_name, path, init, status, type) => {
      const answer = await ask(path, init);
      expect(answer).toMatchObject({ status, type: 'application/problem+json', body: { type, status } });
      expect(JSON.stringify(answer.body)).not.toContain('secret');
    });

    it('names the methods that a path takes', async () => {
      expect((await ask('/things/7', { method: 'PUT' })).headers.get('allow')).toBe('DELETE, GET, HEAD');
    });

    it('answers HEAD as GET, without a body', async () => {
      expect((await ask('/health/live', { method: 'HEAD' })).status).toBe(200);
      expect(await ask('/things/7', { method: 'HEAD' })).toMatchObject({
        status: 400,
        type: 'application/problem+json',
        body: {},
      });
    });

    it('what is no HTTP at all', async () => {
      const answer = await raw('GEHT / NICHT', '', '');
      expect(answer).toMatch(/^HTTP\/1.1 400 /);
      expect(answer).toContain('content-type: application/problem+json');
    });
  });

  describe('takes JSON', () => {
    it('of any JSON media type, packed or not', async () => {
      const text = '{"a":"ü"}';
      const body = { body: { a: 'ü' } };
      expect(await post('/things/json', text, json)).toMatchObject({ status: 200, body });
      const others = { 'content-type': 'Application/CloudEvents+JSON; charset=UTF-8' };
      expect(await post('/things/json', text, others)).toMatchObject({ status: 200, body });
      for (const [encoding, packed] of [
        ['gzip', gzipSync(text)],
        ['deflate', deflateSync(text)],
        ['br', brotliCompressSync(text)],
      ] as const) {
        expect(await post('/things/json', packed, { ...json, 'content-encoding': encoding })).toMatchObject({
          status: 200,
          body,
        });
      }
    });

    it('or nothing', async () => {
      expect(await post('/things/json', undefined)).toMatchObject({ status: 200, body: {} });
    });

    it.each<[string, string | Buffer, Record<string, string>, number, string | undefined]>([
      ['malformed', '{"a":1', json, 400, 'json'],
      ['not UTF-8', Buffer.from([0x22, 0xff, 0x22]), json, 400, 'utf8'],
      ['nested 100,000 deep', '['.repeat(100_000), json, 400, 'depth'],
      ['with a prototype key', '{"__proto__":1}', json, 400, 'forbidden-key'],
      ['not packed as it says', 'hello', { ...json, 'content-encoding': 'gzip' }, 400, 'encoding'],
      [
        'packed and cut off',
        gzipSync('{"a":1}').subarray(0, 15),
        { ...json, 'content-encoding': 'gzip' },
        400,
        'encoding',
      ],
      ['packed in an unknown way', 'x', { ...json, 'content-encoding': 'zstd' }, 415, undefined],
      ['packed twice', gzipSync(gzipSync('1')), { ...json, 'content-encoding': 'gzip, gzip' }, 415, undefined],
      ['of another type', '<a/>', { 'content-type': 'text/xml' }, 415, undefined],
      ['of a malformed type', '{}', { 'content-type': 'json' }, 415, undefined],
      ['in another charset', '{}', { 'content-type': 'application/json; charset=latin1' }, 415, undefined],
      ['of 2 MB', JSON.stringify('x'.repeat(2_000_000)), json, 413, undefined],
      [
        'of 20 MB when unpacked',
        gzipSync(JSON.stringify('x'.repeat(2e7))),
        { ...json, 'content-encoding': 'gzip' },
        413,
        undefined,
      ],
    ])('but not %s', async (_name, body, headers, status, rule) => {
      const answer = await post('/things/json', body, headers);
      expect(answer).toMatchObject({ status, type: 'application/problem+json' });
      expect(ruleOf(answer)).toBe(rule);
    });

    it('nor past the bound when the length is not announced', async () => {
      const chunks = Array.from({ length: 40 }, () => 'x'.repeat(100_000));
      const answer = await ask('/things/json', {
        method: 'POST',
        body: Readable.toWeb(Readable.from(chunks)) as ReadableStream,
        headers: json,
        duplex: 'half',
      } as RequestInit);
      expect(answer).toMatchObject({ status: 413, body: { type: 'urn:closeloop:too-large', maxBytes: MIB } });
    });

    it('nor with two content types', async () => {
      const answer = await raw(
        'POST /things/json HTTP/1.1',
        'host: x',
        'connection: close',
        'content-type: application/json',
        'content-type: application/cloudevents+json',
        'content-length: 2',
        '',
        '{}',
      );
      expect(answer).toMatch(/^HTTP\/1.1 415 /);
    });

    it('nor slower than the time-out allows', async () => {
      const answer = await raw(
        'POST /things/json HTTP/1.1',
        'host: x',
        'connection: close',
        'content-type: application/json',
        'content-length: 100',
        '',
        '{"a":',
      );
      expect(answer).toMatch(/^HTTP\/1.1 408 /);
    });

    it('up to the bound of the route', async () => {
      expect(await post('/things/big-json', JSON.stringify('x'.repeat(2 * MIB)), json)).toMatchObject({
        status: 200,
        body: { length: 2 * MIB },
      });
      expect((await post('/things/big-json', JSON.stringify('x'.repeat(4 * MIB)), json)).status).toBe(413);
    });
  });

  it('hands bytes over as they were sent', async () => {
    const body = Buffer.from([0x7b, 0xff, 0x00, 0x0a]);
    expect(await post('/things/bytes', body, json)).toMatchObject({ status: 200, body: { hex: '7bff000a' } });
    expect((await post('/things/bytes', Buffer.alloc(101), json)).status).toBe(413);
    expect(await post('/things/bytes', undefined)).toMatchObject({ status: 200, body: { hex: '' } });
  });

  describe('hands a stream over', () => {
    const csv = { 'content-type': 'text/csv' };

    it('of any size, in constant memory', async () => {
      const size = 64;
      const chunk = Buffer.alloc(MIB, 0x61);
      const answer = await ask('/things/lines', {
        method: 'POST',
        body: Readable.toWeb(Readable.from(Array.from({ length: size }, () => chunk))) as ReadableStream,
        headers: csv,
        duplex: 'half',
      } as RequestInit);
      expect(answer).toMatchObject({ status: 200, body: { bytes: size * MIB } });
    });

    it('unpacked, and empty when nothing was sent', async () => {
      const packed = gzipSync('a'.repeat(3 * MIB));
      expect(await post('/things/lines', packed, { ...csv, 'content-encoding': 'gzip' })).toMatchObject({
        body: { bytes: 3 * MIB },
      });
      expect(await post('/things/lines', undefined)).toMatchObject({ status: 200, body: { bytes: 0 } });
    });

    it('up to a bound where the route has one', async () => {
      const packed = gzipSync('a'.repeat(2000));
      const answer = await post('/things/bounded-lines', packed, { ...csv, 'content-encoding': 'gzip' });
      expect(answer).toMatchObject({ status: 413, body: { maxBytes: 1000 } });
    });

    it('and lives on where it breaks before the handler has begun to read', async () => {
      const answer = await post('/things/late-lines', 'no gzip', { ...csv, 'content-encoding': 'gzip' });
      expect(answer).toMatchObject({ status: 400, type: 'application/problem+json' });
      expect(ruleOf(answer)).toBe('encoding');
      expect((await ask('/health/live')).status).toBe(200);
    });

    it('of the types it takes', async () => {
      const answer = await post('/things/lines', '{}', json);
      expect(answer.status).toBe(415);
      expect(answer.headers.get('accept')).toBe('application/x-ndjson, text/csv');
    });
  });

  it('goes on with the trace of the request, and names it in the answer', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    for (const path of ['/things/trace', '/things/lines']) {
      const answer = await post(path, 'a', { 'content-type': 'text/csv', traceparent }).then((given) =>
        given.status === 415 ? post(path, undefined, { traceparent }) : given,
      );
      expect(answer.body.traceparent).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/);
      expect(answer.headers.get('x-request-id')).toBe('0af7651916cd43dd8448eb211c80319c');
    }
  });

  it('does not call it an error when nobody waits for an answer any more', async () => {
    const told = jest.spyOn(Logger.prototype, 'error').mockReturnValue(undefined);
    try {
      const asked = { method: 'POST', headers: { 'content-type': 'text/csv' }, body: 'a' };
      const signal = AbortSignal.timeout(50);
      await expect(fetch(`${service.url}/things/report`, { ...asked, signal })).rejects.toThrow();
      await new Promise((resolve) => setTimeout(resolve, 400));
      expect(told).not.toHaveBeenCalled();
      expect(await (await fetch(`${service.url}/things/report`, asked)).text()).toBe('a line\n');
    } finally {
      told.mockRestore();
    }
  });

  it('lives on when a sender goes away in the middle of its body', async () => {
    const { hostname, port } = new URL(service.url);
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), hostname, () => {
        socket.write(
          'POST /things/lines HTTP/1.1\r\nhost: x\r\ncontent-type: text/csv\r\ncontent-length: 100\r\n\r\nabc',
        );
        setTimeout(() => socket.destroy(), 50);
      });
      socket.on('close', () => resolve());
    });
    expect((await ask('/health/live')).status).toBe(200);
  });
});
