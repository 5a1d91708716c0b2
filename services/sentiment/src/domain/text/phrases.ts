import type { Token } from './tokens.js';

/** Tokens [from, to) that are a phrase, and what it stands for. */
export interface PhraseMatch<T> {
  readonly value: T;
  readonly from: number;
  readonly to: number;
}

/** Each word of any matcher has a number, so that a text's words are looked up once and not once by each matcher. */
const vocabulary = new Map<string, number>();

function numberOf(word: string): number {
  let number = vocabulary.get(word);
  if (number === undefined) vocabulary.set(word, (number = vocabulary.size + 1));
  return number;
}

/** The text in hand and the numbers of its words; 0 for what no matcher knows */
let numbered: readonly Token[] | undefined;
let numbers = new Int32Array(256);

function numbersOf(tokens: readonly Token[]): Int32Array {
  if (tokens === numbered) return numbers;
  if (tokens.length > numbers.length) numbers = new Int32Array(2 * tokens.length);
  for (let at = 0; at < tokens.length; at += 1) {
    const { kind, text } = tokens[at]!;
    numbers[at] = kind === 'word' || kind === 'number' ? (vocabulary.get(text) ?? 0) : 0;
  }
  numbered = tokens;
  return numbers;
}

interface Node<T> {
  readonly next: Map<number, Node<T>>;
  readonly values: T[];
}

const vowel = /[aeiou]/;

/** English inflections of a word, itself among them: of `delay` also delays, delayed, delaying; of `carry` also carries. */
export function inflections(word: string): readonly string[] {
  if (word.length < 3 || !/^[a-z]+$/.test(word)) return [word];
  const forms = new Set([word, `${word}s`, `${word}'s`]);
  const last = word.at(-1)!;
  const stem = word.slice(0, -1);
  if (/(s|x|z|ch|sh)$/.test(word)) forms.add(`${word}es`);
  if (last === 'y' && !vowel.test(word.at(-2)!)) for (const end of ['ies', 'ied', 'ier', 'iest']) forms.add(stem + end);
  if (last === 'e') for (const end of ['ed', 'ing', 'er', 'ers']) forms.add(stem + end);
  else {
    for (const end of ['ed', 'ing', 'er', 'ers']) forms.add(word + end);
    // plan: planned, planning
    const doubles = !vowel.test(last) && !'wxy'.includes(last) && vowel.test(word.at(-2)!) && !vowel.test(word.at(-3)!);
    if (doubles) for (const end of ['ed', 'ing', 'er', 'ers']) forms.add(word + last + end);
  }
  return [...forms];
}

const numberedPhrase = /[\p{L}\p{N}]+(?:['-][\p{L}\p{N}]+)*/gu;

/** Finds phrases in tokens: words with their English inflections, with nothing but spaces and hyphens between them. */
export class PhraseMatcher<T> {
  /** By the number of a form of a word, that of the word; 0 where no phrase has it */
  readonly #bases: Int32Array;
  readonly #root: Node<T> = { next: new Map(), values: [] };

  /** @param entries phrases, each with what it stands for; the same phrase may stand for several */
  constructor(entries: readonly { readonly phrase: string; readonly value: T }[]) {
    numbered = undefined;
    const wordsOf = ({ phrase }: { phrase: string }) => phrase.toLowerCase().match(numberedPhrase) ?? [];
    const words = [...new Set(entries.flatMap(wordsOf))].sort((one, other) => one.length - other.length);
    // Shorter ones first: `charged` of one phrase is the `charge` of another.
    const bases = new Map<string, number>();
    for (const word of words) {
      if (bases.has(word)) continue;
      const base = numberOf(word);
      for (const form of inflections(word)) if (!bases.has(form)) bases.set(form, base);
    }
    const forms = [...bases].map(([form, base]) => [numberOf(form), base] as const);
    this.#bases = new Int32Array(vocabulary.size + 1);
    for (const [form, base] of forms) this.#bases[form] = base;
    for (const entry of entries) {
      let node = this.#root;
      for (const word of wordsOf(entry)) {
        const base = bases.get(word)!;
        let next = node.next.get(base);
        if (!next) node.next.set(base, (next = { next: new Map(), values: [] }));
        node = next;
      }
      if (node !== this.#root && !node.values.includes(entry.value)) node.values.push(entry.value);
    }
  }

  /** The longest at each place, without those that lie within another. In the order of the text. */
  matches(tokens: readonly Token[]): PhraseMatch<T>[] {
    const found: PhraseMatch<T>[] = [];
    const words = numbersOf(tokens);
    const bases = this.#bases;
    let covered = 0;
    for (let from = 0; from < tokens.length; from += 1) {
      // a word that came with a later matcher has a number beyond
      if (!bases[words[from]!]) continue;
      let node: Node<T> | undefined = this.#root;
      let best: Node<T> | undefined;
      let to = from;
      for (let at = from; at < tokens.length; at += 1) {
        const base = bases[words[at]!];
        node = base ? node.next.get(base) : undefined;
        if (!node) break;
        if (node.values.length > 0) {
          best = node;
          to = at + 1;
        }
      }
      if (!best || to <= covered) continue;
      covered = to;
      for (const value of best.values) found.push({ value, from, to });
    }
    return found;
  }
}
