import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { type FetchedBatch, type FetchingGroup, guardFetches, Halves, type Share } from './kafkajs.halves.js';

const longMs = 600_000;
const batch = (messages: number, behind = 0): FetchedBatch => ({
  messages: Array.from({ length: messages }),
  rawMessages: Array.from({ length: messages }),
  offsetLag: () => String(behind),
});
const full = [batch(100, 400), batch(100, 100)];
const empty = [batch(0), batch(0)];

/** Notes what is fetched, and answers with what comes next. */
function broker(...answers: readonly (readonly FetchedBatch[])[]) {
  const shares: Share[] = [];
  const rest = answers.values();
  const fetch = (share: Share): Promise<readonly FetchedBatch[]> => {
    shares.push(share);
    const { value } = rest.next();
    return value ? Promise.resolve(value) : Promise.reject(new Error('nothing is to be fetched any more'));
  };
  return { shares, fetch };
}

describe('halves', () => {
  it('fetch from all partitions together, and the second one rests, while no backlog is left behind', async () => {
    const { shares, fetch } = broker([batch(100, 499), batch(0)], [batch(1)], empty);
    const halves = new Halves();
    const second = halves.second(longMs, fetch);
    for (let round = 0; round < 3; round++) await halves.first(longMs, fetch);
    expect(shares).toEqual(['all', 'all', 'all']);
    halves.end();
    expect(await second).toEqual([]);
  });

  it('each fetch their own as soon as a backlog was left behind, whatever the other has under way', async () => {
    const { shares, fetch } = broker(full, full, full, full, full);
    const halves = new Halves();
    const second = halves.second(longMs, fetch);
    await halves.first(longMs, fetch);
    await halves.first(longMs, fetch);
    await second;
    expect(shares).toEqual(['all', 'first half', 'second half']);
    await halves.second(longMs, fetch);
    await halves.second(longMs, fetch);
    expect(shares.slice(3)).toEqual(['second half', 'second half']);
  });

  it('stay together where there is one partition: the other would have nothing', async () => {
    const { shares, fetch } = broker([batch(100, 9_000)], [batch(100, 8_900)]);
    const halves = new Halves();
    await halves.first(longMs, fetch);
    await halves.first(longMs, fetch);
    expect(shares).toEqual(['all', 'all']);
  });

  it('are together again when one has nothing, but not before the second has done what it has under way', async () => {
    const { shares, fetch } = broker(full, empty, full, empty);
    const halves = new Halves();
    const beginning = halves.second(longMs, fetch);
    await halves.first(longMs, fetch);
    expect(await halves.first(longMs, fetch)).toBe(empty);
    await beginning;
    let done = false;
    const first = halves.first(longMs, fetch).then(() => (done = true));
    await turn();
    expect(done).toBe(false);
    expect(shares).toEqual(['all', 'first half', 'second half']);
    const rest = halves.second(longMs, fetch);
    await first;
    expect(shares[3]).toBe('all');
    halves.end();
    await rest;
  });

  it('wait for each other no longer than they may, and not where all is to end', async () => {
    const { shares, fetch } = broker(full, empty, full);
    const halves = new Halves();
    expect(await halves.second(5, fetch)).toEqual([]);
    const beginning = halves.second(longMs, fetch);
    await halves.first(longMs, fetch);
    await halves.first(longMs, fetch);
    await beginning;
    expect(await halves.first(5, fetch)).toEqual([]);
    const waiting = halves.first(longMs, fetch);
    halves.end();
    expect(await waiting).toEqual([]);
    expect(shares).toEqual(['all', 'first half', 'second half']);
  });

  it('do not rest again after an error, for which all may have to end, until the first one fetches after all', async () => {
    const { fetch } = broker(empty);
    const halves = new Halves();
    const resting = halves.second(longMs, fetch);
    halves.end();
    expect(await resting).toEqual([]);
    // kafkajs asks it once more before it is told
    expect(await halves.second(longMs, fetch)).toEqual([]);
    await halves.first(longMs, fetch);
    const again = halves.second(longMs, fetch).then(() => 'back');
    expect(await Promise.race([again, sleep(100, 'rests')])).toBe('rests');
    halves.end();
    await again;
  });

  it('bring half as much each as one alone may, for both are in memory, and do not wait at the broker for it', async () => {
    const asked: unknown[] = [];
    const broker = { fetch: (request: object) => Promise.resolve(void asked.push(request)) };
    const cluster = { findBroker: () => Promise.resolve(broker) };
    guardFetches({} as FetchingGroup, cluster);
    const guarded = cluster as { findBroker(which: object): Promise<typeof broker> };
    for (const nodeId of ['1', '1/1', '1/2']) {
      await (await guarded.findBroker({ nodeId })).fetch({ maxWaitTime: 2_000, maxBytes: 512, minBytes: 1 });
    }
    const half = { maxWaitTime: 0, maxBytes: 256, minBytes: 1 };
    expect(asked).toEqual([{ maxWaitTime: 2_000, maxBytes: 512, minBytes: 1 }, half, half]);
  });

  it('never have a partition in two hands, and bring all of it in order', async () => {
    const turns = fc.array(fc.nat(6), { minLength: 1, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(3_000), { minLength: 1, maxLength: 5 }),
        turns,
        turns,
        async (sizes, one, two) => {
          const next = sizes.map(() => 0);
          const inHand = sizes.map(() => false);
          const halves = new Halves();
          const isDone = () => sizes.every((size, at) => next[at] === size);
          const wait = async (turns: number) => {
            for (let at = 0; at < turns; at++) await turn();
          };
          const run = async (role: 'first' | 'second', pauses: readonly number[]) => {
            for (let round = 0; !isDone(); round++) {
              let brought: { at: number; from: number; count: number }[] = [];
              await halves[role](longMs, async (share) => {
                const own = { all: () => true, 'first half': even, 'second half': odd }[share];
                const asked = sizes.map((_size, at) => at).filter(own);
                for (const at of asked) expect(inHand[at]).toBe(false);
                brought = asked.map((at) => ({ at, from: next[at]!, count: Math.min(200, sizes[at]! - next[at]!) }));
                await turn();
                return brought.map(({ at, from, count }) => batch(count, sizes[at]! - from - count));
              });
              for (const { at } of brought) inHand[at] = true;
              await wait(pauses[round % pauses.length]!);
              for (const { at, from, count } of brought) {
                expect(next[at]).toBe(from);
                next[at] = from + count;
                inHand[at] = false;
              }
            }
            halves.end();
          };
          await Promise.all([run('first', one), run('second', two)]);
          expect(next).toEqual(sizes);
        },
      ),
      { numRuns: 200 },
    );
  });
});

const even = (at: number): boolean => at % 2 === 0;
const odd = (at: number): boolean => at % 2 === 1;
