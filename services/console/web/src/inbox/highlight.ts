/** A stretch of a text, and how much it weighed: 0 for what did not, negative for what spoke against. */
export interface Stretch {
  readonly text: string;
  readonly weight: number;
}

interface Weighed {
  readonly start: number;
  readonly end: number;
  readonly weight: number;
}

/**
 * A text in stretches, one after the other, out of places [start, end) in UTF-16 code units that may overlap: where they do, the one
 * that weighs more stands. Places outside of the text (it was revised since) are cut off. The stretches joined are the text.
 */
export function stretchesOf(text: string, places: readonly Weighed[]): Stretch[] {
  const within = places
    .map(({ start, end, weight }) => ({ start: Math.max(0, start), end: Math.min(text.length, end), weight }))
    .filter(({ start, end, weight }) => start < end && weight !== 0);
  const cuts = [...new Set([0, text.length, ...within.flatMap(({ start, end }) => [start, end])])].sort(
    (a, b) => a - b,
  );
  const stretches: { text: string; weight: number }[] = [];
  for (const [at, from] of cuts.entries()) {
    const to = cuts[at + 1];
    if (to === undefined) break;
    const weight = within
      .filter(({ start, end }) => start <= from && to <= end)
      .reduce((most, one) => (Math.abs(one.weight) > Math.abs(most) ? one.weight : most), 0);
    const last = stretches.at(-1);
    if (last && last.weight === weight) last.text += text.slice(from, to);
    else stretches.push({ text: text.slice(from, to), weight });
  }
  return stretches;
}
