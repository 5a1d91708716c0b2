import { describe, expect, it } from '@jest/globals';
import { aboutOf, answersTo, idsIn, insightStates } from './insights.js';

describe('an insight', () => {
  it('can be answered until it is', () => {
    const open = insightStates.filter((state) => answersTo(state).length > 0);
    expect(open).toEqual(['raised', 'accepted']);
    expect(answersTo('accepted')).not.toContain('accept');
    expect(answersTo('raised')).toContain('assign');
  });

  it('says what it speaks of, the topic first', () => {
    expect(aboutOf({ product: 'Oslo', topic: 'delay', location: null })).toEqual([
      ['topic', 'delay'],
      ['product', 'Oslo'],
    ]);
  });
});

it('ids are told by commas, blanks or lines, each once', () => {
  expect(idsIn(' A1, b2\nb2;\tc3 ')).toEqual(['a1', 'b2', 'c3']);
  expect(idsIn('  ')).toEqual([]);
});
