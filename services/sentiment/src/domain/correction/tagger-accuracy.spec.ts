import { describe, expect, it } from '@jest/globals';
import type { Tags } from '@closeloop/contracts';
import fc from 'fast-check';
import { accuracyOf, judgedBy } from './tagger-accuracy.js';

const tags: Tags = {
  ...{ language: { tag: 'en', confidence: 0.9 }, model: 'spec', taggedBy: 'model' },
  sentiment: { label: 'negative', score: -1, confidence: 0.9 },
  topics: [
    { name: 'billing/refund', confidence: 0.9 },
    { name: 'delay', confidence: 0.5 },
  ],
  intent: { name: 'complaint', confidence: 0.7 },
};

describe('what a person judges of the tags', () => {
  it('is what they speak of, and nothing else', () => {
    expect(judgedBy({}, tags)).toEqual({});
    expect(judgedBy({ sentiment: 'negative' }, tags)).toEqual({ sentiment: true });
    expect(judgedBy({ sentiment: 'mixed', urgency: 'low' }, tags)).toEqual({ sentiment: false, urgency: false });
  });

  it('is right where all names are, in whatever order', () => {
    expect(judgedBy({ topics: [{ name: 'delay' }, { name: 'billing/refund', sentiment: 'negative' }] }, tags)).toEqual({
      topics: true,
    });
    expect(judgedBy({ topics: [{ name: 'delay' }] }, tags)).toEqual({ topics: false });
    expect(judgedBy({ emotions: [] }, tags)).toEqual({ emotions: true });
  });

  it('may be that there is none', () => {
    const { intent: _none, ...without } = tags;
    expect(judgedBy({ intent: null, spamOrEmpty: false }, without)).toEqual({ intent: true, spamOrEmpty: true });
    expect(judgedBy({ intent: null, spamOrEmpty: true }, tags)).toEqual({ intent: false, spamOrEmpty: false });
  });
});

describe('an accuracy', () => {
  it('has the interval of the worked example: 58 of 60 is .886 to .991', () => {
    const { value, interval } = accuracyOf(58, 60);
    expect(value).toBeCloseTo(0.9667, 4);
    expect(interval[0]).toBeCloseTo(0.8864, 3);
    expect(interval[1]).toBeCloseTo(0.9908, 3);
  });

  it('lies in its interval, and that in 0..1; of more it is narrower', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (n, share) => {
        const right = Math.round(share * n);
        const { value, interval } = accuracyOf(right, n);
        expect(interval[0]).toBeGreaterThanOrEqual(0);
        expect(interval[1]).toBeLessThanOrEqual(1);
        expect(value).toBeGreaterThanOrEqual(interval[0] - 1e-12);
        expect(value).toBeLessThanOrEqual(interval[1] + 1e-12);
        const [low, high] = accuracyOf(right * 4, n * 4).interval;
        expect(high - low).toBeLessThan(interval[1] - interval[0]);
      }),
    );
  });
});
