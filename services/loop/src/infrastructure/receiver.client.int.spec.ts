import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:net';
import { type AddressInfo } from 'node:net';
import { type LookupAddress } from 'node:dns';
import { type Resolve } from '@closeloop/platform';
import { answers, ReceiverFixture } from '../receiver.fixture.js';
import { ReceiverClient, type ReceiverClientOptions } from './receiver.client.js';

/** Of who answers at once, but for a machine that is busy. */
const patient = { connectMs: 20_000, answerMs: 20_000 };
const going = new AbortController().signal;
let receiver: ReceiverFixture;
beforeAll(async () => {
  receiver = await ReceiverFixture.start();
});
afterAll(() => receiver.close());

const clientOf = (options: Partial<ReceiverClientOptions> = {}, times = patient) =>
  new ReceiverClient({ allowPrivate: true, ...options }, times);
const post = (path: string, client = clientOf()) =>
  client.post(receiver.url(path), '{"a":1}', { 'x-own': 'yes' }, going);

describe('a receiver', () => {
  it('that takes it is asked once, with body and headers as they are', async () => {
    expect(await post('/well')).toMatchObject({ kind: 'taken', status: 204 });
    expect(receiver.of('/well')).toMatchObject([
      { body: '{"a":1}', headers: { 'content-type': 'application/json', 'content-length': '7', 'x-own': 'yes' } },
    ]);
  });

  it('that refuses, is gone, or asks for time says so', async () => {
    receiver.behaves('/refuses', answers(401));
    receiver.behaves('/gone', answers(410));
    receiver.behaves('/busy', answers(503, { 'retry-after': '7' }));
    receiver.behaves('/busy-until', answers(429, { 'retry-after': new Date(Date.now() + 60_000).toUTCString() }));
    receiver.behaves('/nonsense', answers(503, { 'retry-after': 'soon' }));
    expect(await post('/refuses')).toMatchObject({ kind: 'failed', status: 401, error: 'status 401' });
    expect(await post('/gone')).toMatchObject({ kind: 'gone', status: 410 });
    expect(await post('/busy')).toMatchObject({ retryAfterMs: 7_000 });
    expect((await post('/busy-until')) as { retryAfterMs: number }).toMatchObject({ retryAfterMs: expect.any(Number) });
    expect(await post('/nonsense')).not.toHaveProperty('retryAfterMs');
  });

  it('that redirects is not followed', async () => {
    receiver.behaves('/redirects', answers(302, { location: receiver.url('/secret') }));
    receiver.behaves('/redirects-keeping', answers(307, { location: 'http://169.254.169.254/latest/meta-data' }));
    for (const path of ['/redirects', '/redirects-keeping']) {
      expect(await post(path)).toMatchObject({ kind: 'failed', error: expect.stringContaining('not followed') });
    }
    expect(receiver.of('/secret')).toEqual([]);
  });

  it('that hangs, drips, or breaks off is left in time', async () => {
    receiver.behaves('/hangs', () => undefined);
    receiver.behaves('/drips', (response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write('.'), 50);
      response.on('close', () => clearInterval(drip));
    });
    receiver.behaves('/resets', (response) => response.socket!.resetAndDestroy());
    receiver.behaves('/breaks-off', (response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half', () => response.socket!.destroy());
    });
    const answerMs = 2_000;
    const client = clientOf({}, { ...patient, answerMs });
    const started = performance.now();
    const [hangs, drips] = await Promise.all([post('/hangs', client), post('/drips', client)]);
    expect(performance.now() - started).toBeLessThan(3 * answerMs);
    expect(hangs).toMatchObject({ kind: 'failed', error: 'no whole answer in time' });
    expect(drips).toMatchObject({ kind: 'failed', status: 200, error: 'no whole answer in time' });
    expect(await post('/resets')).toMatchObject({ kind: 'failed', error: 'ECONNRESET' });
    expect(await post('/breaks-off')).toMatchObject({ kind: 'failed', status: 200 });
  });

  it('that answers without end has answered', async () => {
    receiver.behaves('/floods', (response) => {
      response.writeHead(200);
      const flood = (): void => {
        while (!response.destroyed && response.write('x'.repeat(64 * 1024)));
      };
      response.on('drain', flood);
      flood();
    });
    expect(await post('/floods')).toMatchObject({ kind: 'taken', status: 200 });
  });

  it('that is not there, or takes no connection, has failed', async () => {
    const silent: Server = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    silent.close();
    const client = clientOf();
    expect(await client.post(`http://127.0.0.1:${port}/`, '{}', {}, going)).toMatchObject({ error: 'ECONNREFUSED' });
    // it accepts, and speaks no TLS
    const mute = createServer();
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    const address = `https://127.0.0.1:${(mute.address() as AddressInfo).port}/`;
    expect(await clientOf({}, { ...patient, connectMs: 400 }).post(address, '{}', {}, going)).toMatchObject({
      error: 'no connection in time',
    });
    mute.close();
  });

  it('is left at once when the service stops, and that is no failure', async () => {
    receiver.behaves('/slow', () => undefined);
    const stopping = new AbortController();
    const answer = clientOf().post(receiver.url('/slow'), '{}', {}, stopping.signal);
    setTimeout(() => stopping.abort(), 50);
    expect(await answer).toEqual({ kind: 'stopped' });
    expect(await clientOf().post(receiver.url('/well'), '{}', {}, stopping.signal)).toEqual({ kind: 'stopped' });
  });
});

