import { describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { type HttpAdapterHost } from '@nestjs/core';
import { Registry } from 'prom-client';
import { type Metrics } from '@closeloop/platform';
import { type HandOverFollowUps } from '../application/hand-over-follow-ups.handler.js';
import { type FollowUpStore } from '../domain/follow-up-store.js';
import { FollowUpConfig } from '../follow-up.config.js';
import { FollowUpTimer } from './follow-up.timer.js';

describe('follow-ups that are due', () => {
  it.each([
    ['are not handed over while nothing listens where their links would lead, and that is no failure', null, []],
    ['are handed over with links to where it listens', { port: 4605 }, ['http://127.0.0.1:4605']],
  ])('%s', async (_title, address, bases) => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const handle = jest.fn((_baseUrl: string) =>
      Promise.resolve({ looked: 0, handedOver: [], skipped: [], failed: 0 }),
    );
    const httpAdapter = {
      getInstance: () => ({ addHook: () => undefined }),
      getHttpServer: () => ({ address: () => address }),
    };
    const looked = jest.fn(() => Promise.resolve(-1));
    const timer = new FollowUpTimer(
      { isPossible: true, handle } as unknown as HandOverFollowUps,
      { untilNext: looked } as unknown as FollowUpStore,
      new FollowUpConfig(),
      { httpAdapter } as unknown as HttpAdapterHost,
      new Registry() as unknown as Metrics,
    );
    timer.onApplicationBootstrap();
    await timer.onModuleDestroy();
    expect(looked).toHaveBeenCalledTimes(1);
    expect(handle.mock.calls).toEqual(bases.map((base) => [base]));
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });
});
