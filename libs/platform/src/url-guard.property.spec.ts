import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isPublicAddress } from './url-guard.js';

type Octets = readonly [number, number, number, number];
const octet = fc.integer({ min: 0, max: 255 });
const rest = fc.tuple(octet, octet, octet, octet);
const text = (octets: readonly number[]): string => octets.join('.');
const hex = ([a, b, c, d]: Octets): string => `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;

/** IPv4 that nobody else is to be reached at, drawn. */
const internal: fc.Arbitrary<Octets> = rest.chain(([a, b, c, d]) =>
  fc.constantFrom<Octets[]>(
    ...([
      [0, b, c, d],
      [10, b, c, d],
      [100, 64 + (b % 64), c, d],
      [127, b, c, d],
      [169, 254, c, d],
      [172, 16 + (b % 16), c, d],
      [192, 0, 0, d],
      [192, 0, 2, d],
      [192, 168, c, d],
      [198, 18 + (b % 2), c, d],
      [198, 51, 100, d],
      [203, 0, 113, d],
      [224 + (a % 16), b, c, d],
      [240 + (a % 16), b, c, d],
    ] as Octets[]),
  ),
);

describe('an address', () => {
  it('inside of a network is nobody’s on the internet, in any form', () => {
    fc.assert(
      fc.property(internal, (octets) => {
        for (const form of [
          text(octets),
          `::ffff:${text(octets)}`,
          `::ffff:${hex(octets)}`,
          `0:0:0:0:0:ffff:${hex(octets)}`,
          `::${hex(octets)}`,
          `64:ff9b::${hex(octets)}`,
          `64:ff9b:1::${hex(octets)}`,
          `2002:${hex(octets)}::1`,
          `2001:0:${hex(octets)}::1`,
        ]) {
          expect([form, isPublicAddress(form)]).toEqual([form, false]);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('of IPv6 that is local, multicast, reserved or a document’s is neither', () => {
    const group = fc.integer({ min: 0, max: 0xffff }).map((number) => number.toString(16));
    const prefix = fc.constantFrom(
      'fe80',
      'fe9f',
      'febf',
      'fc00',
      'fdff',
      'fec0',
      'ff02',
      'ff0e',
      '5f00',
      '2001:db8',
      '3fff',
    );
    fc.assert(fc.property(prefix, group, (start, end) => expect(isPublicAddress(`${start}::${end}`)).toBe(false)));
    for (const address of ['::', '::1', 'fe80::1%eth0', '2606:4700::1%lo'])
      expect(isPublicAddress(address)).toBe(false);
  });

  it('that is anybody’s is', () => {
    for (const address of ['8.8.8.8', '1.1.1.1', '93.184.216.34', '2606:4700::6810:84e5', '2a00:1450:4001:82a::200e']) {
      expect([address, isPublicAddress(address)]).toEqual([address, true]);
    }
  });

  it('that is none is not', () => {
    fc.assert(
      fc.property(fc.string(), (given) => {
        if (isPublicAddress(given)) expect(given).toMatch(/^[\da-f.:x]+$/i);
      }),
    );
  });
});
