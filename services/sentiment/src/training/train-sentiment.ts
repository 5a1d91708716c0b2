import { fit, type Example } from '../domain/learning/fit.js';
import type { LinearModel } from '../domain/learning/linear-model.js';
import {
  judgeSentiment,
  readEnglish,
  readOther,
  sentimentClasses,
  type ReadFeatures,
  type SentimentModel,
} from '../domain/sentiment/judge-sentiment.js';
import { emoticons, type Lexicon } from '../domain/sentiment/lexicon.js';
import { lexiconFeatureCount } from '../domain/sentiment/lexicon-features.js';
import { hashOf } from '../domain/text/grams.js';
import { tokensOf } from '../domain/text/tokens.js';
import { isNegativeEmotion, isPositiveEmotion, neutralEmotion } from './go-emotions.js';
import { readSet, type SetFile, type SetRow } from './sets.js';

/**
 * How much a text of each set counts. Domains count more alike than their sizes: GoEmotions is ten times as large as the others, its labels
 * are of emotions; films and editorials are less like feedback than products and posts.
 */
const setWeights: readonly (readonly [SetFile, number])[] = [
  ['vader_tweets.jsonl', 1],
  ['vader_amazonReviewSnippets.jsonl', 1],
  ['vader_movieReviewSnippets.jsonl', 0.15],
  ['vader_nytEditorialSnippets.jsonl', 0.1],
  ['umsab_english.jsonl', 1.5],
  ['goemotions.jsonl', 0.05],
];

const neutralUpTo = 0.2;
const clearFrom = 1.4;
/** A rare class counts more, at most so many times. */
const mostBalance = 3;
const options = { buckets: 2 ** 18, epochs: 3, rate: 0.1, seed: 20_261_126 };

type Target = readonly [number, number, number];

/** Raters' mean of -4..4 as shares: all neutral near 0, less and less until it is clear. */
function targetOfMean(mean: number): Target {
  const strength = Math.abs(mean);
  const neutral = Math.max(0, Math.min(1, (clearFrom - strength) / (clearFrom - neutralUpTo)));
  return mean < 0 ? [1 - neutral, neutral, 0] : [0, neutral, 1 - neutral];
}

function targetOfEmotions(label: string): Target | undefined {
  const emotions = label.split(',').map(Number);
  const [good, bad] = [emotions.some(isPositiveEmotion), emotions.some(isNegativeEmotion)];
  if (good && bad) return undefined;
  if (good || bad) return [Number(bad), 0, Number(good)];
  return emotions.includes(neutralEmotion) ? [0, 1, 0] : undefined;
}

function targetOf(file: SetFile, row: SetRow): Target | undefined {
  if (row.mean !== undefined) return targetOfMean(row.mean);
  if (file === 'goemotions.jsonl') return targetOfEmotions(row.label);
  const [negative, neutral, positive] = sentimentClasses.map((name) => Number(name === row.label));
  return [negative!, neutral!, positive!];
}

interface Domain {
  readonly file: SetFile;
  readonly rows: readonly { readonly text: string; readonly example: Example }[];
}

function domainOf(folder: string, read: ReadFeatures, file: SetFile, setWeight: number): Domain {
  const rows = readSet(folder, file).flatMap((row) => {
    const target = targetOf(file, row);
    return target ? [{ text: row.text, target }] : [];
  });
  const mass = [0, 1, 2].map((k) => rows.reduce((sum, { target }) => sum + target[k]!, 0));
  return {
    file,
    rows: rows.map(({ text, target }) => {
      const likeliest = target.indexOf(Math.max(...target));
      const weight = setWeight * Math.min(mostBalance, rows.length / 3 / mass[likeliest]!);
      return { text, example: { ...read(tokensOf(text, emoticons)), target, weight } };
    }),
  };
}

const fitted = (domains: readonly Domain[]): LinearModel =>
  fit(
    domains.flatMap(({ rows }) => rows.map(({ example }) => example)),
    { classes: sentimentClasses, dense: lexiconFeatureCount, ...options },
  );

