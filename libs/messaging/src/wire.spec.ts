import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { packHeaders, textHeaders, unpackHeaders, type WireHeaders } from './wire.js';

const bytesOf = (value: string | Buffer | undefined): Buffer | undefined =>
  value === undefined ? undefined : Buffer.from(value as Buffer);
const part = fc.oneof(
  fc.string(),
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
);

describe('headers in the outbox', () => {
  it('come out as they went in, byte by byte, whatever they hold', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ minLength: 1 }), fc.oneof(part, fc.array(part, { minLength: 1, maxLength: 3 })), {
          noNullPrototype: true,
        }),
        (headers: WireHeaders) => {
          const back = unpackHeaders(packHeaders(headers));
          expect(Object.keys(back).sort()).toEqual(Object.keys(headers).sort());
          for (const [name, value] of Object.entries(headers)) {
            expect([back[name]].flat().map(bytesOf)).toEqual([value].flat().map(bytesOf));
          }
        },
      ),
    );
  });

  it('without a value, as anybody may send them, come out so', () => {
    const odd = { none: null, some: [null, Buffer.from('b')] } as unknown as WireHeaders;
    expect(unpackHeaders(packHeaders(odd))).toEqual({ none: null, some: [null, 'b'] });
    expect(textHeaders(odd)).toEqual({ some: 'b' });
  });

  it('read as text, the last of several of one name', () => {
    expect(textHeaders({ a: Buffer.from('ü'), b: ['1', Buffer.from('2')], c: undefined })).toEqual({ a: 'ü', b: '2' });
    expect(textHeaders(undefined)).toEqual({});
  });
});
