import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { jsonMembers, jsonOf, jsonWith } from './json-bytes.js';

const parsed = (bytes: Buffer): unknown => JSON.parse(bytes.toString());
const copyOf = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
const indents = fc.constantFrom(undefined, 2, '\t');
const ends = fc.constantFrom('', '\n', '  ');
const marks = fc.constantFrom('"', '\\', '{', '}', '[', ']', ',', ':', ' ', 'a', 'ü');
const texts = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: marks }));
const dictionary = fc.dictionary(texts, fc.oneof(fc.jsonValue({ stringUnit: 'binary' }), texts, fc.array(texts)), {
  minKeys: 1,
});

describe('JSON with members added', () => {
  it('is read as the object with them, wherever there is white space', () => {
    fc.assert(
      fc.property(dictionary, dictionary, indents, ends, (own, added, indent, behind) => {
        const json = Buffer.from(JSON.stringify(own, undefined, indent) + behind);
        const read = copyOf(own);
        expect(parsed(jsonWith(json, added))).toEqual(copyOf({ ...read, ...added }));
        expect(parsed(jsonWith(json, added, 'ünder'))).toEqual(copyOf({ ünder: read, ...added }));
      }),
    );
  });
});

describe('JSON of members of which some are JSON', () => {
  it('is read as the object of all', () => {
    fc.assert(
      fc.property(fc.option(dictionary, { nil: {} }), fc.option(dictionary, { nil: {} }), (own, added) => {
        const json = Object.fromEntries(
          Object.entries(added).map(([name, value]) => [name, Buffer.from(JSON.stringify(value))]),
        );
        expect(parsed(jsonOf(own, json))).toEqual(copyOf({ ...own, ...added }));
      }),
    );
  });
});

describe('members of JSON', () => {
  it('are each what the parser reads, whatever is in them and around them', () => {
    fc.assert(
      fc.property(dictionary, indents, ends, (given, indent, around) => {
        const json = Buffer.from(around + JSON.stringify(given, undefined, indent) + around);
        const read = parsed(json) as Record<string, unknown>;
        const names = Object.keys(read);
        const members = jsonMembers(json, names);
        for (const name of names) {
          expect(parsed(members[name]!)).toEqual(read[name]);
          expect(members[name]!.toString().trim()).toBe(members[name]!.toString());
        }
      }),
    );
  });

  it('are those of the object itself, not of what lies in it or is said in it', () => {
    const json = Buffer.from('{"a":{"b":1,"c":[{"b":2}]},"d":"\\"},\\"b\\":3","b" : "\\\\" ,"e":-1.5e3}');
    expect(jsonMembers(json, ['b', 'e'])).toEqual({ b: Buffer.from('"\\\\"'), e: Buffer.from('-1.5e3') });
  });

  it('are the last of several of one name, which may be written with escapes', () => {
    const json = Buffer.from('{"tags":null,"t\\u0061gs":[true]}');
    expect(jsonMembers(json, ['tags'])).toEqual({ tags: Buffer.from('[true]') });
  });

  it('are refused where one is not there', () => {
    expect(() => jsonMembers(Buffer.from('{"a":{"b":1}}'), ['a', 'b'])).toThrow('there is no member b');
    expect(() => jsonMembers(Buffer.from('{}'), ['a'])).toThrow('there is no member a');
  });
});
