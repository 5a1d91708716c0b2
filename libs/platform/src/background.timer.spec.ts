import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { type HttpAdapterHost } from '@nestjs/core';
import { setTimeout as sleep } from 'node:timers/promises';
import { BackgroundTimer } from './background.timer.js';

const host = { httpAdapter: { getInstance: () => ({ addHook: () => undefined }) } } as unknown as HttpAdapterHost;

class Step extends BackgroundTimer {
  looks = 0;

  constructor(
    private readonly step: () => Promise<number>,
    patienceMs: number,
  ) {
    super('Counting', host, undefined, patienceMs);
  }

  protected override look(): Promise<number> {
    this.looks++;
    return this.step();
  }
}

describe('a background timer that is stopped', () => {
  const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
  afterEach(() => {
    warn.mockClear();
  });

  it('finishes the step at hand, and begins no other', async () => {
    let finished = false;
    const timer = new Step(async () => {
      await sleep(30);
      finished = true;
      return 0;
    }, 5_000);
    timer.onApplicationBootstrap();
    await timer.onModuleDestroy();
    expect(finished).toBe(true);
    await sleep(60);
    expect(timer.looks).toBe(1);
    expect(warn).not.toHaveBeenCalled();
  });

  it('cuts off a step that takes too long, says so, and not what that step then fails with', async () => {
    let fail: (error: Error) => void = () => undefined;
    const timer = new Step(() => new Promise((_, reject) => (fail = reject)), 20);
    timer.onApplicationBootstrap();
    await timer.onModuleDestroy();
    expect(warn.mock.calls.map(([message]) => String(message))).toEqual([
      'Counting is cut off in the middle of a step, which is done again after the start.',
    ]);
    fail(new Error('the database is closed'));
    await sleep(10);
    expect(warn).toHaveBeenCalledTimes(1);
    expect(timer.looks).toBe(1);
  });
});
