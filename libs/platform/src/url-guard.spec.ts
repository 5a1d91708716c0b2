import { createServer, request } from 'node:http';
import { type AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { assertPublicAddress, ForbiddenAddress, isPublicAddress, pinnedLookup } from './url-guard.js';

describe('an address', () => {
  it.each(['93.184.216.34', '1.1.1.1', '2606:4700:4700::1111', '::ffff:1.1.1.1'])('%s is public', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });
  it.each([
    ...['127.0.0.1', '127.9.9.9', '0.0.0.0', '10.1.2.3', '172.16.0.1', '192.168.1.1', '169.254.169.254', '100.64.0.1'],
    ...[
      '224.0.0.1',
      '255.255.255.255',
      '240.0.0.1',
      '198.18.0.1',
      '::1',
      '::',
      'fe80::1',
      'fc00::1',
      'fd12::1',
      'ff02::1',
    ],
    ...[
      '::ffff:127.0.0.1',
      '::ffff:10.0.0.1',
      '64:ff9b::7f00:1',
      '2002:7f00:1::',
      '2001::1',
      'fec0::1',
      'nonsense',
      '',
    ],
  ])('%s is not', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});

describe('a URL', () => {
  it.each([
    ...['http://127.0.0.1/x', 'http://[::1]:8080/', 'http://0x7f.1/', 'http://2130706433/', 'http://017700000001/'],
    ...['http://[::ffff:7f00:1]/', 'http://localhost:9/', 'http://169.254.169.254/latest/meta-data', 'http://0/'],
  ])('%s is refused', async (url) => {
    await expect(assertPublicAddress(new URL(url))).rejects.toBeInstanceOf(ForbiddenAddress);
  });
  it('of a public address is let through, without asking anybody', async () => {
    await expect(assertPublicAddress(new URL('https://93.184.216.34/hook'))).resolves.toBeUndefined();
  });
});

describe('the lookup of a request', () => {
  it('does not connect to what a name turns out to be', async () => {
    const asked: string[] = [];
    const server = createServer((incoming, response) => {
      asked.push(incoming.url ?? '');
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const ask = (lookup?: typeof pinnedLookup) =>
      new Promise<number>((resolve, reject) => {
        request({ host: 'localhost', port, family: 4, ...(lookup && { lookup }) }, (answer) => {
          answer.resume();
          resolve(answer.statusCode!);
        })
          .on('error', reject)
          .end();
      });
    try {
      await expect(ask(pinnedLookup)).rejects.toBeInstanceOf(ForbiddenAddress);
      expect(asked).toEqual([]);
      expect(await ask()).toBe(200);
    } finally {
      server.close();
    }
  });
});
