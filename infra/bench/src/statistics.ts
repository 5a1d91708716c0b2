/** Several measurements of one thing. */
export interface Spread {
  readonly median: number;
  /** First and third quartile */
  readonly q1: number;
  readonly q3: number;
  readonly min: number;
  readonly max: number;
}

/**
 * The value below which a share of the values lies, between two of them by their distance (Hyndman and Fan's type 7, as R and NumPy
 * have it by default). `sorted`: ascending, not empty; `share`: 0 to 1
 */
export function quantile(sorted: readonly number[], share: number): number {
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)]!;
  const above = sorted[Math.ceil(place)]!;
  return below + (above - below) * (place - Math.floor(place));
}

/** -0 becomes 0: neither lies before the other, so their order would be that of the values. */
export const ascending = (values: Iterable<number>): number[] =>
  Array.from(values, (value) => value + 0).sort((a, b) => a - b);

/** @throws RangeError where there is nothing to tell of */
export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) throw new RangeError('no measurement, no spread');
  const sorted = ascending(values);
  return {
    median: quantile(sorted, 0.5),
    q1: quantile(sorted, 0.25),
    q3: quantile(sorted, 0.75),
    min: sorted[0]!,
    max: sorted.at(-1)!,
  };
}

/**
 * One divided by the other, round by round, as both were measured in the same minutes: what slows the machine down slows both. Rounds that
 * one of them lacks are left out; undefined where none is left.
 */
export function pairedRatio(
  ours: readonly (number | undefined)[],
  others: readonly (number | undefined)[],
): Spread | undefined {
  const ratios = ours.flatMap((value, round) => {
    const other = others[round];
    return value === undefined || other === undefined || other === 0 ? [] : [value / other];
  });
  return ratios.length === 0 ? undefined : spreadOf(ratios);
}

/** The same things, each round beginning with the next one: no one is always first, or always after the same one. */
export const rotated = <T>(things: readonly T[], round: number): T[] =>
  things.map((_, at) => things[(at + round) % things.length]!);
