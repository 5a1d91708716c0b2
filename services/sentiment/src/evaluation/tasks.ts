import type { Feedback, Sentiment } from '@closeloop/contracts';
import type { Tagger } from '../domain/tagger.js';
import type { LabelledText } from './labelled-text.js';
import type { Verdict } from './scores.js';

export const taskNames = ['sentiment', 'language'] as const;
export type TaskName = (typeof taskNames)[number];

/** What is asked of a tagger, and how its answer is read. */
export interface Task {
  /** What a row's label says of it, in the words of this task; undefined where it says nothing of it */
  readonly gold: (label: string, file: string) => string | undefined;
  /** Said of a row without one */
  readonly wanted: string;
  readonly judge: (tagger: Tagger, row: LabelledText) => Said;
}

export type Said = Omit<Verdict, 'gold'>;

/** The tagger has said nothing: that is wrong, whatever was asked. */
const abstained = '(abstained)';

const feedbackOf = ({ text, rating }: LabelledText): Feedback =>
  ({ kind: 'created', text, ...(rating !== undefined && { rating: { value: rating, scale: 5 } }) }) as Feedback;

const sentiments = ['negative', 'neutral', 'positive'];
/** Within it a mixed text is neutral, where there are three classes. */
const balanced = 0.1;

/** `mixed` by the sign of its score, as labels of three classes know no such thing. */
const ofThree = ({ label, score }: Sentiment): string =>
  label !== 'mixed' ? label : score > balanced ? 'positive' : score < -balanced ? 'negative' : 'neutral';

const languageNames = new Intl.DisplayNames('en', { type: 'language' });
const languages = new Map(
  ['de', 'en', 'es', 'fr', 'it', 'nl', 'pt'].map((tag) => [languageNames.of(tag)!.toLowerCase(), tag]),
);

const tasks: Readonly<Record<TaskName, Task>> = {
  sentiment: {
    gold: (label) => (sentiments.includes(label) ? label : undefined),
    wanted: `a label of ${sentiments.join(', ')}`,
    judge: (tagger, row) => {
      const { sentiment } = tagger.tag(feedbackOf(row));
      return { said: sentiment ? ofThree(sentiment) : abstained, confidence: sentiment?.confidence ?? 0 };
    },
  },
  language: {
    // The sets of UMSAB have their language in their name.
    gold: (label, file) =>
      /^[a-z]{2,3}$/.test(label) ? label : languages.get(/([a-z]+)\.[a-z]+$/.exec(file)?.[1] ?? ''),
    wanted:
      'a label that is a language of BCP 47, such as en, or a file whose name ends with a language, such as umsab_german.jsonl',
    judge: (tagger, row) => {
      const { language } = tagger.tag(feedbackOf(row));
      return { said: language.tag, confidence: language.confidence };
    },
  },
};

export const taskOf = (name: TaskName): Task => tasks[name];
