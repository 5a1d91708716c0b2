import { hopEventId } from '@closeloop/contracts';
import { describe, expect, it } from '@jest/globals';
import { feedbackWith } from '../domain/feedback.fixture.js';
import { TagFeedbackHandler } from './tag-feedback.handler.js';

const tags = { language: { tag: 'en', confidence: 1 }, model: 'spec@1', taggedBy: 'model' as const };

describe('TagFeedbackHandler', () => {
  it('given a feedback: its tags, and an id that its position alone decides', () => {
    const feedback = feedbackWith({ text: 'hello', revision: 3 });
    const tagged = new TagFeedbackHandler({ tag: () => tags }).handle(feedback);
    const { feedbackId, contentHash } = feedback;
    expect(tagged).toEqual({
      id: hopEventId('tagged', { feedbackId, revision: 3, tagRevision: 1, contentHash }),
      data: { feedback, tagRevision: 1, tags },
    });
    const newerModel = new TagFeedbackHandler({ tag: () => ({ ...tags, model: 'spec@2' }) }).handle(feedback);
    expect(newerModel.id).toBe(tagged.id);
  });

  it('given a deletion: passes it on with null, and asks no tagger', () => {
    const handler = new TagFeedbackHandler({
      tag: () => {
        throw new Error('there is nothing to judge');
      },
    });
    expect(handler.handle(feedbackWith({ kind: 'deleted' })).data.tags).toBeNull();
  });
});
