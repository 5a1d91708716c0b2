import { learn, learnedGrams, type LabelledExample, type TextClassifier } from '../learning/text-classifier.js';
import { emoticons } from '../sentiment/lexicon.js';
import { gramsOf } from '../text/grams.js';
import { tokensOf } from '../text/tokens.js';

const options = { dense: 0, epochs: 8, rate: 0.1, seed: 20_261_126 };
const noDense = new Float32Array(0);

/**
 * Intents or topics of one's own, by examples of them.
 * @throws RangeError where there are not two labels
 */
export const learnLabels = (examples: readonly LabelledExample[]): TextClassifier =>
  learn(examples, {
    read: (text) => ({
      grams: gramsOf(tokensOf(text, emoticons), { ...learnedGrams, negation: false }),
      dense: noDense,
    }),
    ...options,
  });
