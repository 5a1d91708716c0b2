import { describe, expect, it } from '@jest/globals';
import { feedbackOf } from './webhook-payload.js';

describe('webhook payload', () => {
  it.each([
    [{ text: 'a' }, { one: { text: 'a' } }],
    [[{ text: 'a' }], { many: [{ text: 'a' }] }],
    [{ events: [1, 2] }, { many: [1, 2] }],
    [{ type: 'sent', timestamp: 't', data: { text: 'a' } }, { one: { text: 'a' } }],
    [{ type: 'sent', data: [1] }, { many: [1] }],
    [{ type: 'sent', data: { events: [1] } }, { many: [1] }],
    ['text', { one: 'text' }],
    [null, { one: null }],
  ])('%j is %j', (payload, feedback) => {
    expect(feedbackOf(payload)).toEqual(feedback);
  });
});
