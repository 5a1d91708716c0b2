import type { Tags } from '@closeloop/contracts';
import { describe, expect, it } from '@jest/globals';
import { judgeAnew } from './retag.js';

const tagsWith = (tags: Partial<Tags>): Tags => ({
  language: { tag: 'en', confidence: 0.9 },
  sentiment: { label: 'neutral', score: 0, confidence: 0.5 },
  topics: [
    { name: 'delivery', confidence: 0.6 },
    { name: 'staff', confidence: 0.6 },
  ],
  model: 'one',
  taggedBy: 'model',
  ...tags,
});
const before = tagsWith({});
const topics = [...before.topics!].reverse();

describe('what is judged anew', () => {
  it.each([
    ['the same by the same model', tagsWith({}), 'same'],
    ['the same by another model, or surer', tagsWith({ model: 'two', topics }), 'retagged'],
    ['another sentiment', tagsWith({ sentiment: { label: 'negative', score: 0, confidence: 0.5 } }), 'changed'],
    ['another urgency', tagsWith({ urgency: { level: 'high', reasons: [], confidence: 0.5 } }), 'changed'],
    ['another topic', tagsWith({ topics: topics.slice(1) }), 'changed'],
  ])('given %s', (_case, tags, what) => {
    expect(judgeAnew(before, () => tags)).toEqual(what === 'same' ? { what } : { what, tags });
  });

  it('given the word of a person: is not judged at all', () => {
    const tag = () => {
      throw new Error('judged');
    };
    expect(judgeAnew(tagsWith({ taggedBy: 'human' }), tag)).toEqual({ what: 'leftHuman' });
  });

  it('given what the model stumbles over: what stood before stays', () => {
    const error = new TypeError('text is null');
    const tag = () => {
      throw error;
    };
    expect(judgeAnew(before, tag)).toEqual({ what: 'failed', error });
  });
});
