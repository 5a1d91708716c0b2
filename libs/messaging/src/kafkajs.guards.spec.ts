import { afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createRequire } from 'node:module';
import { guardKafkajs } from './kafkajs.guards.js';
import { encodeProduce, type ProduceRequest } from './kafkajs.produce.js';

const load = createRequire(import.meta.url);
type Request = { apiKey: number; apiVersion: number; encode: () => Promise<{ buffer: Buffer }> };
type Encoder = { writeInt8(value: number): Encoder; writeEncoder(written: object): Encoder; readonly buffer: Buffer };

const now = 1_764_000_000_000;
const given: ProduceRequest = {
  ...{ acks: -1, timeout: 30_000, compression: 0, transactionalId: null },
  topicData: [
    {
      topic: 'feedback.tagged.v1',
      partitions: [
        {
          partition: 1,
          messages: [{ key: 'k', value: Buffer.from('x'.repeat(9_000)), headers: { ce_id: 'ä', ce_type: 't' } }],
        },
      ],
    },
  ],
};

describe('A request to send, as it goes to the broker', () => {
  let requestOf: (given: ProduceRequest) => Request;
  let createRequest: (asked: {
    correlationId: number;
    clientId: string;
    request: Request;
  }) => Promise<{ buffer: Buffer }>;
  let Encoder: new () => Encoder;

  beforeAll(() => {
    expect(guardKafkajs()).toBe(true);
    requestOf = load('kafkajs/src/protocol/requests/produce/v3/request.js') as typeof requestOf;
    createRequest = load('kafkajs/src/protocol/request.js') as typeof createRequest;
    Encoder = load('kafkajs/src/protocol/encoder.js') as typeof Encoder;
  });
  afterEach(() => void jest.restoreAllMocks());

  it.each([
    ['is written once, its head before it', 'sentiment', 1],
    ['is copied where its head has no room', 'x'.repeat(300), 3],
  ])('%s', async (_, clientId, buffers) => {
    jest.spyOn(Date, 'now').mockReturnValue(now);
    const body = encodeProduce(given, now);
    const head = Buffer.alloc(4 + 2 + 2 + 4 + 2 + clientId.length);
    head.writeInt32BE(head.length - 4 + body.length, 0);
    head.writeInt16BE(0, 4);
    head.writeInt16BE(3, 6);
    head.writeInt32BE(77, 8);
    head.writeInt16BE(clientId.length, 12);
    head.write(clientId, 14);

    const allocate = jest.spyOn(Buffer, 'allocUnsafe');
    const allocateSlow = jest.spyOn(Buffer, 'allocUnsafeSlow');
    const { buffer } = await createRequest({ correlationId: 77, clientId, request: requestOf(given) });
    const made = [...allocate.mock.calls, ...allocateSlow.mock.calls].filter(([size]) => size >= body.length);
    expect(made).toHaveLength(buffers);
    expect(buffer.equals(Buffer.concat([head, body]))).toBe(true);
  });

  it('goes whole into one that was written to further', async () => {
    jest.spyOn(Date, 'now').mockReturnValue(now);
    const body = encodeProduce(given, now);
    const framed = new Encoder()
      .writeInt8(1)
      .writeEncoder(await requestOf(given).encode())
      .writeInt8(2);
    const { buffer } = new Encoder().writeInt8(0).writeEncoder(framed);
    expect(buffer.equals(Buffer.concat([Buffer.of(0, 1), body, Buffer.of(2)]))).toBe(true);
  });
});
