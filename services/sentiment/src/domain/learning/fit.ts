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
  readonly seed: number;
}

const epsilon = 1e-8;
/** A smaller gradient moves nothing. */
const negligible = 1e-4;

/**
 * Fits a model by AdaGrad (Duchi, Hazan and Singer 2011) on the cross-entropy, one text after the other, in an order that the seed
 * decides. The same examples and options give the same weights to the bit: Math.exp is V8's own on every machine.
 */
export function fit(examples: readonly Example[], options: FitOptions): LinearModel {
  const { classes, buckets, dense, epochs, rate, seed } = options;
  const size = classes.length;
  const mask = buckets - 1;
  const sparseWeights = new Float32Array(buckets * size);
  const denseWeights = new Float32Array(dense * size);
  const bias = new Float32Array(size);
  const model: LinearModel = {
    ...{ classes, buckets, dense, sparseWeights, denseWeights, bias },
    scales: new Float32Array(size).fill(1),
  };
  const squares = { sparse: new Float32Array(buckets * size), dense: new Float32Array(dense * size) };
  const biasSquares = new Float32Array(size);
  const random = xoroshiro128plus(seed);
  const order = Uint32Array.from(examples, (_, at) => at);
  const probabilities = new Float64Array(size);
  const gradient = new Float64Array(size);
  const active = new Uint32Array(size);
  for (let epoch = 0; epoch < epochs; epoch += 1) {
    for (let at = order.length - 1; at > 0; at -= 1) {
      const other = uniformInt(random, 0, at);
      [order[at], order[other]] = [order[other]!, order[at]!];
    }
    for (const at of order) {
      const example = examples[at]!;
      const { grams, dense: x, target, weight } = example;
      logitsOf(model, example, probabilities);
      softmax(probabilities);
      // Of many classes nearly all are ruled out already, and need no step.
      let steps = 0;
      for (let k = 0; k < size; k += 1) {
        gradient[k] = (probabilities[k]! - target[k]!) * weight;
        if (Math.abs(gradient[k]!) > negligible) active[steps++] = k;
      }
      const value = gramValue(grams.length);
      for (let n = 0; n < grams.length; n += 1) {
        const row = (grams[n]! & mask) * size;
        for (let step = 0; step < steps; step += 1) {
          const k = active[step]!;
          const w = row + k;
          const g = gradient[k]! * value;
          const square = squares.sparse[w]! + g * g;
          squares.sparse[w] = square;
          sparseWeights[w]! -= (rate * g) / (Math.sqrt(square) + epsilon);
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
