import type { Feedback, Sentiment, Topic } from '@closeloop/contracts';
import { labelOfThree } from '../domain/sentiment/sentiment-of-shares.js';
import type { Tagger } from '../domain/tagger.js';
import { ekmanOf } from '../training/go-emotions.js';
import type { LabelledText } from './labelled-text.js';

export const taskNames = ['sentiment', 'language', 'emotion', 'topic', 'intent'] as const;
export type TaskName = (typeof taskNames)[number];

/** By label, how sure it is. */
export type Said = ReadonlyMap<string, number>;

/** What is asked of a tagger, and how its answer is read. */
export interface Task {
  /** Whether a text may have several labels */
  readonly several: boolean;
  /** What a row says, in the words of this task; undefined where it says nothing of it */
  readonly golds: (row: LabelledText, file: string) => ReadonlySet<string> | undefined;
  /** Said of a row without one */
  readonly wanted: string;
  readonly judge: (tagger: Tagger, row: LabelledText) => Said;
}

const one = (label: string, confidence: number): Said => new Map([[label, confidence]]);

/** The tagger has said nothing: that is wrong, where one label is asked for. */
const abstained = one('(abstained)', 0);

const feedbackOf = ({ text, rating }: LabelledText): Feedback =>
  ({ kind: 'created', text, ...(rating !== undefined && { rating: { value: rating, scale: 5 } }) }) as Feedback;

const sentiments = ['negative', 'neutral', 'positive'];
const languageNames = new Intl.DisplayNames('en', { type: 'language' });
const languages = new Map(
  ['de', 'en', 'es', 'fr', 'it', 'nl', 'pt'].map((tag) => [languageNames.of(tag)!.toLowerCase(), tag]),
);

/** SemEval's own name for what is of no other aspect. */
const noAspect = 'anecdotes/miscellaneous';
/** SemEval says conflict of an aspect with good and bad in it. */
const polarityOf = (label: Sentiment['label']): string => (label === 'mixed' ? 'conflict' : label);

/** Aspects are the first level of topics; of several topics in one the surest speaks. */
function aspectsOf(topics: readonly Topic[] | undefined, whole: Sentiment | undefined): Said {
  const said = new Map<string, number>();
  const seen = new Set<string>();
  for (const { name, confidence, sentiment } of topics ?? []) {
    const aspect = name.split('/')[0]!;
    if (seen.has(aspect) || !sentiment) continue;
    seen.add(aspect);
    said.set(`${aspect} ${polarityOf(sentiment.label)}`, confidence * sentiment.confidence);
  }
  if (said.size === 0 && whole) said.set(`${noAspect} ${polarityOf(whole.label)}`, whole.confidence);
  return said;
}

const tasks: Readonly<Record<TaskName, Task>> = {
  sentiment: {
    several: false,
    golds: ({ label }) => (sentiments.includes(label) ? new Set([label]) : undefined),
    wanted: `a label of ${sentiments.join(', ')}`,
    judge: (tagger, row) => {
      const { sentiment } = tagger.tag(feedbackOf(row));
      return sentiment ? one(labelOfThree(sentiment), sentiment.confidence) : abstained;
    },
  },
  language: {
    several: false,
    // The sets of UMSAB have their language in their name.
    golds: ({ label }, file) => {
      const tag = /^[a-z]{2,3}$/.test(label) ? label : languages.get(/([a-z]+)\.[a-z]+$/.exec(file)?.[1] ?? '');
      return tag === undefined ? undefined : new Set([tag]);
    },
    wanted:
      'a label that is a language of BCP 47, such as en, or a file whose name ends with a language, such as umsab_german.jsonl',
    judge: (tagger, row) => {
      const { language } = tagger.tag(feedbackOf(row));
      return one(language.tag, language.confidence);
    },
  },
  emotion: {
    several: true,
    golds: ({ label }) => ekmanOf(label),
    wanted: 'a label of numbers of GoEmotions, such as 3 or 3,10',
    judge: (tagger, row) =>
      new Map(tagger.tag(feedbackOf(row)).emotions?.map(({ name, confidence }) => [name, confidence])),
  },
  topic: {
    several: true,
    golds: ({ cats }) => cats && new Set(cats.map(([aspect, polarity]) => `${aspect} ${polarity}`)),
    wanted: 'cats, pairs of an aspect and how it is spoken of; with --adapt or --folds a label does',
    judge: (tagger, row) => {
      const { topics, sentiment } = tagger.tag(feedbackOf(row));
      return aspectsOf(topics, sentiment);
    },
  },
  intent: {
    several: false,
    golds: ({ label }) => (label === '' ? undefined : new Set([label])),
    wanted: 'a label',
    judge: (tagger, row) => {
      const { intent } = tagger.tag(feedbackOf(row));
      return intent ? one(intent.name, intent.confidence) : abstained;
    },
  },
};

export const taskOf = (name: TaskName): Task => tasks[name];
