import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type IHeaders } from 'kafkajs';
import { createRequire } from 'node:module';
import { encodeProduce, type OutgoingRecord } from './kafkajs.produce.js';
import { type BatchContext, ReadRecord } from './kafkajs.records.js';
import { textHeaders } from './wire.js';

const load = createRequire(import.meta.url);
const Decoder = load('kafkajs/src/protocol/decoder.js') as new (bytes: Buffer) => { readVarIntBytes(): Buffer };
const theirEncode = load('kafkajs/src/protocol/recordBatch/record/v0/index.js') as (
  record: OutgoingRecord & { readonly offsetDelta?: number; readonly timestampDelta?: number },
) => { buffer: Buffer };
const theirDecode = load('kafkajs/src/protocol/recordBatch/record/v0/decoder.js') as (
  decoder: unknown,
  context: BatchContext,
) => Record<string, unknown> & { headers: Record<string, unknown> };
const { LOG_APPEND_TIME, CREATE_TIME } = load('kafkajs/src/protocol/timestampTypes.js') as Record<string, unknown>;

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const part = fc.oneof(bytes, fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }));
// theirs takes these for headers that were there before
const name = fc.string().filter((text) => !(text in {}));
const records = fc.record(
  {
    offsetDelta: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 2 ** 31 - 1 })),
    timestampDelta: fc.oneof(fc.constant(0), fc.integer({ min: -1_000_000, max: 1_000_000 })),
    key: fc.oneof(fc.constant(null), part),
    value: fc.oneof(fc.constant(null), part, fc.string({ minLength: 20_000, maxLength: 20_000 })),
    headers: fc.dictionary(name, fc.oneof(part, fc.array(part, { minLength: 2, maxLength: 4 })), { maxKeys: 12 }),
  },
  { requiredKeys: [] },
);
const contexts = fc.record({
  firstOffset: fc.oneof(fc.nat(), fc.maxSafeNat(), fc.bigInt({ min: 2n ** 53n, max: 2n ** 62n })).map(String),
  firstTimestamp: fc.integer({ min: -1, max: 2 ** 45 }).map(String),
  maxTimestamp: fc.integer({ min: 0, max: 2 ** 45 }).map(String),
  timestampType: fc.constantFrom(LOG_APPEND_TIME, CREATE_TIME),
  magicByte: fc.constant(2),
  isControlBatch: fc.boolean(),
});

const context = {
  ...{ firstOffset: '0', firstTimestamp: '0', maxTimestamp: '0' },
  ...{ timestampType: CREATE_TIME, magicByte: 2 },
};

const topic = 'records';
const bytesOf = (record: OutgoingRecord): Buffer => {
  const topicData = [{ topic, partitions: [{ partition: 0, messages: [record] }] }];
  return encodeProduce({ acks: -1, timeout: 0, topicData }, 0).subarray(12 + 2 + topic.length + 4 + 8 + 21 + 40);
};
const bodyOf = (record: Buffer): Buffer => new Decoder(record).readVarIntBytes();

describe('a record', () => {
  it('is read as kafkajs reads it', () => {
    fc.assert(
      fc.property(records, contexts, (record, context) => {
        const body = bodyOf(theirEncode(record).buffer);
        const own = new ReadRecord(body, context, context.timestampType === LOG_APPEND_TIME);
        const { key, value, headers } = own;
        expect({ ...own, key, value, headers: { ...headers } }).toEqual(theirDecode(new Decoder(body), context));
      }),
    );
  });

  it('may have headers without a value, several of one name, and names that every object has', () => {
    const headers = Object.fromEntries([
      ['empty', null],
      ['constructor', 'a'],
      ['toString', ['b', null, Buffer.from([0xff])]],
    ]);
    Object.defineProperty(headers, '__proto__', { value: 'c', enumerable: true });
    const record = new ReadRecord(bodyOf(bytesOf({ headers })), context, false);
    const read = record.headers;
    expect(Object.entries(read)).toEqual([
      ['empty', null],
      ['constructor', Buffer.from('a')],
      ['toString', [Buffer.from('b'), null, Buffer.from([0xff])]],
      ['__proto__', Buffer.from('c')],
    ]);
    expect(Object.entries(record.textHeaders())).toEqual([
      ['constructor', 'a'],
      ['toString', '\ufffd'],
      ['__proto__', 'c'],
    ]);
  });

  it('says its headers as text, whatever the record before it had', () => {
    const texts = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'ä', 'é'), fc.option(part)), { maxLength: 20 });
    fc.assert(
      fc.property(fc.array(texts, { minLength: 2, maxLength: 5 }), (all) => {
        for (const headers of all) {
          const grouped = Object.fromEntries(
            headers.map(([name]) => [name, headers.filter((one) => one[0] === name).map((one) => one[1])]),
          );
          const record = new ReadRecord(bodyOf(bytesOf({ headers: grouped })), context, false);
          expect(record.textHeaders()).toEqual(textHeaders(record.headers as IHeaders));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('does not take bytes for the text before them whose characters have these numbers', () => {
    const textOf = (value: string) =>
      new ReadRecord(bodyOf(bytesOf({ headers: { a: value } })), context, false).textHeaders();
    expect(textOf('Ã©')).toEqual({ a: 'Ã©' });
    expect(textOf('é')).toEqual({ a: 'é' });
  });

  it('is more than kafkajs can do by itself', () => {
    expect(() => theirEncode({ headers: { empty: null } })).toThrow(/must be of type string/);
    const body = bodyOf(bytesOf({ headers: { constructor: 'c' } as never }));
    expect(theirDecode(new Decoder(body), context).headers['constructor']).not.toEqual(Buffer.from('c'));
  });

  it('leaves out a header that is not given', () => {
    expect(bytesOf({ headers: { a: undefined, b: 'b' } })).toEqual(bytesOf({ headers: { b: 'b' } }));
  });
});
