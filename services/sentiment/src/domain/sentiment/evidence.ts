import { gramValue, type Features, type LinearModel } from '../learning/linear-model.js';
import type { Token } from '../text/tokens.js';
import type { Traces } from './judge-sentiment.js';

/** A piece of a text that weighed: [start, end) in UTF-16 code units; above 0 for good, below for bad. */
export interface Weighed {
  readonly start: number;
  readonly end: number;
  readonly weight: number;
}

const most = 5;
const least = 0.05;
/** What weighed less than that share of the first is no reason. */
const leastShare = 0.4;
/** One point of the lexicon in the model's own units: about what the good and bad sums weigh */
const lexiconUnit = 0.15;

/** The words and signs that moved the model most between bad and good: the sum of their grams' weights, and what the lexicon says of them. */
export function evidenceOf(
  tokens: readonly Token[],
  { grams }: Features,
  { places, weights }: Traces,
  { sparseWeights, scales, buckets }: LinearModel,
): Weighed[] {
  const value = gramValue(grams.length);
  const [bad, good] = [value * scales[0]!, value * scales[2]!];
  const moved = tokens.map(() => 0);
  for (let n = 0; n < grams.length; n += 1) {
    const row = (grams[n]! & (buckets - 1)) * 3;
    moved[places[n]!]! += sparseWeights[row + 2]! * good - sparseWeights[row]! * bad;
  }
  const weighed = tokens
    .map(({ kind, start, end }, at) => {
      const says = kind === 'word' || kind === 'emoji' || kind === 'emoticon';
      return { start, end, weight: says ? moved[at]! + lexiconUnit * (weights[at] ?? 0) : 0 };
    })
    .filter(({ weight }) => Math.abs(weight) >= least)
    .sort((one, other) => Math.abs(other.weight) - Math.abs(one.weight))
    .slice(0, most);
  const first = Math.abs(weighed[0]?.weight ?? 0);
  return weighed
    .filter(({ weight }) => Math.abs(weight) >= leastShare * first)
    .map(({ start, end, weight }) => ({ start, end, weight: Math.round(weight * 100) / 100 }));
}
