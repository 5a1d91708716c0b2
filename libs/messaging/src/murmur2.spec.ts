import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Partitioners } from 'kafkajs';
import { murmur2, partitionOf } from './murmur2.js';

describe('murmur2', () => {
  it('agrees with the values of Kafka’s own test (UtilsTest.testMurmur2)', () => {
    const known: [string, number][] = [
      ['21', -973932308],
      ['foobar', -790332482],
      ['a-little-bit-long-string', -985981536],
      ['a-little-bit-longer-string', -1486304829],
      ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ];
    expect(known.map(([key]) => murmur2(Buffer.from(key)))).toEqual(known.map(([, hash]) => hash));
    expect(murmur2(Buffer.from([97, 98, 99]))).toBe(479470107);
  });

  it('puts every key into the partition that kafkajs’s default partitioner would', () => {
    const partitioner = Partitioners.DefaultPartitioner();
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 100 }), fc.integer({ min: 1, max: 64 }), (bytes, count) => {
        const key = Buffer.from(bytes);
        const partitionMetadata = Array.from({ length: count }, (_, partitionId) => ({
          partitionId,
          leader: 1,
          partitionErrorCode: 0,
          replicas: [1],
          isr: [1],
        }));
        expect(partitionOf(key, count)).toBe(
          partitioner({ topic: 'any', partitionMetadata, message: { key, value: key } }),
        );
      }),
      { numRuns: 500 },
    );
  });
});
