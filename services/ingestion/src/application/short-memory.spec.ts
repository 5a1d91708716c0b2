import { describe, expect, it, jest } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { ShortMemory } from './short-memory.js';

describe('short memory', () => {
  it('asks once for many at once, and again when it has forgotten', async () => {
    const lookUp = jest.fn((key: string) => Promise.resolve(`${key}!`));
    const memory = new ShortMemory(lookUp, 30);
    expect(await Promise.all([memory.get('a'), memory.get('a'), memory.get('b')])).toEqual(['a!', 'a!', 'b!']);
    expect(lookUp).toHaveBeenCalledTimes(2);
    memory.forget('a');
    await memory.get('a');
    expect(lookUp).toHaveBeenCalledTimes(3);
    await sleep(40);
    await memory.get('a');
    expect(lookUp).toHaveBeenCalledTimes(4);
  });

  it('remembers what is not there, but no failure', async () => {
    const lookUp = jest.fn<(key: string) => Promise<undefined>>().mockRejectedValueOnce(new Error('away'));
    lookUp.mockResolvedValue(undefined);
    const memory = new ShortMemory(lookUp, 1000);
    await expect(memory.get('a')).rejects.toThrow('away');
    await memory.get('a');
    await memory.get('a');
    expect(lookUp).toHaveBeenCalledTimes(2);
  });

  it('holds no more than it may, the oldest goes first', async () => {
    const lookUp = jest.fn((key: string) => Promise.resolve(key));
    const memory = new ShortMemory(lookUp, 1000, 2);
    for (const key of ['a', 'b', 'c', 'c', 'b', 'a']) await memory.get(key);
    expect(lookUp.mock.calls.map(([key]) => key)).toEqual(['a', 'b', 'c', 'a']);
  });
});
