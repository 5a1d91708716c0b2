import { emotionNames } from '@closeloop/contracts';
import type { EmotionModel } from '../domain/emotions/judge-emotions.js';
import { fit, type Example } from '../domain/learning/fit.js';
import { logitsOf, softmax, type LinearModel } from '../domain/learning/linear-model.js';
import { readEnglish } from '../domain/sentiment/judge-sentiment.js';
import { emoticons, type Lexicon } from '../domain/sentiment/lexicon.js';
import { lexiconFeatureCount } from '../domain/sentiment/lexicon-features.js';
import { hashOf } from '../domain/text/grams.js';
import { tokensOf } from '../domain/text/tokens.js';
import { ekmanOf } from './go-emotions.js';

/** Rare emotions count more: by this power of how rare they are. */
const balance = 0.5;
const options = { buckets: 2 ** 18, epochs: 4, rate: 0.1, seed: 20_261_126 };

/** A text of GoEmotions, and which of `emotionNames` it has. */
interface Row {
  readonly text: string;
  readonly has: readonly boolean[];
  readonly example: Example;
}

export interface LabelledEmotions {
  readonly text: string;
  /** Numbers of GoEmotions joined by commas */
  readonly label: string;
}

function rowsOf(texts: readonly LabelledEmotions[], lexicon: Lexicon): Row[] {
  const read = readEnglish(lexicon);
  const rows = texts.flatMap(({ text, label }) => {
    const names = ekmanOf(label);
    return names ? [{ text, has: emotionNames.map((name) => names.has(name)) }] : [];
  });
  const counts = emotionNames.map((_, k) => rows.filter(({ has }) => has[k]).length);
  return rows.map(({ text, has }) => {
    const size = has.filter(Boolean).length;
    const rarest = Math.min(...counts.filter((_, k) => has[k]));
    return {
      text,
      has,
      example: {
        ...read(tokensOf(text, emoticons)),
        target: has.map((it) => Number(it) / size),
        weight: (rows.length / emotionNames.length / rarest) ** balance,
      },
    };
  });
}

const fitted = (rows: readonly Row[]): LinearModel =>
  fit(
    rows.map(({ example }) => example),
    { classes: emotionNames, dense: lexiconFeatureCount, ...options },
  );

/** Shares that are tried as thresholds */
const tried = Array.from({ length: 40 }, (_, at) => 0.04 + at * 0.02);

/** By class: with which threshold F1 is best. @param shares by row, then by class */
function thresholdsOf(rows: readonly Row[], shares: readonly Float64Array[]): number[] {
  return emotionNames.map((_, k) => {
    const scores = tried.map((threshold) => {
      let [hits, said, there] = [0, 0, 0];
      rows.forEach(({ has }, at) => {
        const says = shares[at]![k]! >= threshold;
        if (says) said += 1;
        if (has[k]) there += 1;
        if (says && has[k]) hits += 1;
      });
      return said + there === 0 ? 0 : (2 * hits) / (said + there);
    });
    return Math.round(tried[scores.indexOf(Math.max(...scores))]! * 100) / 100;
  });
}

const held = 5;

/** Trained on all; the thresholds are found on a fifth, by a model that was trained on the rest. */
export function trainEmotions(texts: readonly LabelledEmotions[], lexicon: Lexicon): EmotionModel {
  const rows = rowsOf(texts, lexicon);
  const isHeld = ({ text }: Row) => (hashOf(text.toLowerCase()) >>> 0) % held === 0;
  const judged = rows.filter(isHeld);
  const linear = fitted(rows.filter((row) => !isHeld(row)));
  const shares = judged.map(({ example }) => {
    const found = new Float64Array(emotionNames.length);
    logitsOf(linear, example, found);
    softmax(found);
    return found;
  });
  return { linear: fitted(rows), thresholds: thresholdsOf(judged, shares) };
}
