import {
  classifierOf,
  learn,
  learnedGrams,
  type LabelledExample,
  type TextClassifier,
} from '../learning/text-classifier.js';
import { logitsOf, type Features, type LinearModel } from '../learning/linear-model.js';
import { gramsOf } from '../text/grams.js';
import { negatedOf } from '../text/negation.js';
import { tokensOf, type Token } from '../text/tokens.js';
import { sentimentClasses, type ReadFeatures, type SentimentModel } from './judge-sentiment.js';
import { emoticons, type Lexicon } from './lexicon.js';
import { lexiconFeatureCount, lexiconFeatures } from './lexicon-features.js';

/** What is built upon: how a text is read for a model that knows its language. */
export interface Base {
  readonly model: SentimentModel;
  readonly read: ReadFeatures;
}

const options = { epochs: 6, rate: 0.05, seed: 20_261_126 };
const baseScale = 0.5;

/** @param base undefined: it has only the lexicon to go by */
function reader(lexicon: Lexicon, baseOf: (tokens: readonly Token[]) => Base | undefined): (text: string) => Features {
  const logits = new Float64Array(sentimentClasses.length);
  return (text) => {
    const tokens = tokensOf(text, emoticons);
    const negated = negatedOf(tokens);
    const dense = new Float32Array(lexiconFeatureCount + logits.length);
    dense.set(lexiconFeatures(tokens, negated, lexicon));
    const base = baseOf(tokens);
    if (base) {
      logitsOf(base.model.linear, base.read(tokens), logits);
      const mean = logits.reduce((sum, logit) => sum + logit, 0) / logits.length;
      logits.forEach((logit, k) => (dense[lexiconFeatureCount + k] = (logit - mean) * baseScale));
    }
    return { grams: gramsOf(tokens, learnedGrams, negated), dense };
  };
}

/**
 * A company's own sentiment: learned from its labelled texts, over what the shipped model says of them, whose logits are features among the
 * others. Few texts move it little.
 * @param baseOf what is built upon, by the tokens of a text
 * @throws RangeError where there are not two labels
 */
export const adaptSentiment = (
  examples: readonly LabelledExample[],
  lexicon: Lexicon,
  baseOf: (tokens: readonly Token[]) => Base | undefined,
): TextClassifier =>
  learn(examples, { read: reader(lexicon, baseOf), dense: lexiconFeatureCount + sentimentClasses.length, ...options });

/** The same from a model that was learned before, over the same base. */
export const adaptedClassifier = (
  model: LinearModel,
  lexicon: Lexicon,
  baseOf: (tokens: readonly Token[]) => Base | undefined,
): TextClassifier => classifierOf(model, reader(lexicon, baseOf));
