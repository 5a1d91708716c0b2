import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { jsonWith } from './outcome.js';

describe('JSON with members added', () => {
  it('is read as the object with them, wherever there is white space', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }),
        fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }),
        fc.constantFrom(undefined, 2, '\t'),
        fc.constantFrom('', '\n', '  '),
        (own, added, indent, behind) => {
          const json = Buffer.from(JSON.stringify(own, undefined, indent) + behind);
          const read = JSON.parse(JSON.stringify(own)) as object;
          const parsed = (bytes: Buffer) => JSON.parse(bytes.toString()) as unknown;
          expect(parsed(jsonWith(json, added))).toEqual(JSON.parse(JSON.stringify({ ...read, ...added })));
          expect(parsed(jsonWith(json, added, 'ünder'))).toEqual(JSON.parse(JSON.stringify({ ünder: read, ...added })));
        },
      ),
    );
  });
});
