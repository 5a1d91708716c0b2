import { sentimentLabels, Tags, urgencyLevels, validatorOf } from '@closeloop/contracts';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { correctTags, type TagCorrection } from './correct-tags.js';

const tags: Tags = {
  language: { tag: 'en', confidence: 0.99 },
  sentiment: { label: 'positive', score: 0.4, confidence: 0.6 },
  topics: [
    { name: 'delivery', confidence: 0.7, sentiment: { label: 'negative', score: -0.5, confidence: 0.7 } },
    { name: 'staff', confidence: 0.6 },
  ],
  intent: { name: 'praise', confidence: 0.6 },
  urgency: { level: 'high', reasons: ['legal'], confidence: 0.7 },
  ratingMismatch: true,
  evidence: [{ field: 'text', start: 0, end: 4, weight: 0.4 }],
  model: 'closeloop-linear@00000000',
  taggedBy: 'model',
};
const oneStar = { rating: { value: 1, scale: 5 } };

describe('a correction of tags', () => {
  it('given another sentiment: it is sure, agrees with the stars again, and what showed the wrong one is gone', () => {
    const corrected = correctTags(tags, { sentiment: 'negative' }, oneStar);
    expect(corrected).toMatchObject({
      sentiment: { label: 'negative', score: -1, confidence: 1 },
      ratingMismatch: false,
      taggedBy: 'human',
      model: tags.model,
      topics: tags.topics,
    });
    expect(corrected).not.toHaveProperty('evidence');
  });

  it('given the same sentiment: how good it is and what showed it stay', () => {
    expect(correctTags(tags, { sentiment: 'positive' }, oneStar)).toMatchObject({
      sentiment: { label: 'positive', score: 0.4, confidence: 1 },
      ratingMismatch: true,
      evidence: tags.evidence,
    });
    expect(correctTags(tags, { sentiment: 'positive' }, {})).not.toHaveProperty('ratingMismatch');
  });

  it('given topics: those and no others, each with the sentiment that it had or is given', () => {
    const topics = [{ name: 'delivery' }, { name: 'billing/refund', sentiment: 'negative' as const }];
    expect(correctTags(tags, { topics }, {}).topics).toEqual([
      { name: 'delivery', confidence: 1, sentiment: tags.topics![0]!.sentiment },
      { name: 'billing/refund', confidence: 1, sentiment: { label: 'negative', score: -1, confidence: 1 } },
    ]);
  });

  it('given no intent: there is none; given another urgency: its reasons were of the other one', () => {
    expect(correctTags(tags, { intent: null }, {})).not.toHaveProperty('intent');
    expect(correctTags(tags, { urgency: 'high' }, {}).urgency).toEqual({ ...tags.urgency, confidence: 1 });
    expect(correctTags(tags, { urgency: 'low' }, {}).urgency).toEqual({ level: 'low', reasons: [], confidence: 1 });
  });

  it('always gives valid tags by a person, leaves what was not said, and says the same when it is said again', () => {
    const corrections = fc.record<TagCorrection>(
      {
        language: fc.constantFrom('de', 'en', 'pt-BR'),
        sentiment: fc.constantFrom(...sentimentLabels),
        topics: fc.uniqueArray(fc.record({ name: fc.constantFrom('delivery', 'staff', 'a/b', 'c') }), {
          selector: ({ name }) => name,
        }),
        intent: fc.constantFrom(null, 'complaint' as const, 'request' as const),
        urgency: fc.constantFrom(...urgencyLevels),
        spamOrEmpty: fc.boolean(),
      },
      { requiredKeys: [] },
    );
    const violationsOf = validatorOf(Tags);
    fc.assert(
      fc.property(corrections, fc.constantFrom({}, oneStar), (said, feedback) => {
        const corrected = correctTags(tags, said, feedback);
        expect(violationsOf(corrected)).toBeUndefined();
        expect(corrected.taggedBy).toBe('human');
        for (const name of ['sentiment', 'topics', 'intent', 'urgency', 'language'] as const) {
          if (!(name in said)) expect(corrected[name]).toEqual(tags[name]);
        }
        expect(correctTags(corrected, said, feedback)).toEqual(corrected);
      }),
    );
  });
});
