/** Words with what they weigh, -5 (worst) .. 5 (best). Maps, as a customer may well write "constructor". */
export interface Lexicon {
  words: ReadonlyMap<string, number>;
  /** Two words with one space between them */
  phrases: ReadonlyMap<string, number>;
  /** By emoji, without variation selector */
  emoji: ReadonlyMap<string, number>;
}

/** A piece of text that weighed: [start, end) in UTF-16 code units. */
export interface Weight {
  start: number;
  end: number;
  weight: number;
}

const token =
  /https?:\/\/\S+|@[\p{L}\p{N}_]+|[:;=]['-]?[()DPp/|*]|<3|[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*|\p{Extended_Pictographic}|[.!?;]+/gu;

const emoticons: ReadonlyMap<string, number> = new Map([
  [':)', 2],
  [':-)', 2],
  ['=)', 2],
  [';)', 1],
  [';-)', 1],
  [':D', 3],
  [':-D', 3],
  [':P', 1],
  [':p', 1],
  [':*', 2],
  ['<3', 3],
  [':(', -2],
  [':-(', -2],
  ['=(', -2],
  [":'(", -3],
  [':/', -1],
  [':-/', -1],
]);

const negations: ReadonlySet<string> = new Set(
  (
    "not no never none nobody nothing neither nor without hardly barely cannot can't cant don't dont doesn't doesnt " +
    "didn't didnt isn't isnt wasn't wasnt aren't arent weren't werent won't wont wouldn't wouldnt couldn't couldnt " +
    "shouldn't shouldnt hasn't hasnt haven't havent hadn't hadnt ain't aint"
  ).split(' '),
);

const degrees: ReadonlyMap<string, number> = new Map([
  ['extremely', 1.5],
  ['incredibly', 1.5],
  ['absolutely', 1.4],
  ['super', 1.4],
  ['very', 1.3],
  ['really', 1.3],
  ['totally', 1.3],
  ['so', 1.2],
  ['most', 1.2],
  ['too', 1.1],
  ['slightly', 0.7],
  ['somewhat', 0.7],
  ['bit', 0.7],
  ['little', 0.7],
]);

/** A negation turns what follows within this many tokens, in the same sentence. */
const negationReach = 3;
/** "not good" is less bad than "bad" */
const negationFlip = -0.7;
/** What a negation weighs by itself: people who are content rarely need one. */
const negationWeight = -1;
const shoutedFactor = 1.2;

const isShouted = (written: string): boolean =>
  written.length > 2 && written === written.toUpperCase() && /\p{L}/u.test(written);

/** What weighs in a text, in its order. Linear in its length, whatever it holds. */
export function weigh(text: string, lexicon: Lexicon): { weights: Weight[]; words: number } {
  const weights: Weight[] = [];
  const allShouted = isShouted(text);
  let words = 0;
  let position = 0;
  let negatedUntil = -1;
  let degree = 1;
  let previous = '';
  for (const match of text.matchAll(token)) {
    const written = match[0];
    const first = written.charAt(0);
    if (first === '@' || (first === 'h' && written.includes('://'))) continue;
    const start = match.index;
    const end = start + written.length;
    position += 1;
    const symbol = emoticons.get(written) ?? lexicon.emoji.get(written);
    if (symbol !== undefined) {
      weights.push({ start, end, weight: symbol });
      continue;
    }
    if (first === '.' || first === '!' || first === '?' || first === ';') {
      negatedUntil = -1;
      continue;
    }
    words += 1;
    const word = written.toLowerCase().replaceAll('’', "'");
    if (negations.has(word)) {
      weights.push({ start, end, weight: negationWeight });
      negatedUntil = position + negationReach;
    } else {
      const phrase = lexicon.phrases.get(`${previous} ${word}`);
      let weight = phrase ?? lexicon.words.get(word) ?? 0;
      if (weight !== 0) {
        weight *= degree;
        if (!allShouted && isShouted(written)) weight *= shoutedFactor;
        // The weight of "not good" has its negation in it
        const negatedAlready = phrase !== undefined && negations.has(previous);
        if (position <= negatedUntil && !negatedAlready) weight *= negationFlip;
        weights.push({ start, end, weight });
      }
    }
    degree = degrees.get(word) ?? 1;
    previous = word;
  }
  return { weights, words };
}

/** Bad words weigh more than good ones: courtesy is common in complaints. */
const badFactor = 1.2;
const usualLength = 15;
const softness = 15;

/**
 * -1 (all bad) .. 1 (all good) of what weighed in a text of so many words: x / sqrt(x² + 15), the normalisation of VADER
 * (Hutto and Gilbert 2014), x being the sum, lessened for texts of more than 15 words by the root of how much longer.
 */
export function scoreOf(weights: readonly Weight[], words: number): number {
  let sum = 0;
  for (const { weight } of weights) sum += weight < 0 ? weight * badFactor : weight;
  const x = sum / Math.sqrt(Math.max(1, words / usualLength));
  return x / Math.sqrt(x * x + softness);
}
