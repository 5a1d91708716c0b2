import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { CommandQueue, type Command, type Outcome } from './command-queue.js';

const command = (loopId: string, name = 'acknowledge'): Command => ({ loopId, version: 1, name });

let sent: string[];
let outcomes: Outcome[];
let queue: CommandQueue;

beforeEach(() => {
  jest.useFakeTimers();
  sent = [];
  outcomes = [];
  queue = new CommandQueue(
    async ({ loopId, name }, leaving) => {
      sent.push(`${name} ${loopId}${leaving ? ' leaving' : ''}`);
      await Promise.resolve();
      if (loopId === 'moved') throw new Error('conflict');
    },
    (_batch, those) => outcomes.push(...those),
    5_000,
  );
});
afterEach(() => {
  jest.useRealTimers();
});

describe('commands', () => {
  it('are held back, then sent together', async () => {
    queue.add([command('a'), command('b')]);
    await jest.advanceTimersByTimeAsync(4_999);
    expect({ sent, held: queue.held().length }).toEqual({ sent: [], held: 1 });
    await jest.advanceTimersByTimeAsync(1);
    expect({ sent, held: queue.held().length }).toEqual({ sent: ['acknowledge a', 'acknowledge b'], held: 0 });
  });

  it('are never sent once they are taken back', async () => {
    queue.add([command('a')]);
    queue.add([command('b')]);
    expect(queue.undo()?.commands[0]?.loopId).toBe('b');
    await jest.advanceTimersByTimeAsync(10_000);
    expect(sent).toEqual(['acknowledge a']);
    expect(queue.undo()).toBeUndefined();
  });

  it('go before another one for the same loop', async () => {
    queue.add([command('a')]);
    queue.add([command('a', 'resolve')]);
    await jest.advanceTimersByTimeAsync(0);
    expect(sent).toEqual(['acknowledge a']);
    await queue.flush('a');
    expect(sent).toEqual(['acknowledge a', 'resolve a']);
  });

  it('tell what came of each, one that failed too', async () => {
    queue.add([command('a'), command('moved'), command('b')]);
    await queue.flush();
    expect(outcomes.map((outcome) => [outcome.command.loopId, outcome.error?.message])).toEqual(
      expect.arrayContaining([
        ['a', undefined],
        ['b', undefined],
        ['moved', 'conflict'],
      ]),
    );
  });

  it('are sent when the page is left', () => {
    queue.add([command('a')]);
    queue.leave();
    expect({ sent, held: queue.held().length }).toEqual({ sent: ['acknowledge a leaving'], held: 0 });
  });
});
