import { describe, expect, it } from '@jest/globals';
import { withStep, type TrailStep } from '@closeloop/contracts';
import { trailsOf, withTrail } from './trail-record.js';

const step = (group: string, offset: string): TrailStep => ({
  ...{ group, topic: 'feedback.received.v1', partition: 2, offset, at: '2026-11-22T02:00:00.000Z', attempts: 1 },
});
const trail = (...steps: TrailStep[]): string =>
  steps.reduce<string | undefined>((before, one) => withStep(before, one), undefined)!;

describe('the record of the ways of a feedback', () => {
  const first = [step('closeloop.sentiment', '7'), step('closeloop.routing', '8')];
  const second = [step('closeloop.sentiment', '9')];

  it('gives the steps of each revision, first one first', () => {
    const record = withTrail(withTrail(undefined, 1, trail(...first)), 2, trail(...second));
    expect(trailsOf(record)).toEqual(
      new Map([
        [2, second],
        [1, first],
      ]),
    );
  });

  it('of a revision that came twice gives the last way', () => {
    const record = withTrail(withTrail(undefined, 1, trail(...first)), 1, trail(...second));
    expect(trailsOf(record)).toEqual(new Map([[1, second]]));
  });

  it('that was cut loses what was cut, and nothing else', () => {
    const record = withTrail(withTrail(undefined, 1, trail(...first)), 2, trail(...second));
    expect(trailsOf(record.slice(0, -4)).get(2)).toEqual(second);
    expect(trailsOf(record.slice(0, -30)).get(1)).toEqual(first.slice(0, 1));
    expect(trailsOf('')).toEqual(new Map());
    expect(trailsOf(null)).toEqual(new Map());
  });
});
