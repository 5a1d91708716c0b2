import { type MetricAnswer, type MetricRow } from '../metrics/metrics.js';

/** The values of a dimension that any of the answers has: in their own order, or by the largest n. */
export function linesOf(
  answers: readonly (Pick<MetricAnswer, 'rows'> | undefined)[],
  by: string,
  order?: readonly string[],
): readonly (string | null)[] {
  const largest = new Map<string | null, number>();
  for (const row of answers.flatMap((answer) => answer?.rows ?? [])) {
    if (row.n === 0) continue;
    const value = row.values[by] ?? null;
    largest.set(value, Math.max(largest.get(value) ?? 0, row.n));
  }
  const place = (value: string | null) => {
    const index = order?.indexOf(value ?? '') ?? -1;
    return index < 0 ? Infinity : index;
  };
  return [...largest]
    .toSorted(([a, x], [b, y]) => (place(a) === place(b) ? y - x : place(a) - place(b)))
    .map(([value]) => value);
}

/** The rows of an answer that belong to a line: several where it is of several questions. */
export const cellsOf = (answer: Pick<MetricAnswer, 'rows'>, by: string, line: string | null): readonly MetricRow[] =>
  answer.rows.filter((row) => row.n > 0 && (row.values[by] ?? null) === line);
