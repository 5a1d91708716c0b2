import { emotionNames } from '@closeloop/contracts';
import { emotionFeatures, type EmotionModel } from '../domain/emotions/judge-emotions.js';
import { calibrated, calibrationOf, type Calibration } from '../domain/learning/calibration.js';
import { fit, type Example } from '../domain/learning/fit.js';
import { logitsOf, softmax, type LinearModel } from '../domain/learning/linear-model.js';
import { partOf } from '../domain/learning/text-classifier.js';
import { readEnglish } from '../domain/sentiment/judge-sentiment.js';
import { emoticons, type Lexicon } from '../domain/sentiment/lexicon.js';
import { lexiconFeatureCount } from '../domain/sentiment/lexicon-features.js';
import { tokensOf } from '../domain/text/tokens.js';
import { ekmanOf } from './go-emotions.js';

/** Rare emotions count more: by this power of how rare they are. */
const balance = 0.3;
/** Without caution, names and slips that come with a rare emotion once are taken for signs of it: macro-F1 .02 less. */
const options = { buckets: 2 ** 18, epochs: 3, rate: 0.2, caution: 0.1, seed: 20_261_126 };

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
    const tokens = tokensOf(text, emoticons);
    const rarest = Math.min(...counts.filter((_, k) => has[k]));
    return {
      text,
      has,
      example: {
        ...emotionFeatures(tokens, read(tokens)),
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

/** Confidences that are tried as thresholds */
const tried = Array.from({ length: 80 }, (_, at) => (at + 5) / 100);

/** With which threshold F1 is best. @param sure how sure it is of each text that the emotion holds */
function thresholdOf(sure: readonly number[], holds: readonly boolean[]): number {
  const there = holds.filter(Boolean).length;
  const scores = tried.map((threshold) => {
    let [hits, said] = [0, 0];
    sure.forEach((confidence, at) => {
      if (confidence < threshold) return;
      said += 1;
      if (holds[at]) hits += 1;
    });
    return said + there === 0 ? 0 : (2 * hits) / (said + there);
  });
  return tried[scores.indexOf(Math.max(...scores))]!;
}

/** Not 5: texts that an evaluation of five parts leaves out are one of those by the same hash, and the others would be what is left. */
const parts = 4;

/** By row and class, the shares that are said by a model which has not learned from the row's part. */
function unseenShares(rows: readonly Row[]): Float64Array[] {
  const partOfRow = rows.map(({ text }) => partOf(text, parts));
  const models = Array.from({ length: parts }, (_, part) => fitted(rows.filter((_row, at) => partOfRow[at] !== part)));
  return rows.map(({ example }, at) => {
    const shares = new Float64Array(emotionNames.length);
    logitsOf(models[partOfRow[at]!]!, example, shares);
    softmax(shares);
    return shares;
  });
}

const rounded = ({ slope, offset }: Calibration): Calibration => ({
  slope: Math.round(slope * 1000) / 1000,
  offset: Math.round(offset * 1000) / 1000,
});

/** Trained on all; how sure it is and the thresholds are found on each part of it, by a model that was trained on the others. */
export function trainEmotions(texts: readonly LabelledEmotions[], lexicon: Lexicon): EmotionModel {
  const rows = rowsOf(texts, lexicon);
  const unseen = unseenShares(rows);
  const found = emotionNames.map((_, k) => {
    const shares = unseen.map((ofRow) => ofRow[k]!);
    const holds = rows.map(({ has }) => has[k]!);
    const calibration = rounded(calibrationOf(shares, holds));
    const sure = shares.map((share) => calibrated(share, calibration));
    return { calibration, threshold: thresholdOf(sure, holds) };
  });
  return {
    linear: fitted(rows),
    calibrations: found.map(({ calibration }) => calibration),
    thresholds: found.map(({ threshold }) => threshold),
  };
}
