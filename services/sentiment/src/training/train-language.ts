import type { LanguageModel } from '../domain/language/judge-language.js';
import { languageGrams, languageWords } from '../domain/language/judge-language.js';
import { fit } from '../domain/learning/fit.js';
import { emoticons } from '../domain/sentiment/lexicon.js';
import { gramsOf } from '../domain/text/grams.js';
import { tokensOf } from '../domain/text/tokens.js';

export const modelLanguages = ['de', 'en', 'es', 'fr', 'pt'] as const;
export type ModelLanguage = (typeof modelLanguages)[number];

/** Characters of the beginning that is learned from as well: people write short texts too. */
const beginning = 20;
const options = { buckets: 2 ** 16, dense: 0, epochs: 3, rate: 0.2, seed: 20_261_126 };

export interface TextOfLanguage {
  readonly text: string;
  readonly language: ModelLanguage;
}

/** From whole texts and from their beginnings. */
export function trainLanguage(texts: readonly TextOfLanguage[]): LanguageModel {
  const examples = texts.flatMap(({ text, language }) =>
    [text, text.slice(0, beginning), text.slice(beginning, 3 * beginning)].map((part) => ({
      grams: gramsOf(languageWords(tokensOf(part, emoticons)), languageGrams),
      dense: new Float32Array(0),
      target: modelLanguages.map((one) => Number(one === language)),
      weight: 1,
    })),
  );
  return { linear: fit(examples, { classes: modelLanguages, ...options }) };
}
