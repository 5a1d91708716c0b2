/** What is counted in one text: sparse and dense features. */
export interface Features {
  /** Hashes of 32 bits, as often as they come */
  readonly grams: Int32Array;
  /** As many for every text of a model, about -1..1 */
  readonly dense: Float32Array;
}

/**
 * Multinomial logistic regression over hashed features: class k has probability softmax(b + W·x)_k, x being the counts of the grams in
 * their buckets, of Euclidean length about 1, and the dense features.
 */
export interface LinearModel {
  readonly classes: readonly string[];
  /** A power of two */
  readonly buckets: number;
  readonly dense: number;
  /** By bucket, then by class */
  readonly sparseWeights: Float32Array | Int8Array;
  /** What one unit of `sparseWeights` weighs, by class */
  readonly scales: Float32Array;
  /** By dense feature, then by class */
  readonly denseWeights: Float32Array;
  readonly bias: Float32Array;
}

/** The length of a text's sparse part: many grams, each of them less. */
export const gramValue = (count: number): number => (count === 0 ? 0 : 1 / Math.sqrt(count));

/** b + W·x, by class; written to `logits`. */
export function logitsOf(model: LinearModel, { grams, dense }: Features, logits: Float64Array): void {
  const { buckets, sparseWeights, scales, denseWeights, bias } = model;
  const classes = bias.length;
  logits.fill(0);
  if (sparseWeights instanceof Int8Array) addUnits(grams, buckets - 1, sparseWeights, logits);
  else addWeights(grams, buckets - 1, sparseWeights, logits);
  const value = gramValue(grams.length);
  for (let k = 0; k < classes; k += 1) logits[k] = logits[k]! * value * scales[k]! + bias[k]!;
  for (let n = 0; n < dense.length; n += 1) {
    const x = dense[n]!;
    if (x === 0) continue;
    for (let k = 0; k < classes; k += 1) logits[k]! += x * denseWeights[n * classes + k]!;
  }
}

/** Three classes a round, whose sums stay in registers: a row is one cache line, which costs more than what is done with it. */
function addUnits(grams: Int32Array, mask: number, weights: Int8Array, sums: Float64Array): void {
  const classes = sums.length;
  let k = 0;
  for (; k + 2 < classes; k += 3) {
    let [first, second, third] = [0, 0, 0];
    for (let n = 0; n < grams.length; n += 1) {
      const row = (grams[n]! & mask) * classes + k;
      first += weights[row]!;
      second += weights[row + 1]!;
      third += weights[row + 2]!;
    }
    sums[k] = first;
    sums[k + 1] = second;
    sums[k + 2] = third;
  }
  for (; k < classes; k += 1) {
    let sum = 0;
    for (let n = 0; n < grams.length; n += 1) sum += weights[(grams[n]! & mask) * classes + k]!;
    sums[k] = sum;
  }
}

function addWeights(
  grams: Int32Array,
  mask: number,
  weights: Exclude<LinearModel['sparseWeights'], Int8Array>,
  sums: Float64Array,
): void {
  const classes = sums.length;
  for (let n = 0; n < grams.length; n += 1) {
    const row = (grams[n]! & mask) * classes;
    for (let k = 0; k < classes; k += 1) sums[k]! += weights[row + k]!;
  }
}

/** exp(z/t) / Σ exp(z/t), in place. @param temperature above 1: less sure */
export function softmax(logits: Float64Array, temperature = 1): void {
  let most = -Infinity;
  for (const logit of logits) if (logit > most) most = logit;
  let sum = 0;
  for (let k = 0; k < logits.length; k += 1) {
    const exponential = Math.exp((logits[k]! - most) / temperature);
    logits[k] = exponential;
    sum += exponential;
  }
  for (let k = 0; k < logits.length; k += 1) logits[k]! /= sum;
}

/** Weights in eight bits: each class has a scale of its own. Smaller ones than half a unit are lost. */
export function quantised(model: LinearModel): LinearModel {
  const { sparseWeights: weights, bias } = model;
  const classes = bias.length;
  const scales = new Float32Array(classes);
  const sparseWeights = new Int8Array(weights.length);
  for (let k = 0; k < classes; k += 1) {
    let most = 0;
    for (let at = k; at < weights.length; at += classes) most = Math.max(most, Math.abs(weights[at]!));
    const scale = most === 0 ? 1 : (most * model.scales[k]!) / 127;
    scales[k] = scale;
    const units = model.scales[k]! / scales[k]!;
    for (let at = k; at < weights.length; at += classes) sparseWeights[at] = Math.round(weights[at]! * units);
  }
  return { ...model, sparseWeights, scales };
}
