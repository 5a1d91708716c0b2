import type { Detection } from './judge-language.js';

/**
 * Of eld (Nito T.M., Apache-2.0, its smallest table): how much pieces of words speak for languages. Pieces are of its alphabet, which has one
 * letter for each byte of UTF-8, so that none of them has a code above 255.
 */
export interface NgramTable {
  /** ISO 639-1 */
  readonly languages: readonly string[];
  /** By language, the score that texts of it have on average */
  readonly averages: readonly number[];
  /** By byte from 128 on, the code of its letter */
  readonly letters: Uint8Array;
  /** At most six letters each, with a space before a word and behind it */
  readonly ngrams: readonly string[];
  /** By n-gram, where in `scores` its list begins */
  readonly lists: Uint32Array;
  /** Lists: how many languages, then the number of each and what speaks for it */
  readonly scores: Uint8Array;
}

/** More characters, and more bytes of them, change nothing but the time it takes. */
const longestText = 1000;
const cutAfterBytes = 350;
const cutWithinBytes = 380;
const longestWord = 70;
/** Letters of a piece, and from where to where the next one begins */
const size = 4;
const stride = 3;
/** What is left out of the scores of the table */
const leastScore = 53;
/** From so many pieces on, and such a part of the average score, an answer is to be relied on. */
const fewestPieces = 3;
const leastOfAverage = 0.75;
const scale = 25;

