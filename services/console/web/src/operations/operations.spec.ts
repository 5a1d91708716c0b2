import { describe, expect, it } from '@jest/globals';
import { countsOf, lagOf, stuckOf, waitsOf, type Partition } from './operations.js';

const partition = (given: Partial<Partition>): Partition => ({
  ...{ topic: 'feedback.routed.v1', partition: 0, lag: 0, state: 'running', attempts: 0 },
  ...given,
});

describe('a stage', () => {
  it('lags by what waits in all its partitions, and does not know it while Kafka does not say of one', () => {
    expect(lagOf({ partitions: [partition({ lag: 3 }), partition({ lag: 4 })] })).toBe(7);
    expect(lagOf({ partitions: [partition({ lag: 3 }), partition({ lag: null })] })).toBeNull();
    expect(lagOf({ partitions: [] })).toBe(0);
  });

  it('names what does not simply run', () => {
    const states = ['running', 'positioning', 'waiting', 'failing', 'alarm'] as const;
    const stuck = stuckOf({ partitions: states.map((state) => partition({ state })) });
    expect(stuck.map(({ state }) => state)).toEqual(['waiting', 'failing', 'alarm']);
  });
});

it('a step waits from the one before it, the first from when the feedback came; clocks that differ make no time run back', () => {
  const step = (at: string) => ({ group: 'g', topic: 't', partition: 0, offset: '0', at, attempts: 1 });
  const steps = [step('2026-11-26T10:00:00.250Z'), step('2026-11-26T10:00:01.000Z'), step('2026-11-26T10:00:00.900Z')];
  expect(waitsOf('2026-11-26T10:00:00.000Z', steps)).toEqual([250, 750, 0]);
});

it('results are counted', () => {
  expect(countsOf([{ result: 'sent' }, { result: 'erased' }, { result: 'sent' }])).toEqual([
    ['sent', 2],
    ['erased', 1],
  ]);
});
