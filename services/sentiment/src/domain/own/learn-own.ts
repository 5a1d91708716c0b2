import { learnLabels } from '../intent/learn-labels.js';
import type { LabelledExample } from '../learning/text-classifier.js';
import type { LinearModel } from '../learning/linear-model.js';
import { adaptSentiment, type Base } from '../sentiment/adapt-sentiment.js';
import { sentimentClasses } from '../sentiment/judge-sentiment.js';
import type { Lexicon } from '../sentiment/lexicon.js';
import type { Token } from '../text/tokens.js';
import { writtenOf } from '../text/written-text.js';
import type { IntentPack, TopicPack } from '../topics/packs.js';
import { lessonExamples, packExamples, type Examples, type IntentExample, type TopicExample } from './examples.js';
import { isHeldBack, isHeldBackText, type Lesson, type RatedLesson } from './lesson.js';
import type { OrdinaryText } from './ordinary.js';
import type { OwnParts } from './own-model.js';

/** What it is learned over. */
export interface LearningBase {
  readonly lexicon: Lexicon;
  readonly baseOf: (tokens: readonly Token[]) => Base | undefined;
}

/** Stars are a weak label: so much of what a person's word counts. */
const ratingWeight = 0.25;
/** Fewer of a class teach nothing that would hold. */
const fewestOfAClass = 10;
/** One of many models: a topic's need not be large. */
const topicBuckets = 2 ** 15;
/** Topics that are learned, those with the most examples first. */
const mostTopics = 40;

const countsOf = (labels: readonly string[]): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return counts;
};

/** Topics and intents by examples of them: yes or no for each topic with ten of both, intents with ten. */
function learnByExamples({ topics, intents }: Examples): Pick<OwnParts, 'topics' | 'intents'> {
  const learnedIntents = learnIntents(intents);
  const learnedTopics = learnTopics(topics);
  return {
    ...(learnedIntents && { intents: learnedIntents }),
    ...(learnedTopics.size > 0 && { topics: learnedTopics }),
  };
}

/**
 * What packs teach by themselves: those that have ten examples of a topic, as a company's own may. It costs a start about a tenth of a second
 * for each topic, so those that ship, with three examples of each, teach only beside what people have said.
 */
export const learnPacks = (packs: readonly TopicPack[], intents: IntentPack): Pick<OwnParts, 'topics' | 'intents'> =>
  learnByExamples(
    packExamples(
      packs.filter(({ topics }) => topics.some(({ examples = [] }) => examples.length >= fewestOfAClass)),
      intents,
    ),
  );

/**
 * What the lessons teach, those held back left out. A part of which they say too little is not there.
 * Sentiment: over what ships, the corrections and, for a quarter, the stars, each class at least ten times; and plain texts, lest it forgets
 * them. Intents and topics: by what was said and by the examples of the packs.
 */
export function learnOwn(
  lessons: readonly Lesson[],
  rated: readonly RatedLesson[],
  { packs, ordinary, ...base }: LearningBase & { readonly packs: Examples; readonly ordinary: readonly OrdinaryText[] },
): OwnParts {
  const known = lessons.filter(({ feedback }) => !isHeldBack(feedback));
  const stars = rated.filter(({ feedback }) => !isHeldBack(feedback));
  const taught = ordinary.filter(({ text }) => !isHeldBackText(text));
  const plain = taught.filter(({ label }) => label !== undefined);
  const sentiment = learnSentiment(known, stars, plain, base);
  const said = lessonExamples(lessons);
  return {
    ...(sentiment && { sentiment }),
    // The packs alone are known already.
    ...learnByExamples({
      topics: said.topics.length > 0 ? [...packs.topics, ...plain, ...said.topics] : [],
      intents: hasEnough(said.intents) ? [...taught, ...said.intents] : [],
    }),
  };
}

const hasEnough = (said: readonly IntentExample[]): boolean =>
  Math.max(0, ...countsOf(said.map(({ intent }) => intent)).values()) >= fewestOfAClass;

function learnSentiment(
  lessons: readonly Lesson[],
  rated: readonly RatedLesson[],
  plain: readonly OrdinaryText[],
  { lexicon, baseOf }: LearningBase,
): LinearModel | undefined {
  const labelled = lessons.flatMap(({ feedback, said: { sentiment } }): LabelledExample[] =>
    sentiment === undefined || sentiment === 'mixed' ? [] : [{ text: writtenOf(feedback), label: sentiment }],
  );
  const examples = [
    ...labelled,
    ...rated.flatMap(({ feedback, label }): LabelledExample[] =>
      label === 'mixed' ? [] : [{ text: writtenOf(feedback), label, weight: ratingWeight }],
    ),
  ];
  const counts = countsOf(examples.map(({ label }) => label));
  if (labelled.length === 0 || sentimentClasses.some((name) => (counts.get(name) ?? 0) < fewestOfAClass)) {
    return undefined;
  }
  const anchors = plain.map(({ text, label }): LabelledExample => ({ text, label: label! }));
  return adaptSentiment([...examples, ...anchors], lexicon, baseOf).model;
}

function learnIntents(given: readonly IntentExample[]): LinearModel | undefined {
  const examples = given.map(({ text, intent }): LabelledExample => ({ text, label: intent }));
  const counts = countsOf(examples.map(({ label }) => label));
  const enough = examples.filter(({ label }) => counts.get(label)! >= fewestOfAClass);
  return new Set(enough.map(({ label }) => label)).size < 2 ? undefined : learnLabels(enough).model;
}

function learnTopics(examples: readonly TopicExample[]): Map<string, LinearModel> {
  const counts = countsOf(examples.flatMap(({ topics }) => topics));
  const enough = [...counts]
    .filter(([, count]) => count >= fewestOfAClass && examples.length - count >= fewestOfAClass)
    .sort(([one, ones], [other, others]) => others - ones || (one < other ? -1 : 1))
    .slice(0, mostTopics);
  return new Map(
    enough.map(([topic]) => {
      const labelled = examples.map(({ text, topics }) => ({ text, label: topics.includes(topic) ? 'yes' : 'no' }));
      return [topic, learnLabels(labelled, topicBuckets).model];
    }),
  );
}
