import { type RandomGenerator } from 'pure-rand/types/RandomGenerator';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** What a seed decides. The same seed and the same questions give the same answers; timing on a real machine does not repeat. */
export class Random {
  readonly #generator: RandomGenerator;

  constructor(seed: number) {
    this.#generator = xoroshiro128plus(seed);
  }

  /** One of `lowest` to `highest`, both included */
  int(lowest: number, highest: number): number {
    return uniformInt(this.#generator, lowest, highest);
  }

  /** True with that probability */
  chance(probability: number): boolean {
    return this.int(0, 999_999) < probability * 1_000_000;
  }

  /** @throws RangeError where there is nothing to pick from */
  pick<T>(from: readonly T[]): T {
    if (from.length === 0) throw new RangeError('There is nothing to pick from.');
    return from[this.int(0, from.length - 1)]!;
  }

  /** In another order (Fisher and Yates) */
  shuffle<T>(items: readonly T[]): T[] {
    const shuffled = [...items];
    for (let last = shuffled.length - 1; last > 0; last--) {
      const other = this.int(0, last);
      [shuffled[last], shuffled[other]] = [shuffled[other]!, shuffled[last]!];
    }
    return shuffled;
  }

  /** Another one, that this one decides: what draws from it does not move what draws from this */
  fork(): Random {
    return new Random(this.int(0, 0x7fffffff));
  }
}
