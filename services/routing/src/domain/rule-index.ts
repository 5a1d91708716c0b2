import { valueAt } from './condition-equality.js';
import type { ConditionSubject } from './condition-types.js';
import type { Condition } from './condition.js';

interface IndexedField {
  readonly path: readonly string[];
  /** By its value, the rules that want it to be that: a bit for each rule */
  readonly byValue: ReadonlyMap<string, Uint32Array>;
}

/**
 * Which rules of a set are worth asking about a feedback: those that want a field to be what it is, and those of which nothing can be told
 * beforehand. The rules left out would all have been false.
 */
export class RuleIndex {
  readonly #anyway: Uint32Array;
  readonly #fields: readonly IndexedField[];
  /** Of the one that asks: nothing is awaited between two uses */
  readonly #scratch: Uint32Array;

  constructor(conditions: readonly Pick<Condition, 'equalities'>[]) {
    const words = Math.ceil(conditions.length / 32);
    const set = (bits: Uint32Array, rule: number): void => {
      bits[rule >>> 5]! |= 1 << (rule & 31);
    };
    // By how many values a field tells rules apart: the more, the fewer are left.
    const values = new Map<string, Set<string>>();
    for (const { path, values: wanted } of conditions.flatMap(({ equalities }) => equalities)) {
      const known = values.get(path.join('.')) ?? new Set();
      for (const value of wanted) known.add(value);
      values.set(path.join('.'), known);
    }
    const tellsApart = (path: readonly string[]) => values.get(path.join('.'))!.size;

    const fields = new Map<string, { path: readonly string[]; byValue: Map<string, Uint32Array> }>();
    this.#anyway = new Uint32Array(words);
    this.#scratch = new Uint32Array(words);
    for (const [rule, { equalities }] of conditions.entries()) {
      const [best] = [...equalities].sort((a, b) => tellsApart(b.path) - tellsApart(a.path));
      if (!best) {
        set(this.#anyway, rule);
        continue;
      }
      const field = fields.get(best.path.join('.')) ?? { path: best.path, byValue: new Map<string, Uint32Array>() };
      fields.set(best.path.join('.'), field);
      for (const value of best.values) {
        const bits = field.byValue.get(value) ?? new Uint32Array(words);
        field.byValue.set(value, bits);
        set(bits, rule);
      }
    }
    this.#fields = [...fields.values()];
  }

  /** The first rule, in their order, of which that is true. */
  first(subject: ConditionSubject, isIt: (rule: number) => boolean): number | undefined {
    const bits = this.#scratch;
    bits.set(this.#anyway);
    for (const { path, byValue } of this.#fields) {
      const value = valueAt(subject, path);
      const wanted = typeof value === 'string' ? byValue.get(value) : undefined;
      if (!wanted) continue;
      for (let word = 0; word < bits.length; word++) bits[word]! |= wanted[word]!;
    }
    for (let word = 0; word < bits.length; word++) {
      for (let left = bits[word]!; left !== 0; left &= left - 1) {
        const rule = (word << 5) + (31 - Math.clz32(left & -left));
        if (isIt(rule)) return rule;
      }
    }
    return undefined;
  }
}
