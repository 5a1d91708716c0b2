import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fit, type Example } from './fit.js';
import { logitsOf, quantised, softmax, type LinearModel } from './linear-model.js';

const options = { classes: ['no', 'yes'], buckets: 16, dense: 1, epochs: 20, rate: 0.5, seed: 1 };
const example = (gram: number, yes: number, dense = 0): Example => ({
  grams: Int32Array.of(gram, 15),
  dense: Float32Array.of(dense),
  target: [1 - yes, yes],
  weight: 1,
});
const shareOfYes = (model: LinearModel, grams: number[], dense = 0): number => {
  const shares = new Float64Array(2);
  logitsOf(model, { grams: Int32Array.from(grams), dense: Float32Array.of(dense) }, shares);
  softmax(shares);
  return shares[1]!;
};

describe('fitting', () => {
  it('given texts that a gram tells apart: knows new ones by it', () => {
    const model = fit(
      Array.from({ length: 50 }, (_, n) => example(n % 2, n % 2)),
      options,
    );
    expect(shareOfYes(model, [1])).toBeGreaterThan(0.9);
    expect(shareOfYes(model, [0])).toBeLessThan(0.1);
  });

  it('given grams that are left out: the same weights each time, and other grams are learned from as well', () => {
    // Both tell; the first is a little more often right, and without dropout it is leant on alone.
    const examples = Array.from({ length: 200 }, (_, n) => ({
      ...example(0, n % 2),
      grams: Int32Array.of(n % 2, (n % 20 === 0 ? 1 - (n % 2) : n % 2) + 4, 15),
    }));
    const noised = fit(examples, { ...options, dropout: 0.5 });
    expect(fit(examples, { ...options, dropout: 0.5 })).toEqual(noised);
    expect(shareOfYes(noised, [5])).toBeGreaterThan(shareOfYes(fit(examples, options), [5]));
  });

  it('given that rare grams move faster: they weigh more than frequent ones that are as often right', () => {
    // Gram 2 is in most texts, gram 3 in few; both are of yes alone.
    const examples = Array.from({ length: 100 }, (_, n) => example(n % 2 === 0 ? 1 : n % 20 === 1 ? 3 : 2, n % 2));
    const model = fit(examples, { ...options, epochs: 2, rarity: 2 });
    const plain = fit(examples, { ...options, epochs: 2 });
    const gain = (gram: number) => shareOfYes(model, [gram]) / shareOfYes(plain, [gram]);
    expect(gain(3)).toBeGreaterThan(gain(2));
  });

  it('given texts that a dense feature tells apart: knows new ones by it', () => {
    const model = fit(
      Array.from({ length: 50 }, (_, n) => example(3, n % 2, n % 2 ? 1 : -1)),
      options,
    );
    expect(shareOfYes(model, [3], 1)).toBeGreaterThan(0.9);
  });

  it('given a class in three of four texts that are the same: says three of four', () => {
    const model = fit(
      Array.from({ length: 400 }, (_, n) => example(5, n % 4 === 0 ? 0 : 1)),
      { ...options, rate: 0.1 },
    );
    expect(shareOfYes(model, [5, 15])).toBeCloseTo(0.75, 1);
  });

  it('given the same examples and seed: the same weights to the bit; another order with another seed', () => {
    const examples = Array.from({ length: 30 }, (_, n) => example(n % 7, n % 2));
    expect(fit(examples, options)).toEqual(fit(examples, options));
    expect(fit(examples, { ...options, seed: 2 })).not.toEqual(fit(examples, options));
  });

  it('given caution: a gram that came once counts less beside one that is common', () => {
    const examples = [example(1, 1), ...Array.from({ length: 200 }, (_, n) => example(2 + (n % 2), n % 2))];
    const [leaping, cautious] = [0, 1].map((caution) => fit(examples, { ...options, caution }));
    const ratio = (model: LinearModel) => model.sparseWeights[2 * 1 + 1]! / model.sparseWeights[2 * 3 + 1]!;
    expect(ratio(cautious!)).toBeLessThan(0.8 * ratio(leaping!));
  });

  it('in eight bits says nearly the same', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(15), fc.nat(1)), { minLength: 4, maxLength: 40 }), (pairs) => {
        const model = fit(
          pairs.map(([gram, yes]) => example(gram, yes)),
          options,
        );
        const small = quantised(model);
        expect(small.sparseWeights).toBeInstanceOf(Int8Array);
        for (const [gram] of pairs) expect(shareOfYes(small, [gram])).toBeCloseTo(shareOfYes(model, [gram]), 1);
      }),
      { numRuns: 20 },
    );
  });
});
