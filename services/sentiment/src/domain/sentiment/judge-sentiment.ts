import { logitsOf, softmax, type Features, type LinearModel } from '../learning/linear-model.js';
import { clausesOf, type Clause } from '../text/clauses.js';
import { gramsOf, hashOf, type GramOptions } from '../text/grams.js';
import { negatedOf } from '../text/negation.js';
import type { Token } from '../text/tokens.js';
import type { Lexicon } from './lexicon.js';
import { lexiconFeatures } from './lexicon-features.js';

/** Its classes, in this order everywhere. */
export const sentimentClasses = ['negative', 'neutral', 'positive'] as const;

/** Of sentimentClasses; they sum to 1. */
export type Shares = readonly [negative: number, neutral: number, positive: number];

/** What is counted of an English text for its sentiment and its emotions. */
const englishGrams: GramOptions = { words: 2, negation: true };
/** Of other languages: there are fewer texts to learn from, and more forms of each word. */
const otherGrams: GramOptions = { words: 2, letters: [3, 5] };

/** What a text consists of, for a model: the same for learning and for judging. `traces`: what weighs where is written there */
export type ReadFeatures = (tokens: readonly Token[], traces?: Traces) => Features;

export interface Traces {
  /** By gram, the token that it ends with */
  readonly places: number[];
  /** By token, what the lexicon says of it */
  readonly weights: number[];
}

export const readEnglish =
  (lexicon: Lexicon): ReadFeatures =>
  (tokens, traces) => {
    const negated = negatedOf(tokens);
    return {
      grams: gramsOf(tokens, englishGrams, negated, 0, traces?.places),
      dense: lexiconFeatures(tokens, negated, lexicon, traces?.weights),
    };
  };

/** Its words are its own: what the same letters are in another language is another gram, and no word of the English lexicon. */
export function readOther(language: string, lexicon: Lexicon): ReadFeatures {
  const seed = hashOf(language);
  const signs: Lexicon = { ...lexicon, words: new Map(), phrases: new Map() };
  return (tokens, traces) => ({
    grams: gramsOf(tokens, otherGrams, undefined, seed, traces?.places),
    dense: lexiconFeatures(tokens, [], signs, traces?.weights),
  });
}

export interface SentimentModel {
  readonly linear: LinearModel;
  /** Of the softmax, so that shares are frequencies */
  readonly temperature: number;
}

export interface SentimentJudgement {
  readonly whole: Shares;
  readonly clauses: readonly { readonly clause: Clause; readonly shares: Shares }[];
}

/** By the linear model alone. */
function sharesOf(features: Features, { linear, temperature }: SentimentModel): Shares {
  const shares = new Float64Array(3);
  logitsOf(linear, features, shares);
  softmax(shares, temperature);
  return [shares[0]!, shares[1]!, shares[2]!];
}

/** How much the whole text weighs beside its strongest clauses. */
const wholeWeight = 0.5;
/** What speaks for and against is neither: how much that adds to neutral. */
const contradictionWeight = 0.25;

/** How sure it is that one clause is bad and another one good: 0..1. */
export const contradictionOf = (clauses: readonly { readonly shares: Shares }[]): number => {
  let [worst, best] = [0, 0];
  for (const { shares } of clauses) {
    worst = Math.max(worst, shares[0]);
    best = Math.max(best, shares[2]);
  }
  return clauses.length < 2 ? 0 : Math.min(worst, best);
};

/** What the strongest clauses say: of good and bad the most, of neutral the least; brought to a sum of 1. */
function strongest(clauses: readonly { readonly shares: Shares }[]): Shares {
  let [negative, neutral, positive] = [0, 1, 0];
  for (const { shares } of clauses) {
    negative = Math.max(negative, shares[0]);
    neutral = Math.min(neutral, shares[1]);
    positive = Math.max(positive, shares[2]);
  }
  const sum = negative + neutral + positive;
  return [negative / sum, neutral / sum, positive / sum];
}

/**
 * The whole text and each of its clauses judged alike, and brought together: a model that learned from short texts knows a clause better
 * than a long review, and one clause that is plain is not made vague by others that say nothing.
 */
export function judgeSentiment(
  tokens: readonly Token[],
  features: Features,
  model: SentimentModel,
  read: ReadFeatures,
): SentimentJudgement {
  const whole = sharesOf(features, model);
  const clauses = clausesOf(tokens);
  if (clauses.length < 2) return { whole, clauses: clauses.map((clause) => ({ clause, shares: whole })) };
  const judged = clauses.map((clause) => ({
    clause,
    shares: sharesOf(read(tokens.slice(clause.from, clause.to)), model),
  }));
  const most = strongest(judged);
  const contradiction = contradictionWeight * contradictionOf(judged);
  const blended = (k: 0 | 1 | 2) => wholeWeight * whole[k] + (1 - wholeWeight) * most[k];
  const sum = 1 + contradiction;
  return {
    whole: [blended(0) / sum, (blended(1) + contradiction) / sum, blended(2) / sum],
    clauses: judged,
  };
}
