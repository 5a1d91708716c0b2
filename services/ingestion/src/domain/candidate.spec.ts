import { canonicalJson, customerKeyOf, deriveId, feedbackIdOf, maxEventBytes, sha256 } from '@closeloop/contracts';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalise, foreignSource, isRefusal, tooLong, type Candidate } from './candidate.js';

const accept = (input: unknown, more: { idempotencyKey?: string; index?: number } = {}): Candidate => {
  const judged = canonicalise({ source: 'shop', input, ...more });
  if (isRefusal(judged)) throw new Error(JSON.stringify(judged.errors));
  return judged;
};
const refuse = (input: unknown) => {
  const judged = canonicalise({ source: 'shop', input });
  return isRefusal(judged) ? judged.errors.map(({ pointer, rule }) => [pointer, rule]) : judged;
};
const review = { channel: 'review', externalId: '7', text: 'Good.' } as const;

describe('Canonical feedback', () => {
  it('leaves out what says nothing, and fills in what is always there', () => {
    const { content } = accept({
      ...review,
      title: null,
      url: '',
      author: { name: 'Ada', email: null, phone: '' },
      segments: [],
      location: null,
      attributes: {},
    });
    expect(content).toEqual({
      feedbackId: feedbackIdOf('shop', '7'),
      source: 'shop',
      externalId: '7',
      kind: 'created',
      historic: false,
      channel: 'review',
      text: 'Good.',
      author: { name: 'Ada' },
    });
  });

  it('has times in UTC with milliseconds, and no occurredAt that was not given', () => {
    const { content, updatedAt } = accept({ ...review, updatedAt: '2026-03-01T10:00:00.123456+02:00' });
    expect(content.updatedAt).toBe('2026-03-01T08:00:00.123Z');
    expect(updatedAt).toBe(Date.parse('2026-03-01T08:00:00.123Z'));
    expect(content).not.toHaveProperty('occurredAt');
    expect(refuse({ ...review, occurredAt: '9999-12-31T23:59:59-12:00' })).toEqual([['/occurredAt', 'isTimestamp']]);
    expect(refuse({ ...review, updatedAt: '0000-01-01T00:00:00Z' })).toEqual([['/updatedAt', 'isTimestamp']]);
  });

  it('knows the customer by the given key, else by the author, else not', () => {
    const author = { externalId: 'a1' };
    expect(accept({ ...review, author, customerKey: 'c1' }).content.customerKey).toBe('c1');
    expect(accept({ ...review, author }).content.customerKey).toBe(customerKeyOf('shop', 'a1'));
    expect(accept({ ...review, author: { name: 'Ada' } }).content).not.toHaveProperty('customerKey');
  });

  it('takes its id from the external id, else from Idempotency-Key and index, else from all of it', () => {
    const { externalId: _, ...anonymous } = review;
    expect(accept(review, { idempotencyKey: 'k', index: 3 }).feedbackId).toBe(feedbackIdOf('shop', '7'));
    expect(accept(anonymous, { idempotencyKey: 'k', index: 3 }).feedbackId).toBe(deriveId('shop', 'k', '3'));
    const whole = { source: 'shop', kind: 'created', historic: false, channel: 'review', text: 'Good.' };
    expect(accept(anonymous).feedbackId).toBe(deriveId('shop', sha256(canonicalJson(whole))));
    expect(accept({ ...anonymous, author: { name: 'Ada' } }).feedbackId).not.toBe(accept(anonymous).feedbackId);
    expect(accept({ ...anonymous, occurredAt: '2026-03-01T10:00:00Z' }).feedbackId).not.toBe(
      accept(anonymous).feedbackId,
    );
  });

  // anything else would make a revision of every feedback that is sent again
  it('has the contentHash that it had in earlier versions, whatever the order of its members', () => {
    const { contentHash, canonical } = accept({
      ...{
        channel: 'review',
        externalId: '7',
        text: 'Good. "x" \u2028 é😀',
        title: 'T',
        url: 'http://x',
        product: 'p',
      },
      author: { name: 'Ada', externalId: 'a1', email: '', handle: 'h' },
      ...{ rating: { value: 3, scale: 5 }, survey: { scale: 10, metric: 'nps', score: 9 } },
      attributes: { z: 1, a: '', 10: true, 9: 2.5, __proto__x: 'y' },
      ...{ segments: ['b', 'a'], location: null, thread: '', kind: 'updated', historic: true },
      ...{ occurredAt: '2026-03-01T10:00:00+02:00', updatedAt: '2026-03-01T10:00:00.5Z' },
    });
    expect(contentHash).toBe('34b8717f32c18720375b5d5b3c98c53b1aa31f4ee171239c2fa054106c294ed8');
    expect(canonical).toContain('"attributes":{"10":true,"9":2.5,"__proto__x":"y","a":"","z":1}');
  });

  it('keeps an attribute whatever it is called', () => {
    const { canonical } = accept({ ...review, attributes: JSON.parse('{"toJSON":"b","__proto__":"a"}') as unknown });
    expect(canonical).toContain('"attributes":{"__proto__":"a","toJSON":"b"}');
  });

  it('keeps of a deletion neither text nor author', () => {
    const { content } = accept({
      ...review,
      kind: 'deleted',
      title: 'Bye',
      rating: { value: 1, scale: 5 },
      author: { externalId: 'a1', name: 'Ada' },
      updatedAt: '2026-03-01T10:00:00Z',
    });
    expect(content).toEqual({
      feedbackId: feedbackIdOf('shop', '7'),
      source: 'shop',
      externalId: '7',
      kind: 'deleted',
      historic: false,
      channel: 'review',
      customerKey: customerKeyOf('shop', 'a1'),
      updatedAt: '2026-03-01T10:00:00.000Z',
    });
  });

  it('is refused without text, title, rating or survey, unless it is deleted', () => {
    expect(refuse({ channel: 'review', text: ' \n', url: 'https://example.org' })).toEqual([['', 'saysSomething']]);
    expect(accept({ channel: 'review', rating: { value: 5, scale: 5 } }).content.rating).toEqual({
      value: 5,
      scale: 5,
    });
    expect(accept({ channel: 'survey', survey: { metric: 'nps', score: 9, scale: 10 } }).content.survey).toBeDefined();
    expect(accept({ channel: 'review', externalId: '7', kind: 'deleted' }).kind).toBe('deleted');
    expect(refuse({ channel: 'review', kind: 'deleted' })).toEqual([['/externalId', 'isDefined']]);
  });

  it('is refused for another source, an unknown property, NUL, half a character, too long a text, or all too long', () => {
    expect(refuse({ ...review, source: 'shop' })).toMatchObject({ source: 'shop' });
    expect(refuse({ ...review, source: 'other' })).toEqual([['/source', foreignSource]]);
    expect(refuse({ ...review, colour: 'red' })).toEqual([['/colour', 'whitelistValidation']]);
    expect(refuse({ ...review, text: 'a\0b' })).toEqual([['/text', 'forbiddenCharacters']]);
    expect(refuse({ ...review, attributes: { a: '\ud800' } })).toEqual([['/attributes/a', 'forbiddenCharacters']]);
    expect(refuse({ ...review, text: 'a'.repeat(20_001) })).toEqual([['/text', 'maxLength']]);
    for (const input of [null, 7, 'text', []]) expect(isRefusal(canonicalise({ source: 'shop', input }))).toBe(true);
    const attributes = (length: number) =>
      Object.fromEntries(Array.from({ length: 64 }, (_, at) => [`k${at}`, '\u0001'.repeat(length)]));
    expect(refuse({ ...review, attributes: attributes(1000) })).toEqual([['', tooLong]]);
    const { canonical } = accept({ ...review, attributes: attributes(650) });
    expect(Buffer.byteLength(canonical)).toBeLessThan(maxEventBytes);
  });

  it('has a contentHash of what a retry repeats, not of how it was written', () => {
    const written = {
      text: 'Good.',
      externalId: '7',
      channel: 'review',
      title: null,
      updatedAt: '2026-03-01T10:00:00Z',
    };
    const again = { ...review, kind: 'created', updatedAt: '2026-03-01T12:00:00.000+02:00' };
    expect(accept(written).contentHash).toBe(accept(again).contentHash);
    expect(accept(written).contentHash).toBe(sha256(canonicalJson(accept(written).content)));
    expect(accept({ ...written, text: 'Bad.' }).contentHash).not.toBe(accept(written).contentHash);
  });

  it('is itself when taken in again', () =>
    fc.assert(
      fc.property(
        fc.record(
          {
            channel: fc.constantFrom('review', 'social'),
            externalId: fc.string({ minLength: 1, maxLength: 20 }),
            text: fc.string({ unit: 'grapheme' }).map((text) => `x${text}`),
            author: fc.record({ externalId: fc.string({ minLength: 1 }), name: fc.option(fc.string()) }),
            occurredAt: fc
              .date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true })
              .map((date) => date.toISOString()),
            segments: fc.array(fc.string({ maxLength: 20 }), { maxLength: 3 }),
          },
          { requiredKeys: ['channel', 'externalId', 'text'] },
        ),
        (input) => {
          fc.pre(!JSON.stringify(input).includes('\\u0000'));
          const first = accept(input);
          const { feedbackId: _, ...content } = first.content;
          expect(accept(content)).toEqual(first);
        },
      ),
    ));
});
