import type { LanguageTag } from '@closeloop/contracts';
import { logitsOf, softmax, type LinearModel } from '../learning/linear-model.js';
import { lentGramsOf, type GramOptions } from '../text/grams.js';
import type { Token } from '../text/tokens.js';
import { wordsOf } from '../text/written-text.js';

/** What a detector of many languages says of a text. */
export interface Detection {
  /** ISO 639-1; empty where it has no idea */
  readonly language: string;
  readonly reliable: boolean;
}

export type DetectLanguage = (words: string) => Detection;

/** Tells its few languages apart; of others it knows nothing. */
export interface LanguageModel {
  /** Its classes are languages of ISO 639-1 */
  readonly linear: LinearModel;
}

/** The language of a feedback, and the one its text most looks like where that is not sure enough to be said. */
export interface LanguageJudgement extends LanguageTag {
  readonly guess: string;
}

/** What the language model counts. */
export const languageGrams: GramOptions = { words: 1, letters: [2, 4] };

/** Below this many letters a text is too short for its language to be told from the text alone. */
const fewestLetters = 8;
/** A language is said from this share on. */
const leastShare = 0.7;
/** English of which nobody need be asked again: its share, and how many of its words are the ones that every English text has. */
const plainShare = 0.95;
const plainWords = 0.25;
/** Above this share no text of two languages was seen, so its halves need no look of their own. */
const clearShare = 0.999;
const halfShare = 0.9;
const fewestLettersToHalve = 30;
/** More letters change nothing but the time it takes. */
const enoughLetters = 400;
/** The detector of many languages is believed on as many letters, or where the model is no surer than that. */
const telling = { letters: 30, share: 0.85 };

/** Share of right answers among those that eld calls reliable, by number of letters: 10,601 tweets of UMSAB in five languages. */
const shareRight: readonly { below: number; share: number }[] = [
  { below: 20, share: 0.868 },
  { below: 40, share: 0.955 },
  { below: Infinity, share: 0.99 },
];

const commonEnglish: ReadonlySet<string> = new Set(
  (
    'the a an and or but to of in on at for with from by as is are was were be been am i you he she it we they me my your our his her ' +
    "their this that these those not no do does did don't didn't have has had will would can could so if when what why how just it's i'm"
  ).split(' '),
);

/** The first part of a BCP 47 tag, where it names a language: not so in `x-klingon`. */
const primaryLanguage = /^[a-z]{2,3}(?=-|$)/i;
/** What a source says of its own feedback; not measured, so below what a long text says by itself. */
const hintConfidence = 0.8;
const undeterminedConfidence = 0.2;

const three = (value: number): number => Math.round(value * 1000) / 1000;

const undetermined = (guess: string): LanguageJudgement => ({
  tag: 'und',
  confidence: guess === '' ? 0 : undeterminedConfidence,
  guess,
});

/** Words that it is judged by: of the first letters, and enough of them. */
export function languageWords(tokens: readonly Token[]): Token[] {
  const words: Token[] = [];
  let letters = 0;
  for (const token of tokens) {
    if (token.kind !== 'word') continue;
    words.push(token);
    letters += token.end - token.start;
    if (letters >= enoughLetters) break;
  }
  return words;
}

const lettersOf = (words: readonly Token[]): number => words.reduce((sum, { start, end }) => sum + end - start, 0);

const noDense = new Float32Array(0);

function likeliest(tokens: readonly Token[], { linear }: LanguageModel): { language: string; share: number } {
  if (tokens.length === 0) return { language: '', share: 0 };
  const shares = new Float64Array(linear.classes.length);
  logitsOf(linear, { grams: lentGramsOf(tokens, languageGrams), dense: noDense }, shares);
  softmax(shares);
  let best = 0;
  shares.forEach((share, k) => {
    if (share > shares[best]!) best = k;
  });
  return { language: linear.classes[best]!, share: shares[best]! };
}

/** Of those that the model knows; empty where there are no words. */
export const likeliestLanguage = (tokens: readonly Token[], model: LanguageModel): string =>
  likeliest(languageWords(tokens), model).language;

const isPlainEnglish = (tokens: readonly Token[]): boolean =>
  tokens.filter(({ text }) => commonEnglish.has(text)).length >= plainWords * tokens.length;

const isMixed = (tokens: readonly Token[], letters: number, share: number, model: LanguageModel): boolean => {
  if (letters < fewestLettersToHalve || share > clearShare) return false;
  const middle = Math.floor(tokens.length / 2);
  const [first, second] = [likeliest(tokens.slice(0, middle), model), likeliest(tokens.slice(middle), model)];
  return first.language !== second.language && first.share > halfShare && second.share > halfShare;
};

/**
 * The language of a text. The text speaks first, the source's hint decides where the text cannot; `und` where neither
 * can (few letters, emoji alone, two languages in one text, a close call).
 * @param tokens of the text
 * @param hint BCP 47, as the source gave it
 * @param detect asked where the text is not plainly English: it may be a language that the model does not know
 */
export function judgeLanguage(
  text: string,
  tokens: readonly Token[],
  hint: string | undefined,
  model: LanguageModel,
  detect: DetectLanguage,
): LanguageJudgement {
  const words = languageWords(tokens);
  const letters = lettersOf(words);
  const hinted = hint === undefined ? '' : (primaryLanguage.exec(hint)?.[0].toLowerCase() ?? '');
  const { language, share } = likeliest(words, model);
  const plain = language === 'en' && share >= plainShare && isPlainEnglish(words);
  const other = plain || letters < fewestLetters ? undefined : detect(wordsOf(text));
  const believed = other?.reliable && (letters >= telling.letters || share < telling.share);
  if (believed && !model.linear.classes.includes(other.language)) {
    const confidence = shareRight.find(({ below }) => letters < below)!.share;
    return { tag: other.language, confidence, guess: other.language };
  }
  const tells = letters >= fewestLetters && share >= leastShare;
  if (tells && !isMixed(words, letters, share, model)) {
    return { tag: language, confidence: three(share), guess: language };
  }
  // A text that plainly is two languages stays undetermined, whatever the source says of it.
  if (hinted !== '' && !tells) return { tag: hinted, confidence: hintConfidence, guess: hinted };
  return undetermined(letters === 0 ? '' : (other?.language ?? language));
}
