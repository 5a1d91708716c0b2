import { negations } from '../text/negation.js';
import type { Token } from '../text/tokens.js';
import { emoticons, type Lexicon } from './lexicon.js';

/** How many features there are of each text. */
export const lexiconFeatureCount = 13;

/** "not good" is less bad than "bad" */
const negationFlip = -0.7;
const shoutedFactor = 1.2;
/** Bad words weigh more than good ones: courtesy is common in complaints. */
const badFactor = 1.2;
const usualLength = 15;
const softness = 15;

/**
 * What a lexicon, emoji and punctuation say of a text: sums and counts of good and bad words, by the root of the length beyond 15 words,
 * and the score x / √(x² + 15), the normalisation of VADER (Hutto and Gilbert 2014); of emoji and emoticons; of `!`, `?`, shouting and
 * elongation; what the last word that weighed weighed; negations. Each about -2..3.
 * @param negated by token, as negatedOf has it
 * @param weights by token, what it weighs is written there
 */
export function lexiconFeatures(
  tokens: readonly Token[],
  negated: readonly boolean[],
  lexicon: Lexicon,
  weights?: number[],
): Float32Array {
  let [good, bad, goodCount, badCount, goodSigns, badSigns] = [0, 0, 0, 0, 0, 0];
  let [exclaims, asks, shouts, elongations, negationCount, words, last] = [0, 0, 0, 0, 0, 0, 0];
  const allShouted = tokens.every(({ kind, shouted }) => kind !== 'word' || shouted);
  let previous = '';
  tokens.forEach(({ kind, text, shouted, elongated }, at) => {
    let weight = 0;
    if (kind === 'word') {
      words += 1;
      const phrase = lexicon.phrases.get(previous)?.get(text);
      weight = phrase ?? lexicon.words.get(text) ?? 0;
      // The weight of "not good" has its negation in it
      if (negated[at] && !(phrase !== undefined && negations.has(previous))) weight *= negationFlip;
      if (shouted && !allShouted) {
        weight *= shoutedFactor;
        shouts += 1;
      }
      if (weight > 0) {
        good += weight;
        goodCount += 1;
      } else if (weight < 0) {
        bad -= weight;
        badCount += 1;
      }
      if (negations.has(text)) negationCount += 1;
      if (elongated) elongations += 1;
      previous = text;
    } else if (kind === 'emoji' || kind === 'emoticon') {
      weight = emoticons.get(text) ?? lexicon.emoji.get(text) ?? 0;
      if (weight > 0) goodSigns += weight;
      else badSigns -= weight;
    } else if (kind === 'stop') {
      if (text === '!') exclaims += 1;
      if (text === '?') asks += 1;
    }
    if (weight !== 0) last = weight;
    if (weights) weights[at] = weight;
  });
  const length = Math.sqrt(Math.max(1, words / usualLength));
  const sum = (good - badFactor * bad + goodSigns - badSigns - negationCount) / length;
  const features = new Float32Array(lexiconFeatureCount);
  features[0] = Math.min(3, good / length / 4);
  features[1] = Math.min(3, bad / length / 4);
  features[2] = Math.min(2, goodCount / length / 2);
  features[3] = Math.min(2, badCount / length / 2);
  features[4] = Math.min(2, goodSigns / 3);
  features[5] = Math.min(2, badSigns / 3);
  features[6] = Math.min(1.5, exclaims / 2);
  features[7] = Math.min(1.5, asks / 2);
  features[8] = Math.min(1.5, shouts / 3);
  features[9] = Math.min(1, elongations);
  features[10] = (2 * sum) / Math.sqrt(sum * sum + softness);
  features[11] = Math.tanh(last / 3);
  features[12] = Math.min(2, negationCount / 2);
  return features;
}
