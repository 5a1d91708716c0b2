/**
 * Of many tests at once: q values by which at most a share q of what is called significant is false, for independent or positively
 * dependent tests (Y. Benjamini, Y. Hochberg, JRSS B 57, 1995; the least level at which each is still rejected).
 * @param tests how many were made, where those left out of `p` had p = 1
 * @returns q for each p, in the order given, never below p
 */
export function benjaminiHochberg(p: readonly number[], tests: number = p.length): number[] {
  if (tests < p.length) throw new RangeError(`${p.length} of ${tests} tests`);
  const descending = p.map((value, at) => ({ value, at })).sort((a, b) => b.value - a.value);
  const q = new Array<number>(p.length);
  let least = 1;
  descending.forEach(({ value, at }, position) => {
    least = Math.min(least, (value * tests) / (p.length - position));
    // rounding may go below
    q[at] = Math.max(least, value);
  });
  return q;
}