describe('an address', () => {
  const resolving =
    (resolve: (host: string) => Promise<LookupAddress[]>): Resolve =>
    (host, _options, callback) => {
      resolve(host).then(
        (addresses) => callback(null, addresses),
        (error: NodeJS.ErrnoException) => callback(error, []),
      );
    };
  const guarded = (resolve?: (host: string) => Promise<LookupAddress[]>) =>
    new ReceiverClient({ allowPrivate: false, ...(resolve && { resolve: resolving(resolve) }) }, patient);
  const v4 = (address: string): LookupAddress => ({ address, family: 4 });

  it('inside of the network is refused when it is given, in every spelling, and none is asked', async () => {
    for (const host of [
      '127.0.0.1',
      '2130706433',
      '0x7f.1',
      '0177.0.0.1',
      '[::1]',
      '[::ffff:7f00:1]',
      'localhost',
      '169.254.169.254',
    ]) {
      const url = `https://${host}:${receiver.port}/guarded`;
      expect([host, await guarded().refusalOf(url)]).toEqual([
        host,
        expect.objectContaining({ rule: 'publicAddress' }),
      ]);
      expect(await guarded().post(url, '{}', {}, going)).toMatchObject({ kind: 'failed' });
    }
    expect(receiver.of('/guarded')).toEqual([]);
  });

  it('is https, without user and password, of a host that can be found', async () => {
    const nowhere = guarded(() => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' })));
    expect(await guarded().refusalOf('http://example.com/')).toMatchObject({ rule: 'https' });
    expect(await guarded().refusalOf('file:///etc/passwd')).toMatchObject({ rule: 'https' });
    expect(await guarded().refusalOf('https://me:pass@example.com/')).toMatchObject({ rule: 'credentials' });
    expect(await guarded().refusalOf('no address')).toMatchObject({ rule: 'url' });
    expect(await nowhere.refusalOf('https://nowhere.example/')).toMatchObject({ rule: 'resolvable' });
    expect(await guarded(() => Promise.resolve([v4('93.184.216.34')])).refusalOf('https://x.example/')).toBeUndefined();
  });

  it('with a name that stands for one public and one private address is refused', async () => {
    const both = guarded(() => Promise.resolve([v4('93.184.216.34'), v4('10.0.0.1')]));
    expect(await both.refusalOf('https://x.example/')).toMatchObject({ rule: 'publicAddress' });
  });

  it('whose name means another one by the time it is sent to reaches nothing', async () => {
    let asked = 0;
    const rebinding = guarded(() => Promise.resolve([v4(asked++ === 0 ? '93.184.216.34' : '127.0.0.1')]));
    const url = `https://x.example:${receiver.port}/rebound`;
    expect(await rebinding.refusalOf(url)).toBeUndefined();
    expect(await rebinding.post(url, '{}', {}, going)).toMatchObject({
      kind: 'failed',
      error: 'the name stands for an address that is not public',
    });
    expect(asked).toBe(2);
  });

  it('is connected to as it was looked up, and not looked up again', async () => {
    const asked: string[] = [];
    const client = clientOf({
      resolve: resolving((host) => {
        asked.push(host);
        return Promise.resolve([v4('127.0.0.1')]);
      }),
    });
    expect(await client.post(`http://no.such.host.example:${receiver.port}/pinned`, '{}', {}, going)).toMatchObject({
      kind: 'taken',
    });
    expect(asked).toEqual(['no.such.host.example']);
    expect(receiver.of('/pinned')[0]?.headers.host).toBe(`no.such.host.example:${receiver.port}`);
  });
});
