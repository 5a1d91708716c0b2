/** Two ways to judge the same texts, compared by those that only one of them got right. */
export interface PairedTest {
  readonly n: number;
  readonly rightBefore: number;
  readonly rightAfter: number;
  /** How likely so many of the differences or more would be for the better by chance: exact sign test (McNemar 1947) */
  readonly p: number;
}

/** @param pairs by text, whether it was right before and is right after */
export function pairedTest(pairs: readonly (readonly [before: boolean, after: boolean])[]): PairedTest {
  const better = pairs.filter(([before, after]) => after && !before).length;
  const worse = pairs.filter(([before, after]) => before && !after).length;
  const differences = better + worse;
  // log C(n, k) - n log 2, summed from the end
  let p = 0;
  let logTerm = -differences * Math.LN2;
  for (let k = differences; k >= better; k -= 1) {
    p += Math.exp(logTerm);
    logTerm += Math.log(k) - Math.log(differences - k + 1);
  }
  return {
    n: pairs.length,
    rightBefore: pairs.filter(([before]) => before).length,
    rightAfter: pairs.filter(([, after]) => after).length,
    p: Math.min(1, p),
  };
}

/** How likely it may be that it is better by chance only. */
export const significance = 0.05;
