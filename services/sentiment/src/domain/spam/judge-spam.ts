import type { Token } from '../text/tokens.js';
import { PhraseMatcher } from '../text/phrases.js';
import type { SpamPack } from '../topics/packs.js';

/** Different offers from which on it is one: with an address to go to, and without. Set by hand: no set that may train has any. */
const offersWithAddress = 2;
const offersAlone = 3;
/** So many words, and so few different ones, say nothing. */
const repetition = { words: 12, different: 2 };

/**
 * Whether a text is no feedback: an offer to whoever reads it, or the same word over and over. Careful: what is taken for spam opens no loop.
 */
export class SpamJudge {
  readonly #matcher: PhraseMatcher<number>;

  constructor({ phrases }: SpamPack) {
    this.#matcher = new PhraseMatcher(phrases.map((phrase, value) => ({ phrase, value })));
  }

  isSpam(tokens: readonly Token[]): boolean {
    return this.#offers(tokens) || isRepetition(tokens);
  }

  #offers(tokens: readonly Token[]): boolean {
    const offers = new Set(this.#matcher.matches(tokens).map(({ value }) => value)).size;
    if (offers < offersWithAddress) return false;
    return offers >= offersAlone || tokens.some(({ kind }) => kind === 'address');
  }
}

function isRepetition(tokens: readonly Token[]): boolean {
  const different = new Set<string>();
  let words = 0;
  for (const { kind, text } of tokens) {
    if (kind !== 'word' && kind !== 'number') continue;
    words += 1;
    different.add(text);
    if (different.size > repetition.different) return false;
  }
  return words >= repetition.words;
}
