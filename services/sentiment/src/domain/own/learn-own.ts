import { learnLabels } from '../intent/learn-labels.js';
import type { LabelledExample } from '../learning/text-classifier.js';
import type { LinearModel } from '../learning/linear-model.js';
import { adaptSentiment, type Base } from '../sentiment/adapt-sentiment.js';
import { sentimentClasses } from '../sentiment/judge-sentiment.js';
import type { Lexicon } from '../sentiment/lexicon.js';
import type { Token } from '../text/tokens.js';
import { writtenOf } from '../text/written-text.js';
import { isHeldBack, type Lesson, type RatedLesson } from './lesson.js';
import { noIntent, type OwnParts } from './own-model.js';

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

/**
 * What the lessons teach, those held back left out. A part of which they say too little is not there.
 * Sentiment: over what ships, the corrections and, for a quarter, the stars; each class at least ten times. Intents: those with ten
 * examples. Topics: yes or no for each with ten examples of both.
 */
export function learnOwn(lessons: readonly Lesson[], rated: readonly RatedLesson[], base: LearningBase): OwnParts {
  const known = lessons.filter(({ feedback }) => !isHeldBack(feedback));
  const stars = rated.filter(({ feedback }) => !isHeldBack(feedback));
  const sentiment = learnSentiment(known, stars, base);
  const intents = learnIntents(known);
  const topics = learnTopics(known);
  return { ...(sentiment && { sentiment }), ...(intents && { intents }), ...(topics.size > 0 && { topics }) };
}

function learnSentiment(
  lessons: readonly Lesson[],
  rated: readonly RatedLesson[],
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
  return adaptSentiment(examples, lexicon, baseOf).model;
}

function learnIntents(lessons: readonly Lesson[]): LinearModel | undefined {
  const examples = lessons.flatMap(({ feedback, said: { intent } }): LabelledExample[] =>
    intent === undefined ? [] : [{ text: writtenOf(feedback), label: intent ?? noIntent }],
  );
  const counts = countsOf(examples.map(({ label }) => label));
  const enough = examples.filter(({ label }) => counts.get(label)! >= fewestOfAClass);
  return new Set(enough.map(({ label }) => label)).size < 2 ? undefined : learnLabels(enough).model;
}

function learnTopics(lessons: readonly Lesson[]): Map<string, LinearModel> {
  const labelled = lessons.filter(({ said: { topics } }) => topics !== undefined);
  const counts = countsOf(labelled.flatMap(({ said: { topics } }) => topics!.map(({ name }) => name)));
  const enough = [...counts]
    .filter(([, count]) => count >= fewestOfAClass && labelled.length - count >= fewestOfAClass)
    .sort(([one, ones], [other, others]) => others - ones || (one < other ? -1 : 1))
    .slice(0, mostTopics);
  return new Map(
    enough.map(([topic]) => {
      const examples = labelled.map(({ feedback, said: { topics } }) => ({
        text: writtenOf(feedback),
        label: topics!.some(({ name }) => name === topic) ? 'yes' : 'no',
      }));
      return [topic, learnLabels(examples, topicBuckets).model];
    }),
  );
}
