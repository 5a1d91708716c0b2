import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createRequire } from 'node:module';
import { type Bind, bindMessage } from './bind-message.js';
import { ByteParts } from './byte-parts.js';

const load = createRequire(import.meta.url);
const ofPg = createRequire(load.resolve('pg'));
const { serialize } = ofPg('pg-protocol') as { serialize: { bind(config: Bind): Buffer } };
const { prepareValue } = load('pg/lib/utils') as { prepareValue: (value: unknown) => unknown };

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.string({ maxLength: 400 }),
  fc.constantFrom('', 'ä', 'x'.repeat(70_000), '€'.repeat(30_000)),
);
const bytes = fc.uint8Array({ maxLength: 300 }).map((given) => Buffer.from(given));
const value = fc.oneof(
  text,
  bytes,
  fc.constantFrom(null, undefined, true, 12, new Date(0)),
  fc.object({ maxDepth: 1 }),
);

describe('The message that binds parameters', () => {
  it("is pg's, byte for byte", () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 12 }), text, text, fc.boolean(), (values, portal, statement, binary) => {
        const given = {
          portal: portal.replaceAll('\0', ''),
          statement: statement.replaceAll('\0', ''),
          values,
          binary,
        };
        const config = { ...given, valueMapper: (one: unknown) => prepareValue(one) };
        expect(bindMessage(config).equals(serialize.bind(config))).toBe(true);
      }),
    );
  });

  it('is the same of bytes in parts as of the whole', () => {
    fc.assert(
      fc.property(fc.array(bytes), fc.array(value, { maxLength: 2 }), (parts, others) => {
        const valueMapper = (one: unknown) => prepareValue(one);
        const whole = bindMessage({ values: [...others, Buffer.concat(parts), 'end'], valueMapper });
        expect(bindMessage({ values: [...others, new ByteParts(parts), 'end'], valueMapper }).equals(whole)).toBe(true);
        // as another client would send them
        expect(prepareValue(new ByteParts(parts))).toEqual(Buffer.concat(parts));
      }),
    );
  });

  it('lets what a parameter throws come out', () => {
    const valueMapper = (): never => {
      throw new TypeError('circular');
    };
    expect(() => bindMessage({ values: [1], valueMapper })).toThrow('circular');
  });
});
