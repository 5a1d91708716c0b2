import { trainEmotions } from '../training/train-emotions.js';
import { emotionFeatures, judgeEmotions } from '../domain/emotions/judge-emotions.js';
import { learnLabels } from '../domain/intent/learn-labels.js';
import { partOf, normalisedText, type TextClassifier } from '../domain/learning/text-classifier.js';
import { adaptSentiment, type Base } from '../domain/sentiment/adapt-sentiment.js';
import { readEnglish } from '../domain/sentiment/judge-sentiment.js';
import { emoticons, type Lexicon } from '../domain/sentiment/lexicon.js';
import { tokensOf, type Token } from '../domain/text/tokens.js';
import type { LabelledText } from './labelled-text.js';
import type { Said, TaskName } from './tasks.js';

export type Judge = (row: LabelledText) => Said;

/** What judges were learned with. */
export interface Learner {
  readonly lexicon: Lexicon;
  /** What adapting builds upon; without: from nothing but the lexicon, as when a set that trained it is judged */
  readonly baseOf?: (tokens: readonly Token[]) => Base | undefined;
}

/** The out-of-scope label of clinc150: never what a text is in scope for. */
export const outOfScope = 'oos';

const ofClassifier = (classifier: TextClassifier): Judge => {
  const { classes } = classifier.model;
  return ({ text }) => {
    const found = classifier.shares(text);
    let best = 0;
    for (let k = 1; k < found.length; k += 1) if (found[k]! > found[best]!) best = k;
    return new Map([[classes[best]!, found[best]!]]);
  };
};

/** @throws RangeError where the rows have not two labels */
function learnJudge(task: TaskName, rows: readonly LabelledText[], { lexicon, baseOf }: Learner): Judge {
  if (task === 'sentiment') return ofClassifier(adaptSentiment(rows, lexicon, baseOf ?? (() => undefined)));
  if (task !== 'emotion') return ofClassifier(learnLabels(rows));
  const model = trainEmotions(rows, lexicon);
  const read = readEnglish(lexicon);
  return ({ text }) => {
    const tokens = tokensOf(text, emoticons);
    const emotions = judgeEmotions(emotionFeatures(tokens, read(tokens)), model);
    return new Map(emotions.map(({ name, confidence }) => [name, confidence]));
  };
}

/** Of K parts each is judged by what was learned from the others. Texts that are the same are in one part. */
export function foldedJudge(task: TaskName, rows: readonly LabelledText[], folds: number, learner: Learner): Judge {
  const judges = Array.from({ length: folds }, (_, fold) =>
    learnJudge(
      task,
      rows.filter(({ text }) => partOf(text, folds) !== fold),
      learner,
    ),
  );
  return (row) => judges[partOf(row.text, folds)]!(row);
}

/** Learned from those of `rows` whose texts are not among those that are judged. */
export function adaptedJudge(
  task: TaskName,
  rows: readonly LabelledText[],
  judged: readonly LabelledText[],
  learner: Learner,
): Judge {
  const texts = new Set(judged.map(({ text }) => normalisedText(text)));
  return learnJudge(
    task,
    rows.filter(({ text }) => !texts.has(normalisedText(text))),
    learner,
  );
}
