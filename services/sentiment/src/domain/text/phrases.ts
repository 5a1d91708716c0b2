import type { Token } from './tokens.js';

/** Tokens [from, to) that are a phrase, and what it stands for. */
export interface PhraseMatch<T> {
  readonly value: T;
  readonly from: number;
  readonly to: number;
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
  /** Each form of a word, and the number of that word */
  readonly #words = new Map<string, number>();
  readonly #root: Node<T> = { next: new Map(), values: [] };

  /** @param entries phrases, each with what it stands for; the same phrase may stand for several */
  constructor(entries: readonly { readonly phrase: string; readonly value: T }[]) {
    const wordsOf = ({ phrase }: { phrase: string }) => phrase.toLowerCase().match(numberedPhrase) ?? [];
    const words = [...new Set(entries.flatMap(wordsOf))].sort((one, other) => one.length - other.length);
    // Shorter ones first: `charged` of one phrase is the `charge` of another.
    words.forEach((word, base) => {
      if (this.#words.has(word)) return;
      for (const form of inflections(word)) if (!this.#words.has(form)) this.#words.set(form, base);
    });
    for (const entry of entries) {
      let node = this.#root;
      for (const word of wordsOf(entry)) {
        const base = this.#words.get(word)!;
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
    let covered = 0;
    for (let from = 0; from < tokens.length; from += 1) {
      let node: Node<T> | undefined = this.#root;
      let best: Node<T> | undefined;
      let to = from;
      for (let at = from; at < tokens.length; at += 1) {
        const token = tokens[at]!;
        const base: number | undefined =
          token.kind === 'word' || token.kind === 'number' ? this.#words.get(token.text) : undefined;
        node = base === undefined ? undefined : node.next.get(base);
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
