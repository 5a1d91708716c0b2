import { hashOf, type GramOptions } from '../text/grams.js';
import { fit } from './fit.js';
import { logitsOf, softmax, type Features, type LinearModel } from './linear-model.js';

/** What is learned from examples: intents, topics, a company's own sentiment. All by the same way. */
export const learnedGrams: GramOptions = { words: 2, negation: true, letters: [3, 5] };

export interface LabelledExample {
  readonly text: string;
  readonly label: string;
  /** How much it counts; 1 where it is not said */
  readonly weight?: number;
}

export interface LearnOptions {
  /** As the classifier will read texts */
  readonly read: (text: string) => Features;
  readonly dense: number;
  readonly epochs: number;
  readonly rate: number;
  readonly seed: number;
  /** A power of two; 2^17 where it is not said */
  readonly buckets?: number;
  /** As fit has them */
  readonly dropout?: number;
  readonly rarity?: number;
}

export interface TextClassifier {
  readonly model: LinearModel;
  /** By class of the model; they sum to 1 */
  shares(text: string): Float64Array;
}

const manyBuckets = 2 ** 17;

/** The same text, whatever its case and spaces: what is split or left out is so by it. */
export const normalisedText = (text: string): string => text.toLowerCase().replaceAll(/\s+/g, ' ').trim();

/** 0..parts-1, by the normalised text: equal texts are in one part. */
export const partOf = (text: string, parts: number): number => (hashOf(normalisedText(text)) >>> 4) % parts;

/** @throws RangeError where there are not two labels */
export function learn(examples: readonly LabelledExample[], { read, ...options }: LearnOptions): TextClassifier {
  const classes = [...new Set(examples.map(({ label }) => label))].sort();
  if (classes.length < 2) throw new RangeError(`there is nothing to tell apart: ${classes.length} label`);
  const model = fit(
    examples.map(({ text, label, weight = 1 }) => ({
      ...read(text),
      target: classes.map((one) => Number(one === label)),
      weight,
    })),
    { buckets: manyBuckets, ...options, classes },
  );
  return classifierOf(model, read);
}

/** @param read as the texts that it learned from were read */
export function classifierOf(model: LinearModel, read: (text: string) => Features): TextClassifier {
  const shares = new Float64Array(model.classes.length);
  return {
    model,
    shares(text) {
      logitsOf(model, read(text), shares);
      softmax(shares);
      return shares;
    },
  };
}
