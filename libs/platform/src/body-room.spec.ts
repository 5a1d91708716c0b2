import { describe, expect, it } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import { BodyRoom } from './body-room.js';

const megabyte = 1024 * 1024;
const settled = async (promise: Promise<unknown>): Promise<boolean> => {
  let done = false;
  const mark = () => (done = true);
  promise.then(mark, mark);
  await turn();
  return done;
};

describe('the room for bodies', () => {
  it('lets a large one wait until there is room, those behind it too, in order', async () => {
    const room = new BodyRoom(10 * megabyte);
    const first = await room.enter(6 * megabyte, 60);
    const second = room.enter(6 * megabyte, 60);
    const third = room.enter(2 * megabyte, 60);
    expect(await settled(second)).toBe(false);
    expect(await settled(third)).toBe(false);
    first.release();
    expect(await settled(second)).toBe(true);
    expect(await settled(third)).toBe(true);
    (await second).release();
    (await third).release();
    expect(await settled(room.enter(10 * megabyte, 60))).toBe(true);
  });

  it('keeps nobody out who is small', async () => {
    const room = new BodyRoom(megabyte);
    const first = await room.enter(megabyte, 60);
    const large = room.enter(megabyte, 60);
    const small = room.enter(1_000, 60);
    expect(await settled(small)).toBe(true);
    // Else the large one is refused after a minute, when another spec runs in this process.
    for (const share of [first, await small]) share.release();
    await large;
  });

  it('lets one that is larger than all the room go alone', async () => {
    const room = new BodyRoom(megabyte);
    expect(await settled(room.enter(16 * megabyte, 60))).toBe(true);
  });

  it('tells who waits for too long to come again, and those behind go on', async () => {
    const room = new BodyRoom(10 * megabyte);
    const first = await room.enter(6 * megabyte, 60);
    const large = room.enter(9 * megabyte, 0.02);
    const behind = room.enter(4 * megabyte, 60);
    await expect(large).rejects.toMatchObject({ status: 503, headers: { 'retry-after': '2' } });
    expect(await settled(behind)).toBe(true);
    first.release();
    first.release();
    (await behind).release();
    expect(await settled(room.enter(10 * megabyte, 60))).toBe(true);
  });

  it('refuses what grows past twice the room', async () => {
    const room = new BodyRoom(10 * megabyte);
    const packed = await Promise.all([1, 2, 3].map(() => room.enter(undefined, 60)));
    packed[0]!.grewTo(9 * megabyte);
    packed[1]!.grewTo(9 * megabyte);
    expect(() => packed[2]!.grewTo(3 * megabyte)).toThrow(expect.objectContaining({ status: 503 }));
    packed[0]!.release();
    packed[2]!.grewTo(3 * megabyte);
  });
});
