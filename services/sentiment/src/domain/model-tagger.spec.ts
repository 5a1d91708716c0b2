import { validatorOf, Tags } from '@closeloop/contracts';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { lexiconName } from '../infrastructure/afinn.lexicon.js';
import { detectLanguage } from '../infrastructure/language.detector.js';
import { shippedKnowledge } from '../infrastructure/shipped-knowledge.js';
import { feedbackWith } from './feedback.fixture.js';
import { ModelTagger } from './model-tagger.js';

const knowledge = shippedKnowledge();
const tagger = new ModelTagger(knowledge, detectLanguage);
const violationsOf = validatorOf(Tags);

describe('ModelTagger', () => {
  it('given an English complaint: negative, with the words that weighed', () => {
    const text = 'Terrible service, we waited three hours and nobody helped us';
    const tags = tagger.tag(feedbackWith({ text }));
    expect(tags).toMatchObject({
      language: { tag: 'en' },
      sentiment: { label: 'negative' },
      model: knowledge.name,
      lexicon: lexiconName,
      taggedBy: 'model',
    });
    expect(tags.evidence?.map(({ start, end }) => text.slice(start, end))).toContain('Terrible');
  });

  it('given words in the title alone: sees them', () => {
    const tags = tagger.tag(
      feedbackWith({ title: 'Absolutely wonderful', text: 'We stayed for two nights in March with the children' }),
    );
    expect(tags.sentiment?.label).toBe('positive');
    expect(tags.evidence).toContainEqual(expect.objectContaining({ field: 'title' }));
  });

  it('given German: judges its sentiment, and nothing else', () => {
    const text = 'Das Zimmer war leider schmutzig und sehr laut, ich bin enttäuscht und wütend';
    const tags = tagger.tag(feedbackWith({ text }));
    expect(tags).toMatchObject({ language: { tag: 'de' }, sentiment: { label: 'negative' }, model: knowledge.name });
    for (const other of ['emotions', 'topics', 'intent', 'urgency']) expect(tags).not.toHaveProperty(other);
  });

  it('given a language that no model knows, with a rating: judges by the rating, and says so', () => {
    const text = 'De kamer was vies en het ontbijt was koud, we komen hier nooit meer terug';
    const tags = tagger.tag(feedbackWith({ text, rating: { value: 1, scale: 5 } }));
    expect(tags).toMatchObject({
      language: { tag: 'nl' },
      sentiment: { label: 'negative', score: -1 },
      model: 'rating-rules@1',
    });
    expect(tags).not.toHaveProperty('ratingMismatch');
    expect(tagger.tag(feedbackWith({ text }))).not.toHaveProperty('sentiment');
  });

  it('given an offer to whoever reads it: spam, which is judged all the same', () => {
    const text = 'Work from home and earn money today, message me on WhatsApp: https://example.org/join';
    expect(tagger.tag(feedbackWith({ text }))).toMatchObject({ language: { tag: 'en' }, spamOrEmpty: true });
    expect(tagger.tag(feedbackWith({ text: 'I work from home and the modem fails' }))).not.toHaveProperty(
      'spamOrEmpty',
    );
  });

  it('given praise and a complaint in one text: mixed, and each topic with what its own clause says', () => {
    const text = 'The food was absolutely delicious, we loved it. The waiter was rude and horrible to us.';
    const tags = tagger.tag(feedbackWith({ text }));
    expect(tags.sentiment?.label).toBe('mixed');
    const topicOf = (name: string) => tags.topics?.find((topic) => topic.name === name);
    expect(topicOf('food/quality')?.sentiment?.label).toBe('positive');
    expect(topicOf('service/staff')?.sentiment?.label).toBe('negative');
  });

  it.each([
    ['This is my third time calling and I will close my account', 'churn-threat'],
    ['Where can I see my invoices?', 'question'],
    ['It would be nice if the app had a dark mode', 'suggestion'],
    ['Wonderful stay, thank you so much, we loved every minute', 'praise'],
    ['Terrible service, the worst airline ever, I hate it', 'complaint'],
  ])('given %j: its intent is %s', (text, intent) => {
    expect(tagger.tag(feedbackWith({ text })).intent?.name).toBe(intent);
  });

  it('given what cannot wait: says how soon, and why', () => {
    const urgencyOf = (text: string) => tagger.tag(feedbackWith({ text })).urgency;
    expect(urgencyOf('The battery caught fire and burned me, this is dangerous')).toMatchObject({
      level: 'critical',
      reasons: ['safety'],
    });
    expect(urgencyOf('My lawyer will hear of this. I have called several times')).toMatchObject({
      level: 'critical',
      reasons: expect.arrayContaining(['legal', 'repeated-contact']),
    });
    expect(urgencyOf('The colour of the cup is a bit dull')).toMatchObject({ level: 'low', reasons: [] });
  });

  it('given emotions: the likeliest first', () => {
    const { emotions } = tagger.tag(feedbackWith({ text: 'I am so angry, I hate this stupid company' }));
    expect(emotions?.[0]?.name).toBe('anger');
  });

  it('given stars that contradict the text: says so', () => {
    const text = 'Terrible room, awful service, I hate this hotel';
    expect(tagger.tag(feedbackWith({ text, rating: { value: 5, scale: 5 } })).ratingMismatch).toBe(true);
    expect(tagger.tag(feedbackWith({ text, rating: { value: 1, scale: 5 } })).ratingMismatch).toBe(false);
    expect(tagger.tag(feedbackWith({ text }))).not.toHaveProperty('ratingMismatch');
  });

  it.each([undefined, '', '  \n', '...', '?!', '@airline https://example.org/x'])(
    'given the text %j and nothing else: empty',
    (text) => {
      expect(tagger.tag(feedbackWith({ text }))).toMatchObject({
        spamOrEmpty: true,
        language: { tag: 'und', confidence: 0 },
      });
    },
  );

  it('given stars without a word: not empty', () => {
    const tags = tagger.tag(feedbackWith({ rating: { value: 5, scale: 5 } }));
    expect(tags).toMatchObject({ sentiment: { label: 'positive', score: 1 } });
    expect(tags).not.toHaveProperty('spamOrEmpty');
  });

  it.each([
    ['nps', 10, 10, 'positive'],
    ['nps', 8, 10, 'neutral'],
    ['nps', 6, 10, 'negative'],
    ['csat', 4, 5, 'positive'],
    ['csat', 3, 5, 'neutral'],
    ['ces', 5, 7, 'positive'],
    ['ces', 3, 7, 'negative'],
  ] as const)('given a survey %s of %d on %d: %s', (metric, score, scale, label) => {
    expect(tagger.tag(feedbackWith({ survey: { metric, score, scale } })).sentiment?.label).toBe(label);
  });

  it('given emoji alone: judges them, in no language', () => {
    expect(tagger.tag(feedbackWith({ text: '😡😡' }))).toMatchObject({
      language: { tag: 'und' },
      sentiment: { label: 'negative' },
    });
  });

  it('given any feedback: tags that are valid, and the same each time', () => {
    const content = fc.record(
      {
        title: fc.string({ unit: 'grapheme', maxLength: 100 }),
        text: fc.oneof(fc.string({ unit: 'grapheme', maxLength: 400 }), fc.lorem({ maxCount: 20 })),
        languageHint: fc.constantFrom('en', 'de-AT', 'x-klingon', 'zh-Hant-TW'),
        rating: fc.record({
          value: fc.float({ min: 0, max: 1000, noNaN: true }),
          scale: fc.float({ min: 1, max: 1000, noNaN: true }),
        }),
        survey: fc.record({
          metric: fc.constantFrom('nps', 'csat', 'ces'),
          score: fc.float({ min: 0, max: 1000, noNaN: true }),
          scale: fc.float({ min: 1, max: 1000, noNaN: true }),
        }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(content, (given) => {
        const tags = tagger.tag(feedbackWith(given));
        expect(violationsOf(tags)).toBeUndefined();
        expect(tagger.tag(feedbackWith(given))).toEqual(tags);
      }),
    );
  });

  /** What backtracks without bound on any of them takes minutes, and never comes to the end of the spec. */
  it('given 20,000 characters of whatever may be hard to read: comes to an end', () => {
    const piece = fc.constantFrom(
      ..."1aA'-@#:/.!?,;()<>=_ \n\t日Äß😀\u200d\ufe0f".split(''),
      'http://',
      'www.',
      'not ',
      '😀',
    );
    const unit = fc.array(piece, { minLength: 1, maxLength: 6 }).map((pieces) => pieces.join(''));
    const broken = fc.constantFrom('', '!', 'x', ' ');
    fc.assert(
      fc.property(unit, broken, (repeated, end) => {
        const text =
          repeated
            .repeat(Math.ceil(20_000 / repeated.length))
            .slice(0, 19_999)
            .toWellFormed() + end;
        expect(violationsOf(tagger.tag(feedbackWith({ text, title: text.slice(0, 1_000) })))).toBeUndefined();
      }),
      {
        numRuns: 40,
        examples: ['1', 'a', "a'", 'a@', 'word ', '1/', 'Ärger! ', '日'].map((each): [string, string] => [each, '!']),
      },
    );
  });
});