const space = 0x20;
/** All that is neither a letter of the basic plane nor an apostrophe between letters. */
const separators = /(?:[^\p{L}]|[\u{10000}-\u{10ffff}])+(?<!['`’])/gu;

/** Two powers of two: places for the table's n-grams, which fill less than half of them, and for those of one text. */
const seenPlaces = 1024;

const placeOf = (high: number, low: number): number => {
  let hash = Math.imul(high, 0x85ebca6b) ^ Math.imul(low, 0xc2b2ae35);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
};

/**
 * Says of a text what eld says of it, bit for bit, in a seventh of the time: n-grams are numbers and not strings, and their scores lie in one array
 * instead of an object each, whose members are told one by one.
 */
export class NgramDetector {
  readonly #languages: readonly string[];
  readonly #averages: readonly number[];
  readonly #letters: Uint8Array;
  readonly #scores: Uint8Array;
  /** By place, an n-gram of six letters at most as two numbers, and where its list begins; 0 where there is none */
  readonly #highs: Uint32Array;
  readonly #lows: Uint32Array;
  readonly #lists: Uint32Array;
  readonly #mask: number;
  /** N-grams of the text in hand: each counts once */
  readonly #seenHighs = new Uint32Array(seenPlaces);
  readonly #seenLows = new Uint32Array(seenPlaces);
  readonly #seenIn = new Uint32Array(seenPlaces);
  #text = 0;
  #pieces = 0;
  readonly #sums: Float64Array;
  readonly #word = new Uint8Array(cutWithinBytes + 8);

  constructor({ languages, averages, letters, ngrams, lists, scores }: NgramTable) {
    this.#languages = languages;
    this.#averages = averages;
    this.#letters = letters;
    this.#scores = scores;
    this.#sums = new Float64Array(languages.length);
    const places = 2 ** Math.ceil(Math.log2(2 * ngrams.length + 1));
    this.#mask = places - 1;
    this.#highs = new Uint32Array(places);
    this.#lows = new Uint32Array(places);
    this.#lists = new Uint32Array(places);
    ngrams.forEach((ngram, at) => {
      let [high, low] = [0, 0];
      for (let index = 0; index < ngram.length; index += 1) {
        high = (high << 8) | (low >>> 24);
        low = (low << 8) | ngram.charCodeAt(index);
      }
      [high, low] = [high >>> 0, low >>> 0];
      let place = placeOf(high, low) & this.#mask;
      while (this.#lists[place] !== 0) place = (place + 1) & this.#mask;
      this.#highs[place] = high;
      this.#lows[place] = low;
      this.#lists[place] = lists[at]! + 1;
    });
  }

  detect(words: string): Detection {
    this.#text = this.#text === 0xffff_ffff ? 1 : this.#text + 1;
    this.#pieces = 0;
    this.#sums.fill(0);
    this.#read(words.slice(0, longestText).replace(separators, ' ').trim().toLowerCase());
    let best = -1;
    let most = 0;
    for (let language = 0; language < this.#sums.length; language += 1) {
      if (this.#sums[language]! > most) {
        most = this.#sums[language]!;
        best = language;
      }
    }
    if (best < 0) return { language: '', reliable: false };
    const mean = most / this.#pieces;
    const reliable = this.#pieces >= fewestPieces && this.#averages[best]! * leastOfAverage <= mean / (mean + scale);
    return { language: this.#languages[best]!, reliable };
  }

  /** Words of bytes, up to where enough was read. */
  #read(text: string): void {
    const word = this.#word;
    const letters = this.#letters;
    let length = 0;
    let bytes = 0;
    for (let at = 0; at < text.length; at += 1) {
      const unit = text.charCodeAt(at);
      if (unit === space) {
        if (length > 0) this.#count(length);
        length = 0;
        if (bytes > cutAfterBytes) break;
        bytes += 1;
      } else if (unit < 0x80) {
        word[length++] = unit;
        bytes += 1;
      } else if (unit < 0x800) {
        word[length++] = letters[0x40 | (unit >> 6)]!;
        word[length++] = letters[unit & 0x3f]!;
        bytes += 2;
      } else {
        word[length++] = letters[0x60 | (unit >> 12)]!;
        word[length++] = letters[(unit >> 6) & 0x3f]!;
        word[length++] = letters[unit & 0x3f]!;
        bytes += 3;
      }
      if (bytes > cutWithinBytes) break;
    }
    if (length > 0) this.#count(length);
  }

  /** Pieces of the word in hand; the last one ends with it. */
  #count(length: number): void {
    const looked = Math.min(length, longestWord);
    let at = 0;
    for (; at + size < looked; at += stride) this.#piece(at, at + size, at === 0, false);
    this.#piece(looked < size ? 0 : looked - size, length, at === 0, true);
  }

  #piece(from: number, to: number, begins: boolean, ends: boolean): void {
    const word = this.#word;
    let high = 0;
    let low = begins ? space : 0;
    for (let at = from; at < to; at += 1) {
      // of a word that is longer than is looked at, its whole end is one: then bits go round, and the table has none like it
      high = ((high << 8) | (high >>> 24)) ^ (low >>> 24);
      low = (low << 8) | word[at]!;
    }
    if (ends) {
      high = ((high << 8) | (high >>> 24)) ^ (low >>> 24);
      low = (low << 8) | space;
    }
    high >>>= 0;
    low >>>= 0;
    const hash = placeOf(high, low);
    for (let place = hash & (seenPlaces - 1); ; place = (place + 1) & (seenPlaces - 1)) {
      if (this.#seenIn[place] !== this.#text) {
        this.#seenIn[place] = this.#text;
        this.#seenHighs[place] = high;
        this.#seenLows[place] = low;
        break;
      }
      if (this.#seenHighs[place] === high && this.#seenLows[place] === low) return;
    }
    this.#pieces += 1;
    if (high > 0xffff) return;
    for (let place = hash & this.#mask; this.#lists[place] !== 0; place = (place + 1) & this.#mask) {
      if (this.#highs[place] === high && this.#lows[place] === low) {
        this.#add(this.#lists[place]! - 1);
        return;
      }
    }
  }

  #add(list: number): void {
    const scores = this.#scores;
    const end = list + 1 + 2 * scores[list]!;
    for (let at = list + 1; at < end; at += 2) this.#sums[scores[at]!]! += scores[at + 1]! + leastScore;
  }
}
