import { describe, expect, it } from '@jest/globals';
import { feedbackOf, readTime } from './row-mapping.js';

describe('a row of a file as a feedback', () => {
  it('takes id, text, rating and created by name, and keeps the rest as attributes', () => {
    expect(
      feedbackOf({
        id: '570306133677760513',
        text: 'Late again',
        rating: 2,
        created: '24-02-2015 11:35',
        label: 'negative',
        conf: 0.5,
        reason: null,
      }),
    ).toEqual({
      externalId: '570306133677760513',
      channel: 'review',
      text: 'Late again',
      rating: { value: 2, scale: 5 },
      occurredAt: '2015-02-24T11:35:00.000Z',
      attributes: { label: 'negative', conf: 0.5 },
    });
  });

  it('takes an app, an airline or a brand for the product, unless there is one', () => {
    expect(feedbackOf({ text: 'hi', airline: 'United' }).product).toBe('United');
    expect(feedbackOf({ text: 'hi', product: 'router', brand: 'Acme' })).toMatchObject({
      product: 'router',
      attributes: { brand: 'Acme' },
    });
  });

  it('is social where there are no stars, unless the row names a channel', () => {
    expect(feedbackOf({ text: 'hi' }).channel).toBe('social');
    expect(feedbackOf({ text: 'hi', channel: 'chat' }).channel).toBe('chat');
  });

  it('loses nothing: a time or a channel that cannot be read stays as an attribute', () => {
    expect(feedbackOf({ text: 'hi', created: 'yesterday', channel: 'fax' })).toEqual({
      text: 'hi',
      channel: 'social',
      attributes: { created: 'yesterday', channel: 'fax' },
    });
  });

  it('reads the numbers of a CSV, which has only strings', () => {
    expect(feedbackOf({ text: 'hi', rating: '4.5', ratingScale: '10' }).rating).toEqual({ value: 4.5, scale: 10 });
  });

  it('writes nested cells as JSON', () => {
    expect(feedbackOf({ text: 'hi', cats: [['food', 'positive']] }).attributes).toEqual({
      cats: '[["food","positive"]]',
    });
  });

  it.each([
    ['2015-02-24T11:35:00+01:00', '2015-02-24T10:35:00.000Z'],
    ['2015-02-24 11:35', '2015-02-24T11:35:00.000Z'],
    ['2015-02-24', '2015-02-24T00:00:00.000Z'],
    [1_424_777_700, '2015-02-24T11:35:00.000Z'],
    [1_424_777_700_000, '2015-02-24T11:35:00.000Z'],
    ['24/02/2015', undefined],
    ['99-99-2015 11:35', undefined],
    ['', undefined],
  ])('reads %p as %p', (written, time) => expect(readTime(written)).toBe(time));
});
