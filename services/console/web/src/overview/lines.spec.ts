import { describe, expect, it } from '@jest/globals';
import { cellsOf, linesOf } from './lines.js';

const row = (channel: string | null, n: number, question = 'q') => ({
  ...{ values: { channel, question }, n, value: 1, interval: null, small: false, hidden: false },
});

describe('metrics side by side', () => {
  it('have a line for each value that any of them has, the most said first', () => {
    const answers = [
      { rows: [row('chat', 5), row('email', 50)] },
      undefined,
      { rows: [row(null, 20), row('chat', 6), row('sms', 0)] },
    ];
    expect(linesOf(answers, 'channel')).toEqual(['email', null, 'chat']);
  });

  it('keep the order that a dimension has; what is not in it comes last', () => {
    const answers = [{ rows: [row('support', 90), row('purchase', 5), row('odd', 99), row('use', 7)] }];
    expect(linesOf(answers, 'channel', ['purchase', 'use', 'support'])).toEqual(['purchase', 'use', 'support', 'odd']);
  });

  it('have several numbers where there are several questions', () => {
    const answer = { rows: [row('chat', 5, 'a'), row('chat', 7, 'b'), row('email', 3, 'a'), row('chat', 0, 'c')] };
    expect(cellsOf(answer, 'channel', 'chat').map(({ n }) => n)).toEqual([5, 7]);
  });
});
