import type { Token } from './tokens.js';

/** What of a text is counted. */
export interface GramOptions {
  /** Most words of a gram that is counted: 1 or more */
  readonly words: number;
  /** Fewest and most letters of pieces of words, whose ends count as letters; none where absent */
  readonly letters?: readonly [fewest: number, most: number];
  /** Words within reach of a negation are others than those without */
  readonly negation?: boolean;
}

const prime = 0x01000193;
const basis = 0x811c9dc5;

const mixed = (hash: number): number => {
  let h = hash;
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
};

/** FNV-1a of UTF-16 code units, 32 bits. */
export function hashOf(text: string, seed = 0): number {
  let hash = basis ^ seed;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), prime);
  return hash;
}

/** Longer words are cut there: what follows is no word of a language. */
const longestWord = 40;
const negatedSeed = 0x4e4f54;
const letterSeed = 0x5f;

/** Of the text in hand: an array of each text's own takes longer to make than to fill. */
let room = new Int32Array(4096);

function makeRoom(least: number): Int32Array {
  // what was lent of the one before lies in that one still
  if (room.length < least) room = new Int32Array(2 * least);
  return room;
}

/** As gramsOf; what is lent is written over when the next text is read. */
export function lentGramsOf(...given: Parameters<typeof gramsOf>): Int32Array {
  const count = readGrams(...given);
  return room.subarray(0, count);
}

/**
 * Hashes of what a text consists of, 32 bits each, in its order, as often as it comes.
 * @param negated by token: whether it is within reach of a negation
 * @param seed another one for what is to be kept apart, as another language's words
 * @param places by gram, the token that it ends with is written there
 */
export function gramsOf(
  tokens: readonly Token[],
  options: GramOptions,
  negated?: readonly boolean[],
  seed?: number,
  places?: number[],
): Int32Array {
  const count = readGrams(tokens, options, negated, seed, places);
  return room.slice(0, count);
}

/** Writes them into the room. @returns how many there are */
function readGrams(
  tokens: readonly Token[],
  { words, letters, negation = false }: GramOptions,
  negated?: readonly boolean[],
  seed = 0,
  places?: number[],
): number {
  const found = makeRoom(roomFor(tokens, words, letters));
  let count = 0;
  const recent: number[] = [];
  for (let index = 0; index < tokens.length; index += 1) {
    const { kind, text } = tokens[index]!;
    if (kind === 'pause') continue;
    const own = hashOf(text, negation && negated?.[index] ? seed ^ negatedSeed : seed);
    found[count++] = mixed(own);
    let gram = own;
    for (let before = 1; before < words && before <= recent.length; before += 1) {
      gram = Math.imul(gram, 0x9e3779b1) ^ recent[recent.length - before]!;
      found[count++] = mixed(gram);
    }
    if (words > 1) {
      recent.push(own);
      if (recent.length >= words) recent.shift();
    }
    if (letters && kind === 'word') count = lettersOf(text, letters, seed, found, count);
    if (places) while (places.length < count) places.push(index);
  }
  return count;
}

const beginningSeed = 0x5e;

/**
 * Grams, and behind them hashes of how words begin: of so many letters, where a word has them. What stands in for stems: scared, scary and
 * scares begin alike. Few, beside all pieces of words.
 */
export function withBeginnings(
  grams: Int32Array,
  tokens: readonly Token[],
  [fewest, most]: readonly [number, number],
): Int32Array {
  const found = makeRoom(grams.length + tokens.length * (most - fewest + 1));
  found.set(grams);
  let count = grams.length;
  for (const { kind, text } of tokens) {
    if (kind !== 'word') continue;
    let hash = basis ^ beginningSeed;
    for (let size = 1; size <= most && size <= text.length; size += 1) {
      hash = Math.imul(hash ^ text.charCodeAt(size - 1), prime);
      if (size >= fewest) found[count++] = mixed(hash + size);
    }
  }
  return found.slice(0, count);
}

/** At least as many as there can be. */
function roomFor(tokens: readonly Token[], words: number, letters: GramOptions['letters']): number {
  const ofWords = tokens.length * words;
  if (!letters) return ofWords;
  const perStart = letters[1] - letters[0] + 1;
  return tokens.reduce((sum, { text }) => sum + (Math.min(text.length, longestWord) + 2) * perStart, ofWords);
}

/** The letters of the word in hand, with what stands for its ends */
const units = new Int32Array(longestWord + 2);

/** Writes them from `from` on. @returns where they end */
function lettersOf(
  text: string,
  [fewest, most]: readonly [number, number],
  seed: number,
  found: Int32Array,
  from: number,
): number {
  let count = from;
  const length = Math.min(text.length, longestWord);
  units[0] = letterSeed;
  for (let at = 0; at < length; at += 1) units[at + 1] = text.charCodeAt(at);
  units[length + 1] = letterSeed;
  const begin = basis ^ letterSeed ^ seed;
  for (let start = 0; start < length + 2; start += 1) {
    let hash = begin;
    const end = Math.min(most, length + 2 - start);
    for (let size = 1; size <= end; size += 1) {
      hash = Math.imul(hash ^ units[start + size - 1]!, prime);
      if (size >= fewest) found[count++] = mixed(hash + size);
    }
  }
  return count;
}
