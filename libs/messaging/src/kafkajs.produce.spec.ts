import { afterEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { createRequire } from 'node:module';
import { crc32c, encodeProduce, isPlain, type ProduceRequest } from './kafkajs.produce.js';

const load = createRequire(import.meta.url);
const theirs = load('kafkajs/src/protocol/requests/produce/v3/request.js') as (given: ProduceRequest) => {
  encode: () => Promise<{ buffer: Buffer }>;
};
const theirCrc32c = load('kafkajs/src/protocol/recordBatch/crc32C/index.js') as (bytes: Buffer) => number;
const Long = load('kafkajs/src/utils/long.js') as { fromValue(value: bigint): { toString(): string } };

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme', maxLength: 100 }), fc.string());
const part = fc.oneof(bytes, text);
const messages = fc.record(
  {
    key: fc.oneof(fc.constant(null), part),
    value: fc.oneof(fc.constant(null), part, fc.string({ minLength: 20_000, maxLength: 20_000 })),
    headers: fc.dictionary(text, fc.oneof(part, fc.array(part, { minLength: 2, maxLength: 4 })), { maxKeys: 12 }),
  },
  { requiredKeys: [] },
);
const partitions = fc.record({
  partition: fc.nat(),
  firstSequence: fc.nat(),
  messages: fc.oneof(
    fc.array(messages, { minLength: 1, maxLength: 5 }),
    // places that take two bytes
    fc.array(fc.record({ value: text }), { minLength: 60, maxLength: 70 }),
  ),
});
const requests: fc.Arbitrary<ProduceRequest> = fc.record({
  acks: fc.constantFrom(-1, 1),
  timeout: fc.nat(),
  producerId: fc.oneof(fc.integer(), fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }).map(Long.fromValue.bind(Long))),
  producerEpoch: fc.integer({ min: 0, max: 2 ** 15 - 1 }),
  topicData: fc.array(fc.record({ topic: text, partitions: fc.array(partitions, { minLength: 1, maxLength: 3 }) }), {
    minLength: 1,
    maxLength: 3,
  }),
});

describe('a produce request', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('is the same bytes as kafkajs writes', async () => {
    const now = 1_790_000_000_123;
    jest.spyOn(Date, 'now').mockReturnValue(now);
    await fc.assert(
      fc.asyncProperty(requests, async (request) => {
        const { buffer } = await theirs(request).encode();
        expect(encodeProduce(request, now).equals(buffer)).toBe(true);
      }),
    );
  });

  it('is left to kafkajs where it is compressed, in a transaction, or has times of its own', () => {
    const plain: ProduceRequest = {
      ...{ acks: -1, timeout: 1, compression: 0, transactionalId: null },
      topicData: [{ topic: 'a', partitions: [{ partition: 0, messages: [{ value: 'a' }, { value: 'b' }] }] }],
    };
    const timed = [{ topic: 'a', partitions: [{ partition: 0, messages: [{ value: 'a' }, { timestamp: '1' }] }] }];
    expect(isPlain(plain)).toBe(true);
    expect(isPlain({ ...plain, compression: 1 })).toBe(false);
    expect(isPlain({ ...plain, transactionalId: 'a' })).toBe(false);
    expect(isPlain({ ...plain, topicData: timed })).toBe(false);
  });

  it('may have headers without a value, which kafkajs by itself cannot write', async () => {
    const headers = { empty: null };
    const request = {
      ...{ acks: -1, timeout: 1 },
      topicData: [{ topic: 'a', partitions: [{ partition: 0, messages: [{ value: 'v', headers }] }] }],
    };
    await expect(theirs(request).encode()).rejects.toThrow(/must be of type string/);
    // the value, one header, its name, and a length of -1
    expect(encodeProduce(request, 0).subarray(-10).toString('hex')).toBe(
      `0276020a${Buffer.from('empty').toString('hex')}01`,
    );
  });
});

describe('a checksum', () => {
  it('is the one that kafkajs finds, of any part of any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat({ max: 30 }), (array, start) => {
        const all = Buffer.from(array);
        const from = Math.min(start, all.length);
        expect(crc32c(all, from, all.length)).toBe(theirCrc32c(all.subarray(from)));
      }),
    );
  });

  it('is that of the standard', () => {
    // https://www.rfc-editor.org/rfc/rfc3720#appendix-B.4
    expect(crc32c(Buffer.alloc(32), 0, 32)).toBe(0x8a91_36aa);
    expect(crc32c(Buffer.alloc(32, 0xff), 0, 32)).toBe(0x62a8_ab43);
  });
});
