import { describe, expect, it } from '@jest/globals';
import { detectLanguage } from '../../infrastructure/language.detector.js';
import { shippedKnowledge } from '../../infrastructure/shipped-knowledge.js';
import { feedbackWith } from '../feedback.fixture.js';
import { ModelTagger } from '../model-tagger.js';
import type { TagCorrection } from '../correction/correct-tags.js';
import { packExamples } from './examples.js';
import { learnOwn, learnPacks } from './learn-own.js';
import { isHeldBack, type Lesson, type RatedLesson } from './lesson.js';
import { ordinaryTexts } from './ordinary.js';
import type { OwnModel } from './own-model.js';
import { tryOwn, type TagWith } from './try-own.js';

const knowledge = shippedKnowledge(['retail']);
const shipped = new ModelTagger(knowledge, detectLanguage);
const ordinary = ordinaryTexts(knowledge.plain, knowledge.topics, knowledge.intents, (one) => shipped.tag(one));
const base = {
  ordinary,
  lexicon: knowledge.lexicon,
  baseOf: (tokens: Parameters<typeof shipped.baseOf>[0]) => shipped.baseOf(tokens),
  packs: packExamples(knowledge.topics, knowledge.intents),
};
const tagWith: TagWith = (own) => {
  const tagger = shipped.withOwn(own && { version: 'tried', ...own });
  return ({ feedback }) => tagger.tag(feedback);
};

const lesson = (text: string, said: TagCorrection): Lesson => ({
  feedback: feedbackWith({ text }),
  language: 'en',
  said,
});
const many = (count: number, of: (n: number) => Lesson[]): Lesson[] =>
  Array.from({ length: count }, (_, n) => of(n)).flat();

/** In this company "sick" is praise, and a "wobble" is a defect of the product. */
const lessons = many(50, (n) => [
  lesson(`that ride number ${n} was totally sick`, { sentiment: 'positive', intent: 'praise', topics: [] }),
  lesson(`the queue number ${n} was awful`, { sentiment: 'negative', intent: 'complaint', topics: [] }),
  lesson(`we took ride number ${n} in the afternoon`, { sentiment: 'neutral', intent: null, topics: [] }),
  lesson(`unit ${n} has the wobble again`, {
    ...{ sentiment: 'negative', intent: 'request', topics: [{ name: 'defect/wobble' }] },
  }),
]);
const held = lessons.filter(({ feedback }) => isHeldBack(feedback));

describe('what a company teaches', () => {
  const learned = learnOwn(lessons, [], base);
  const { parts, trials, better } = tryOwn(undefined, learned, lessons, [], ordinary, tagWith);

  it('is tried on what it was not learned from, and taken where it is surely better', () => {
    expect(held.length).toBeGreaterThan(20);
    expect(better).toBe(true);
    for (const name of ['sentiment', 'intents', 'topics'] as const) {
      const { heldBack } = trials[name]!;
      expect(heldBack.n).toBe(held.length);
      expect(heldBack.rightAfter).toBeGreaterThan(heldBack.rightBefore);
      expect(trials[name]!.better).toBe(true);
    }
  });

  it('is what the tagger says from then on', () => {
    const tagger = shipped.withOwn({ version: 'abcdef01', ...parts });
    const tags = tagger.tag(feedbackWith({ text: 'unit 77 has that wobble again' }));
    expect(tags).toMatchObject({ intent: { name: 'request' }, model: `${knowledge.name}+own@abcdef01` });
    expect(tags.topics?.map(({ name }) => name)).toContain('defect/wobble');
    expect(tagger.tag(feedbackWith({ text: 'a totally sick afternoon' })).sentiment?.label).toBe('positive');
    expect(shipped.tag(feedbackWith({ text: 'a totally sick afternoon' })).sentiment?.label).toBe('negative');
  });

  it('forgets nothing of what any customer says', () => {
    const tagger = shipped.withOwn({ version: 'abcdef01', ...parts });
    const label = (text: string) => tagger.tag(feedbackWith({ text })).sentiment?.label;
    expect(label('Great hotel, lovely staff, wonderful breakfast')).toBe('positive');
    expect(label('The bed was very comfortable')).toBe('positive');
    expect(label('Awful food and a rude waiter')).toBe('negative');
    for (const { ordinary: borne } of Object.values(trials)) expect(borne).toMatchObject({ borne: true });
  });

  it('given a part that forgets everything else: is not taken, however right it is on corrections', () => {
    const forgetful = learnOwn(lessons, [], { ...base, ordinary: [] });
    const { trials: judged } = tryOwn(undefined, forgetful, lessons, [], ordinary, tagWith);
    expect(judged.sentiment!.heldBack.p).toBeLessThan(0.05);
    expect(judged.sentiment).toMatchObject({ better: false, ordinary: { borne: false } });
  });

  it('takes no part anew that is only as good as the one that is active', () => {
    const active: OwnModel = { version: 'abcdef01', ...parts };
    const again = tryOwn(active, learned, lessons, [], ordinary, tagWith);
    expect(again.better).toBe(false);
    expect(again.parts.sentiment).toBe(parts.sentiment);
  });

  it('never learns from what is held back', () => {
    const without = lessons.filter(({ feedback }) => !isHeldBack(feedback));
    expect(learnOwn(without, [], base)).toEqual(learned);
  });

  it('given fewer than ten of a class: learns no such part', () => {
    expect(learnOwn(lessons.slice(0, 20), [], base)).toEqual({});
    const topicless = lessons.map((one) => ({ ...one, said: { sentiment: one.said.sentiment! } }));
    expect(Object.keys(learnOwn(topicless, [], base))).toEqual(['sentiment']);
  });

  it('given corrections that say otherwise of everything, and stars that agree with what ships: is not taken', () => {
    const words = ['table', 'river', 'garden', 'window', 'morning', 'ticket', 'lamp', 'road'];
    const textOf = (n: number, what: string) => `${words[n % 8]} ${n}: what a ${what} ${words[(n * 3) % 8]}`;
    const upside = many(60, (n) => [
      lesson(textOf(n, 'wonderful'), { sentiment: 'negative' }),
      lesson(textOf(n, 'horrible'), { sentiment: 'positive' }),
      lesson(`${words[n % 8]} ${n}`, { sentiment: 'neutral' }),
    ]);
    const rated: RatedLesson[] = Array.from({ length: 60 }, (_, n) => [
      { feedback: feedbackWith({ text: textOf(n + 100, 'wonderful') }), language: 'en', label: 'positive' as const },
      { feedback: feedbackWith({ text: textOf(n + 100, 'horrible') }), language: 'en', label: 'negative' as const },
    ]).flat();
    const turned = learnOwn(upside, [], base);
    expect(tryOwn(undefined, turned, upside, [], [], tagWith).trials.sentiment?.better).toBe(true);
    const { trials: judged } = tryOwn(undefined, turned, upside, rated, [], tagWith);
    expect(judged.sentiment?.better).toBe(false);
    expect(judged.sentiment?.rated?.rightAfter).toBeLessThan(judged.sentiment!.rated!.rightBefore);
  });
});

