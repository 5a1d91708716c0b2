import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { setImmediate as turn } from 'node:timers/promises';
import { Gathering } from './gathering.js';

/** Answers when it is told to. */
function held() {
  const calls: { asks: readonly number[]; done: () => void; fail: (error: Error) => void }[] = [];
  const answer = (asks: readonly number[]) =>
    new Promise<number[]>((resolve, reject) => {
      calls.push({ asks, done: () => resolve(asks.map((ask) => ask * 10)), fail: reject });
    });
  return { calls, answer };
}

describe('a gathering', () => {
  it('answers at once what is asked for in one turn, each with its own', async () => {
    const { calls, answer } = held();
    const gathering = new Gathering<number, number>({ answer });
    const answers = [1, 2, 3].map((ask) => gathering.ask(ask));
    await turn();
    expect(calls.map(({ asks }) => asks)).toEqual([[1, 2, 3]]);
    calls[0]!.done();
    expect(await Promise.all(answers)).toEqual([10, 20, 30]);
  });

  it('lets what comes while an answer is under way wait, and answers it together', async () => {
    const { calls, answer } = held();
    const gathering = new Gathering<number, number>({ answer });
    const first = gathering.ask(1);
    await turn();
    const rest = [2, 3].map((ask) => gathering.ask(ask));
    await turn();
    expect(calls).toHaveLength(1);
    calls[0]!.done();
    await first;
    await turn();
    expect(calls[1]!.asks).toEqual([2, 3]);
    calls[1]!.done();
    expect(await Promise.all(rest)).toEqual([20, 30]);
  });

  it('has no more answers under way than there are lanes, and none larger than the most, but for one that is', async () => {
    const { calls, answer } = held();
    const gathering = new Gathering<number, number>({ answer, sizeOf: (ask) => ask, most: 10, lanes: 2 });
    const answers = [12, 4, 6, 1].map((ask) => gathering.ask(ask));
    await turn();
    await turn();
    await turn();
    expect(calls.map(({ asks }) => asks)).toEqual([[12], [4, 6]]);
    calls[0]!.done();
    await turn();
    await turn();
    expect(calls[2]!.asks).toEqual([1]);
    for (const { done } of calls) done();
    expect(await Promise.all(answers)).toEqual([120, 40, 60, 10]);
  });

  it('begins no two answers sooner after each other than it may, and lets one that comes alone wait for nobody', async () => {
    jest.useFakeTimers();
    try {
      const began: (readonly number[])[] = [];
      const gathering = new Gathering<number, number>({
        everyMs: 40,
        lanes: 2,
        answer: (asks) => {
          began.push(asks);
          return Promise.resolve([...asks]);
        },
      });
      const first = gathering.ask(1);
      await jest.advanceTimersByTimeAsync(0);
      expect(began).toEqual([[1]]);
      const rest = [gathering.ask(2), gathering.ask(3)];
      await jest.advanceTimersByTimeAsync(39);
      expect(began).toHaveLength(1);
      await jest.advanceTimersByTimeAsync(1);
      expect(began).toEqual([[1], [2, 3]]);
      expect(await Promise.all([first, ...rest])).toEqual([1, 2, 3]);
    } finally {
      jest.useRealTimers();
    }
  });

  it('fails all that were together, and goes on with the next', async () => {
    const { calls, answer } = held();
    const gathering = new Gathering<number, number>({ answer });
    const failing = [gathering.ask(1), gathering.ask(2)];
    await turn();
    const next = gathering.ask(3);
    calls[0]!.fail(new Error('away'));
    const outcomes = await Promise.allSettled(failing);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await turn();
    calls[1]!.done();
    expect(await next).toBe(30);
  });

  it('answers each ask once, with its own, those that are alike in the order they came in', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ kind: fc.integer({ min: 0, max: 2 }), pauses: fc.boolean() }), { maxLength: 40 }),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 5 }),
        async (asks, lanes, most) => {
          const seen: { kind: number; at: number }[][] = [];
          const gathering = new Gathering<{ kind: number; at: number }, number>({
            alike: (first, other) => first.kind === other.kind,
            ...{ most, lanes },
            answer: async (together) => {
              seen.push([...together]);
              await turn();
              return together.map(({ at }) => at);
            },
          });
          const answers: Promise<number>[] = [];
          for (const [at, { kind, pauses }] of asks.entries()) {
            answers.push(gathering.ask({ kind, at }));
            if (pauses) await turn();
          }
          expect(await Promise.all(answers)).toEqual(asks.map((_ask, at) => at));
          for (const together of seen) {
            expect(new Set(together.map(({ kind }) => kind)).size).toBe(1);
            expect(together.length).toBeLessThanOrEqual(most);
          }
          for (const kind of [0, 1, 2]) {
            const order = seen.flat().filter((one) => one.kind === kind);
            expect(order.map(({ at }) => at)).toEqual(order.map(({ at }) => at).sort((a, b) => a - b));
          }
        },
      ),
      { numRuns: 50 },
    );
  });
});
