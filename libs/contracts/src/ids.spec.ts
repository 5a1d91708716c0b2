import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { v5 } from 'uuid';
import {
  canonicalJson,
  customerKeyOf,
  deriveId,
  feedbackIdOf,
  hopEventId,
  loopEventId,
  loopIdOf,
  replyEventId,
  replyIdOf,
  settlementEventId,
  sha256,
} from './ids.js';

// properties, on a machine that may be busy
jest.setTimeout(60_000);

const anyText = fc.string({ unit: 'grapheme' });

describe('derived ids', () => {
  // changing any of these would give every feedback that is stored a second identity
  it('are what they were', () => {
    const feedbackId = feedbackIdOf('airline', '570306133677760513');
    expect(feedbackId).toBe('b5932daf-2365-5705-8335-cf60829aab0e');
    expect(loopIdOf(feedbackId)).toBe('2ba42505-d480-529e-89c0-5e690408f16b');
    expect(customerKeyOf('airline', 'u-1')).toBe('3ed4d9de-4501-5aab-b1bd-58164a84f6f7');
    const at = { feedbackId, revision: 2, tagRevision: 1, routeRevision: 3, contentHash: sha256('x') };
    expect(hopEventId('received', { feedbackId, revision: 2, contentHash: sha256('x') })).toBe(
      '3bc932b1-13ff-58ac-89c0-cb8523578b42',
    );
    expect(hopEventId('routed', at)).toBe('c826ec40-a254-5ded-ac3e-1e39847eeee6');
    expect(loopEventId(loopIdOf(feedbackId), 4)).toBe('6447e169-6e26-5c28-b286-854b763f65a9');
    expect(settlementEventId(feedbackId, 1)).toBe('0ac5ceba-9386-5576-be82-001c7f6a9080');
    const replyId = replyIdOf(loopIdOf(feedbackId), 4);
    expect(replyId).toBe('08d894ca-8249-5f0b-9236-c80639fc935f');
    expect(replyEventId('requested', replyId)).toBe('7e3edfc9-383a-5fc2-b9be-c47aa96252dd');
    expect(replyEventId('sent', replyId)).toBe('3dd18a4a-b54d-5ddd-bf28-735d8f24a635');
    expect(sha256('x')).toBe('2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881');
  });

  it('are UUIDs of version 5', () => {
    fc.assert(
      fc.property(fc.array(anyText, { minLength: 1 }), (parts) => {
        expect(deriveId(...parts)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      }),
    );
  });

  it("are those of the uuid package's version 5", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 20 }), { maxLength: 4 }), (parts) => {
        expect(deriveId(...parts)).toBe(v5(JSON.stringify(parts), '6f1c1f0e-5d0f-5b6e-9a3b-0c7d1e5a4c21'));
      }),
    );
  });

  it('tell ["a:b","c"] from ["a","b:c"], and the like', () => {
    expect(deriveId('a:b', 'c')).not.toBe(deriveId('a', 'b:c'));
    expect(deriveId('a","b')).not.toBe(deriveId('a', 'b'));
    expect(deriveId('')).not.toBe(deriveId('', ''));
    // half a pair is not the other half: JSON escapes what UTF-8 would write alike
    expect(deriveId('\ud800')).not.toBe(deriveId('\udfff'));
  });

  it('are the same for the same parts, and differ for different ones', () => {
    const fewParts = fc.array(fc.oneof(anyText, fc.constantFrom('a', 'b', '"', ',', '\\', '","')), { maxLength: 4 });
    fc.assert(
      fc.property(fewParts, fewParts, (one, other) => {
        const same = one.length === other.length && one.every((part, index) => part === other[index]);
        expect(deriveId(...one) === deriveId(...other)).toBe(same);
      }),
    );
  });

  it('of a hop change with every part of its position', () => {
    const position = { feedbackId: 'f', revision: 1, tagRevision: 1, routeRevision: 1, contentHash: 'h' };
    const ids = [
      hopEventId('tagged', position),
      hopEventId('routed', position),
      hopEventId('tagged', { ...position, feedbackId: 'g' }),
      hopEventId('tagged', { ...position, revision: 2 }),
      hopEventId('tagged', { ...position, tagRevision: 2 }),
      hopEventId('tagged', { ...position, routeRevision: 2 }),
      hopEventId('tagged', { ...position, contentHash: 'i' }),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('canonicalJson', () => {
  it('is JSON of the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  const shuffled = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(shuffled);
    if (value === null || typeof value !== 'object') return value;
    const members = Object.entries(value).map(([key, member]) => [key, shuffled(member)] as const);
    return Object.fromEntries(members.reverse());
  };

  it('does not know the order of keys', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(canonicalJson(shuffled(value))).toBe(canonicalJson(value));
      }),
    );
  });

  it.each<[string, unknown, string]>([
    ['names that are numbers, which come first and by their value', { 1: 0, 10: 0, 9: 0 }, '{"1":0,"10":0,"9":0}'],
    ['a name inside that is out of order', { a: { c: 0, b: 0 }, b: 0 }, '{"a":{"b":0,"c":0},"b":0}'],
    ['a name in an array that is out of order', { a: [{ c: 0, b: 0 }] }, '{"a":[{"b":0,"c":0}]}'],
    [
      'what JSON.stringify would ask for something else',
      { a: { toJSON: () => 'other', z: 0 } },
      '{"a":{"toJSON":null,"z":0}}',
    ],
    ['a member called __proto__', JSON.parse('{"__proto__":{"b":0,"a":0},"a":0}'), '{"__proto__":{"a":0,"b":0},"a":0}'],
    ['nothing', undefined, 'null'],
  ])('sorts %s', (_what, value, json) => {
    expect(canonicalJson(value)).toBe(json);
  });

  it('knows the order of arrays', () => {
    expect(canonicalJson([1, 2])).not.toBe(canonicalJson([2, 1]));
  });

  it('sorts keys by UTF-16 code unit, as RFC 8785 does', () => {
    // the example of RFC 8785, 3.2.3
    const keys = ['\u20ac', '\r', '\ufb33', '1', '\ud83d\ude00', '\u0080', '\u00f6'];
    expect(canonicalJson(Object.fromEntries(keys.map((key) => [key, 0])))).toBe(
      `{"\\r":0,"1":0,"\u0080":0,"\u00f6":0,"\u20ac":0,"\ud83d\ude00":0,"\ufb33":0}`,
    );
  });

  it('leaves out what is undefined, and writes null for it in arrays', () => {
    expect(canonicalJson({ b: undefined, a: [undefined, null] })).toBe('{"a":[null,null]}');
  });
});
