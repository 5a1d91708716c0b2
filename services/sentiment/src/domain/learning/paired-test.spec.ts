import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { pairedTest } from './paired-test.js';

const choose = (n: number, k: number): number => (k === 0 ? 1 : (choose(n, k - 1) * (n - k + 1)) / k);

describe('the paired test', () => {
  it('given as many better as worse: chance', () => {
    const { p } = pairedTest([
      [true, false],
      [false, true],
    ]);
    expect(p).toBeCloseTo(0.75);
  });

  it('given texts that both got right, or neither: says nothing of them', () => {
    expect(
      pairedTest([
        [true, true],
        [false, false],
      ]),
    ).toEqual({ n: 2, rightBefore: 1, rightAfter: 1, p: 1 });
  });

  it('is the upper tail of the binomial distribution', () => {
    fc.assert(
      fc.property(fc.nat(25), fc.nat(25), (better, worse) => {
        const n = better + worse;
        let tail = 0;
        for (let k = better; k <= n; k += 1) tail += choose(n, k) / 2 ** n;
        const pairs = [
          ...Array.from({ length: better }, () => [false, true] as const),
          ...Array.from({ length: worse }, () => [true, false] as const),
        ];
        expect(pairedTest(pairs).p).toBeCloseTo(Math.min(1, tail), 9);
      }),
    );
  });
});
