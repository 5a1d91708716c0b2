import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { LoopConfig } from '../loop.config.js';
import { IngestionKeysClient } from './ingestion-keys.client.js';

const ask = jest.fn<typeof fetch>();
const answerOf = (status: number, body: object = {}): Response => new Response(JSON.stringify(body), { status });
const seconds = (number: number): void => {
  jest.advanceTimersByTime(number * 1000);
};

let client: IngestionKeysClient;
let fetched: jest.SpiedFunction<typeof fetch>;
beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
  ask.mockReset();
  fetched = jest.spyOn(globalThis, 'fetch').mockImplementation(ask);
  client = new IngestionKeysClient(new LoopConfig());
});
afterEach(() => {
  fetched.mockRestore();
  jest.useRealTimers();
});

describe('what ingestion said of a key', () => {
  it('is kept for 30 s: a revoked key is refused after that', async () => {
    const holder = { keyId: 'k', source: 'shop' };
    ask.mockResolvedValueOnce(answerOf(200, holder)).mockResolvedValue(answerOf(401));
    expect(await client.verify('key')).toEqual(holder);
    seconds(29.9);
    expect(await client.verify('key')).toEqual(holder);
    expect(ask).toHaveBeenCalledTimes(1);
    seconds(0.2);
    expect(await client.verify('key')).toBeUndefined();
    expect(ask).toHaveBeenCalledTimes(2);
  });

  it('of an unknown one is kept for 5 s: a new key is taken after that', async () => {
    const holder = { keyId: 'k', source: 'shop' };
    ask.mockResolvedValueOnce(answerOf(401)).mockResolvedValue(answerOf(200, holder));
    expect(await client.verify('key')).toBeUndefined();
    seconds(4.9);
    expect(await client.verify('key')).toBeUndefined();
    expect(ask).toHaveBeenCalledTimes(1);
    seconds(0.2);
    expect(await client.verify('key')).toEqual(holder);
  });

  it('is kept no longer when the clock of the machine is set back', async () => {
    ask.mockResolvedValueOnce(answerOf(200, { keyId: 'k', source: 'shop' })).mockResolvedValue(answerOf(401));
    await client.verify('key');
    jest.setSystemTime(Date.now() - 3_600_000);
    seconds(31);
    expect(await client.verify('key')).toBeUndefined();
  });

  it('is asked again when it did not say whose it is', async () => {
    for (const wrong of [answerOf(500), answerOf(200, { keyId: 'k' })]) {
      ask.mockResolvedValueOnce(wrong);
      await expect(client.verify('key')).rejects.toMatchObject({ code: 'store-unavailable' });
    }
    ask.mockRejectedValueOnce(new TypeError('fetch failed'));
    await expect(client.verify('key')).rejects.toMatchObject({ code: 'store-unavailable' });
    ask.mockResolvedValueOnce(answerOf(200, { keyId: 'k', source: 'shop' }));
    expect(await client.verify('key')).toEqual({ keyId: 'k', source: 'shop' });
  });
});

it('forgets the oldest of more than 10,000 keys', async () => {
  ask.mockImplementation(() => Promise.resolve(answerOf(401)));
  for (let n = 0; n <= 10_000; n++) await client.verify(`made-up ${n}`);
  expect(ask).toHaveBeenCalledTimes(10_001);
  await client.verify('made-up 10000');
  expect(ask).toHaveBeenCalledTimes(10_001);
  await client.verify('made-up 0');
  expect(ask).toHaveBeenCalledTimes(10_002);
});