describe('examples in packs', () => {
  const places = ['harbour', 'north gate', 'main square', 'old town', 'airport', 'stadium'];
  const about = (start: string, end: string) =>
    places.flatMap((place) => [`${start} at the ${place} ${end}`, `${end}, ${start} ${place}`]);
  const pack = {
    name: 'rides',
    version: 1,
    topics: [
      {
        name: 'ride/driver',
        phrases: ['chauffeur'],
        examples: about('the man behind the wheel', 'was rude to my mother'),
      },
      { name: 'ride/fare', phrases: ['fare'], examples: about('they took far too much', 'for a ten minute trip') },
      { name: 'ride/seat', phrases: ['seat'], examples: ['my knees hurt in the back'] },
    ],
  };
  const text = 'The man behind the wheel was rude at the museum';
  const topicsOf = (own?: OwnModel) =>
    new ModelTagger({ ...knowledge, topics: [pack] }, detectLanguage, own).tag(feedbackWith({ text })).topics;

  it('given ten and more of a topic: it is found where none of its phrases stands', () => {
    expect(topicsOf()).toMatchObject([{ name: 'ride/driver' }]);
    const phrasesAlone = { ...pack, topics: pack.topics.map(({ examples: _examples, ...topic }) => topic) };
    const tags = new ModelTagger({ ...knowledge, topics: [phrasesAlone] }, detectLanguage).tag(feedbackWith({ text }));
    expect(tags).not.toHaveProperty('topics');
  });

  it('given those that ship: nothing is learned at a start', () => {
    const { topics, intents } = shippedKnowledge();
    expect(topics.flatMap((one) => one.topics).every(({ examples }) => examples!.length > 0)).toBe(true);
    expect(learnPacks(topics, intents)).toEqual({});
  });

  it('given too few: they count when people have said enough more', () => {
    const examples = packExamples([pack], knowledge.intents);
    const said = places.map((place) =>
      lesson(`my knees hurt in the back at the ${place}`, { topics: [{ name: 'ride/seat' }] }),
    );
    const more = places.map((place) =>
      lesson(`no room for my knees at the ${place}`, { topics: [{ name: 'ride/seat' }] }),
    );
    const learned = (lessons: readonly Lesson[]) => [
      ...(learnOwn(lessons, [], { ...base, packs: examples }).topics?.keys() ?? []),
    ];
    expect(learned([...said, ...more])).toContain('ride/seat');
    expect(learned(said)).not.toContain('ride/seat');
  });
});
