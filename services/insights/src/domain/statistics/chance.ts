/** Chance that comes out the same each time, for simulations: what is claimed of a formula is tried on what is known to be true. */
export interface Chance {
  /** Uniform in [0, 1) */
  uniform(): number;
  /** 0 .. below − 1 */
  integer(below: number): number;
  normal(): number;
  poisson(mean: number): number;
  /** Of mean 1 and the variance `overdispersion`; 1 where that is 0 */
  gamma(overdispersion: number): number;
  shuffle<T>(items: T[]): T[];
}

/** mulberry32 (T. Ettinger): 32 bits of state, which is enough for a thousand million draws */
export function seededChance(seed: number): Chance {
  let state = seed | 0;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const integer = (below: number): number => Math.floor(uniform() * below);
  // G. E. P. Box, M. E. Muller, 1958
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());

  const poisson = (mean: number): number => {
    // by parts, whose sum is as the whole: D. Knuth's product would underflow
    if (mean > 30) return poisson(30) + poisson(mean - 30);
    const limit = Math.exp(-mean);
    let count = 0;
    for (let product = uniform(); product > limit; product *= uniform()) count++;
    return count;
  };

  /** G. Marsaglia, W. W. Tsang, ACM TOMS 26, 2000; of mean `shape` */
  const gammaOfShape = (shape: number): number => {
    if (shape < 1) return gammaOfShape(shape + 1) * uniform() ** (1 / shape);
    const d = shape - 1 / 3;
    for (;;) {
      const x = normal();
      const v = (1 + x / Math.sqrt(9 * d)) ** 3;
      if (v > 0 && Math.log(1 - uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
    }
  };

  return {
    ...{ uniform, integer, normal, poisson },
    gamma: (overdispersion) => (overdispersion > 0 ? gammaOfShape(1 / overdispersion) * overdispersion : 1),
    shuffle(items) {
      for (let last = items.length - 1; last > 0; last--) {
        const other = integer(last + 1);
        [items[last], items[other]] = [items[other]!, items[last]!];
      }
      return items;
    },
  };
}
