import type { Feedback, Tags } from '@closeloop/contracts';

/** A feedback with nothing but what every feedback has, and what the spec is about. */
export const feedbackWith = (content: Partial<Feedback>): Feedback => ({
  feedbackId: '5b3f3b5e-6a51-5d0c-9f0b-0a6a4e1f9d11',
  revision: 1,
  kind: 'created',
  contentHash: 'a'.repeat(64),
  source: 'spec',
  channel: 'review',
  receivedAt: '2026-11-21T10:00:00.000Z',
  historic: false,
  ...content,
});

export const tagsWith = (tags: Partial<Tags>): Tags => ({
  language: { tag: 'en', confidence: 0.99 },
  model: 'spec@1',
  taggedBy: 'model',
  ...tags,
});
