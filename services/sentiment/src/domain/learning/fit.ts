import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { gramValue, logitsOf, softmax, type Features, type LinearModel } from './linear-model.js';

/** A text to learn from. */
export interface Example extends Features {
  /** Probability of each class: a label, or how raters were divided */
  readonly target: ArrayLike<number>;
  /** How much it counts; about 1 */
  readonly weight: number;
}

export interface FitOptions {
  readonly classes: readonly string[];
  /** A power of two */
  readonly buckets: number;
  readonly dense: number;
  readonly epochs: number;
  /** Step of AdaGrad */
  readonly rate: number;
  /**
   * How large squares of gradients each gram is taken to have had before its first: with more, what is seen once or twice moves its weight
   * little, where AdaGrad has it leap; what is common does not feel it. 0 where it is not said
   */
  readonly caution?: number;
  readonly seed: number;
  /** Share of a text's grams that are left out at each step, others each time (feature noising, Wager, Wang and Liang 2013) */
  readonly dropout?: number;
  /** Grams of few texts move faster: a step is multiplied by the inverse document frequency to this power */
  readonly rarity?: number;
}

const epsilon = 1e-8;
/** A smaller gradient moves nothing. */
const negligible = 1e-4;

/** log(1 + n / (1 + df)) ** power, by bucket: df of n texts have a gram in it. */
function raritiesOf(examples: readonly Example[], buckets: number, power: number): Float32Array {
  const texts = new Uint32Array(buckets);
  for (const { grams } of examples)
    for (const bucket of new Set(grams.map((gram) => gram & (buckets - 1)))) texts[bucket]! += 1;
  return Float32Array.from(texts, (count) => Math.log(1 + examples.length / (1 + count)) ** power);
}

/**
 * Fits a model by AdaGrad (Duchi, Hazan and Singer 2011) on the cross-entropy, one text after the other, in an order that the seed
 * decides. The same examples and options give the same weights to the bit: Math.exp is V8's own on every machine.
 */
export function fit(examples: readonly Example[], options: FitOptions): LinearModel {
  const { classes, buckets, dense, epochs, rate, seed, caution = 0, dropout = 0, rarity = 0 } = options;
  const size = classes.length;
  const mask = buckets - 1;
  const sparseWeights = new Float32Array(buckets * size);
  const denseWeights = new Float32Array(dense * size);
  const bias = new Float32Array(size);
  const model: LinearModel = {
    ...{ classes, buckets, dense, sparseWeights, denseWeights, bias },
    scales: new Float32Array(size).fill(1),
  };
  const squares = { sparse: new Float32Array(buckets * size).fill(caution), dense: new Float32Array(dense * size) };
  const biasSquares = new Float32Array(size);
  const random = xoroshiro128plus(seed);
  const order = Uint32Array.from(examples, (_, at) => at);
  const probabilities = new Float64Array(size);
  const gradient = new Float64Array(size);
  const active = new Uint32Array(size);
  const rarities = rarity > 0 ? raritiesOf(examples, buckets, rarity) : undefined;
  const leftOut = Math.round(dropout * 256);
  const some = (grams: Int32Array) =>
    leftOut === 0 ? grams : grams.filter(() => uniformInt(random, 0, 255) >= leftOut);
  for (let epoch = 0; epoch < epochs; epoch += 1) {
    for (let at = order.length - 1; at > 0; at -= 1) {
      const other = uniformInt(random, 0, at);
      [order[at], order[other]] = [order[other]!, order[at]!];
    }
    for (const at of order) {
      const { grams: all, dense: x, target, weight } = examples[at]!;
      const grams = some(all);
      logitsOf(model, { grams, dense: x }, probabilities);
      softmax(probabilities);
      // Of many classes nearly all are ruled out already, and need no step.
      let steps = 0;
      for (let k = 0; k < size; k += 1) {
        gradient[k] = (probabilities[k]! - target[k]!) * weight;
        if (Math.abs(gradient[k]!) > negligible) active[steps++] = k;
      }
      const value = gramValue(grams.length);
      for (let n = 0; n < grams.length; n += 1) {
        const bucket = grams[n]! & mask;
        const row = bucket * size;
        const bucketRate = rarities ? rate * rarities[bucket]! : rate;
        for (let step = 0; step < steps; step += 1) {
          const k = active[step]!;
          const w = row + k;
          const g = gradient[k]! * value;
          const square = squares.sparse[w]! + g * g;
          squares.sparse[w] = square;
          sparseWeights[w]! -= (bucketRate * g) / (Math.sqrt(square) + epsilon);
        }
      }
      for (let n = 0; n < x.length; n += 1) {
        if (x[n] === 0) continue;
        for (let step = 0; step < steps; step += 1) {
          const k = active[step]!;
          const w = n * size + k;
          const g = gradient[k]! * x[n]!;
          squares.dense[w]! += g * g;
          denseWeights[w]! -= (rate * g) / (Math.sqrt(squares.dense[w]!) + epsilon);
        }
      }
      for (let step = 0; step < steps; step += 1) {
        const k = active[step]!;
        const g = gradient[k]!;
        biasSquares[k]! += g * g;
        bias[k]! -= (rate * g) / (Math.sqrt(biasSquares[k]!) + epsilon);
      }
    }
  }
  return model;
}