/** Of a set that was left out: the cross-entropy of what is said of its texts, each counted by its weight. */
function lossOf(model: SentimentModel, rows: Domain['rows'], readOf: (row: number) => ReadFeatures): number {
  let [loss, weights] = [0, 0];
  for (const [at, { text, example }] of rows.entries()) {
    const { whole } = judgeSentiment(tokensOf(text, emoticons), example, model, readOf(at));
    for (let k = 0; k < 3; k += 1) loss -= example.weight * example.target[k]! * Math.log(Math.max(1e-6, whole[k]!));
    weights += example.weight;
  }
  return loss / weights;
}

const temperatures = Array.from({ length: 21 }, (_, at) => Math.round((0.5 + at * 0.1) * 10) / 10);

/** What was found while it was trained, for the model card. */
export interface SentimentTraining {
  readonly model: SentimentModel;
  readonly texts: Readonly<Record<string, number>>;
}

/**
 * Trained on all permissive sets; its temperature is the one with which models that were trained without one of them judge that one
 * best: how sure one may be of texts from elsewhere.
 */
export function trainSentiment(folder: string, lexicon: Lexicon, say: (line: string) => void): SentimentTraining {
  const read = readEnglish(lexicon);
  const domains = setWeights.map(([file, weight]) => domainOf(folder, read, file, weight));
  const losses = temperatures.map(() => 0);
  for (const left of domains) {
    const linear = fitted(domains.filter((domain) => domain !== left));
    temperatures.forEach((temperature, at) => (losses[at]! += lossOf({ linear, temperature }, left.rows, () => read)));
    say(`sentiment without ${left.file}: loss ${lossOf({ linear, temperature: 1 }, left.rows, () => read).toFixed(4)}`);
  }
  const temperature = temperatures[losses.indexOf(Math.min(...losses))]!;
  say(`sentiment: temperature ${temperature.toFixed(1)}`);
  return {
    model: { linear: fitted(domains), temperature },
    texts: Object.fromEntries(domains.map(({ file, rows }) => [file, rows.length])),
  };
}

/** Those that UMSAB has beside English */
export const otherLanguages = ['de', 'es', 'fr', 'pt'] as const;
export type OtherLanguage = (typeof otherLanguages)[number];

export const otherSets: Readonly<Record<OtherLanguage, SetFile>> = {
  de: 'umsab_german.jsonl',
  es: 'umsab_spanish.jsonl',
  fr: 'umsab_french.jsonl',
  pt: 'umsab_portuguese.jsonl',
};

const folds = 5;
const otherOptions = { buckets: 2 ** 18, dense: lexiconFeatureCount, epochs: 6, rate: 0.05, seed: 20_261_126 };

/** One model of four languages, whose words are kept apart. Its temperature is found on fifths that were left out. */
export function trainOtherSentiment(folder: string, lexicon: Lexicon): SentimentTraining {
  const rows = otherLanguages.flatMap((language) => {
    const read = readOther(language, lexicon);
    const { rows: ofLanguage } = domainOf(folder, read, otherSets[language], 1);
    return ofLanguage.map((row) => ({ ...row, read, file: otherSets[language] }));
  });
  const fitRows = (some: typeof rows) =>
    fit(
      some.map(({ example }) => example),
      { classes: sentimentClasses, ...otherOptions },
    );
  const foldOf = ({ text }: { text: string }) => (hashOf(text.toLowerCase()) >>> 0) % folds;
  const losses = temperatures.map(() => 0);
  for (let fold = 0; fold < folds; fold += 1) {
    const held = rows.filter((row) => foldOf(row) === fold);
    const linear = fitRows(rows.filter((row) => foldOf(row) !== fold));
    temperatures.forEach(
      (temperature, at) => (losses[at]! += lossOf({ linear, temperature }, held, (row) => held[row]!.read)),
    );
  }
  const texts: Record<string, number> = {};
  for (const { file } of rows) texts[file] = (texts[file] ?? 0) + 1;
  return {
    model: { linear: fitRows(rows), temperature: temperatures[losses.indexOf(Math.min(...losses))]! },
    texts,
  };
}
