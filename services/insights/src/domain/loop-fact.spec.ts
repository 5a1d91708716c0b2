import { loopStates } from '@closeloop/contracts';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { loopOf, type StepGiven } from '../history.fixture.js';
import { dayNumberOf, fcrOf, loopFactOf, type LoopStep } from './loop-fact.js';
import { bucketOf, bucketValue } from './statistics/log-bucket-histogram.js';

const stepsOf = (given: readonly StepGiven[]): LoopStep[] =>
  loopOf('1', given).map(({ loopId, version, change, note, at, loop, feedback }) => ({
    ...{ loopId, version, change, at: new Date(at), state: loop!.state, cycle: loop!.cycle, team: 7, priority: 3 },
    ...(note !== undefined && { note }),
    ...(feedback && change === 'opened' && { openedBy: feedback.feedbackId }),
    ...(loop!.clocks && { clocks: loop!.clocks }),
  }));
const bucketsOf = (given: readonly StepGiven[]): Record<string, number> =>
  Object.fromEntries(loopFactOf(stepsOf(given))!.marks.map(({ measure, bucket }) => [measure, bucket]));

const opened: StepGiven = { change: 'opened', state: 'opened', at: '2026-03-01T10:00:00Z' };
const responded: StepGiven = { change: 'responded', state: 'responded', at: '2026-03-01T12:00:00Z' };
const resolved: StepGiven = { change: 'resolved', state: 'resolved', at: '2026-03-02T10:00:00Z' };
const hour = 3_600_000;

describe('What a loop counts for', () => {
  it('is nothing while its first step is not known', () => {
    expect(loopFactOf([])).toBeUndefined();
    expect(loopFactOf(stepsOf([opened, responded]).slice(1))).toBeUndefined();
  });

  it('is the same in whatever order its steps came, and however often', () => {
    const steps = stepsOf([
      opened,
      responded,
      resolved,
      { change: 'objected', state: 'reopened', at: '2026-03-03T10:00:00Z', cycle: 2 },
      { change: 'responded', state: 'responded', at: '2026-03-03T11:00:00Z', cycle: 2 },
    ]);
    const fact = loopFactOf(steps);
    fc.assert(
      fc.property(fc.shuffledSubarray(steps, { minLength: steps.length }), fc.subarray(steps), (order, again) => {
        expect(loopFactOf([...order, ...again])).toEqual(fact);
      }),
    );
    expect(fact).toMatchObject({ version: 5, state: 'responded', cycle: 2, responses: 2 });
  });

  it('is the time until the first answer and the first resolution, of the first cycle', () => {
    const buckets = bucketsOf([
      opened,
      responded,
      resolved,
      { change: 'reopened', state: 'reopened', at: '2026-03-05T10:00:00Z', cycle: 2 },
      { change: 'resolved', state: 'resolved', at: '2026-03-20T10:00:00Z', cycle: 2 },
    ]);
    expect(buckets).toMatchObject({ response: bucketOf(2 * hour), resolution: bucketOf(24 * hour), reopened: 1 });
    expect(bucketValue(buckets['response']!) / (2 * hour)).toBeCloseTo(1, 1);
    expect(buckets['state']).toBe(loopStates.indexOf('resolved'));
  });

  it('waits from the minute on at which its clock began', () => {
    expect(bucketsOf([opened])).toEqual({ state: 0, responseWaiting: 600, resolutionWaiting: 600 });
    const started = { startedAt: '2026-02-28T23:30:00Z', ...promises(true, true) };
    expect(bucketsOf([{ ...opened, clocks: started }])).toMatchObject({ responseWaiting: -30, resolutionWaiting: -30 });
  });

  it('is censored where it ended without an answer', () => {
    const dismissed: StepGiven = { change: 'dismissed', state: 'dismissed', at: '2026-03-01T11:00:00Z' };
    expect(bucketsOf([opened, dismissed])).toEqual({
      ...{ state: loopStates.indexOf('dismissed'), reopened: 0 },
      ...{ responseCensored: bucketOf(hour), resolutionCensored: bucketOf(hour) },
    });
    // resolved without a word: nobody answers it any more
    expect(bucketsOf([opened, resolved])).toMatchObject({
      ...{ responseCensored: bucketOf(24 * hour), resolution: bucketOf(24 * hour) },
    });
  });

  it('counts no answer that did not arrive', () => {
    const lost: StepGiven = {
      change: 'noted',
      note: 'reply-failed',
      state: 'acknowledged',
      at: '2026-03-01T13:00:00Z',
    };
    const fact = loopFactOf(stepsOf([opened, responded, lost]))!;
    expect(fact.responses).toBe(0);
    expect(fact).not.toHaveProperty('respondedAt');
    const again: StepGiven = { ...responded, at: '2026-03-01T15:00:00Z' };
    expect(bucketsOf([opened, responded, lost, again])).toMatchObject({ response: bucketOf(5 * hour) });
  });

  it('is what its first cycle’s promises came to, each clock by itself', () => {
    const clocks = {
      startedAt: '2026-03-01T10:00:00Z',
      firstResponse: { running: false, customerMs: 2 * hour, businessMs: hour, customerMet: true, businessMet: false },
      resolution: { running: true, customerMs: 2 * hour, businessMs: hour, customerMet: false },
    };
    const buckets = bucketsOf([{ ...opened }, { ...responded, clocks }, { ...resolved, cycle: 2 }]);
    expect(buckets).toMatchObject({ sla: 3 * 2 + 1, slaBusiness: 3 * 1, responseBusiness: bucketOf(hour) });
    expect(bucketsOf([{ ...opened, clocks: { startedAt: opened.at, ...promises(true, true) } }])).not.toHaveProperty(
      'sla',
    );
  });
});

const promises = (response: boolean, resolution: boolean) => ({
  firstResponse: { running: response, customerMs: 0, businessMs: 0 },
  resolution: { running: resolution, customerMs: 0, businessMs: 0 },
});

describe('First contact resolution', () => {
  const resolvedAt = new Date('2026-03-02T10:00:00Z');
  const day = dayNumberOf(resolvedAt);

  it('takes one answer, no reopening, and a customer who stays away', () => {
    expect(fcrOf({ resolvedAt, responses: 1, cycle: 1 }, 'stayed-away')).toEqual({
      measure: 'fcr',
      bucket: 2 * day + 1,
    });
    for (const [responses, cycle, after] of [
      [2, 1, 'stayed-away'],
      [0, 1, 'stayed-away'],
      [1, 2, 'stayed-away'],
      [1, 1, 'came-back'],
    ] as const) {
      expect(fcrOf({ resolvedAt, responses, cycle }, after)).toEqual({ measure: 'fcr', bucket: 2 * day });
    }
  });

  it('is not known of a customer whom nobody knows, nor of what is not resolved', () => {
    expect(fcrOf({ resolvedAt, responses: 1, cycle: 1 }, 'unknown')).toBeUndefined();
    expect(fcrOf({ responses: 1, cycle: 1 }, 'stayed-away')).toBeUndefined();
  });
});
