import { mainValueOf, type Interval, type MetricAnswer, type MetricRow } from '../metrics/metrics.js';

/** One number in a chart, and the row of the answer that it is. */
export interface Point {
  readonly row: MetricRow;
  readonly value: number | null;
  readonly interval: Interval | null;
  readonly n: number;
}

export interface TimePoint extends Point {
  readonly period: string;
}

/** The rows of one combination of values. */
export interface Series {
  readonly key: string;
  readonly values: Readonly<Record<string, string | null>>;
  readonly n: number;
  readonly points: readonly TimePoint[];
}

/** Lines that can still be told from each other */
const mostSeries = 6;

export const pointOf = (row: MetricRow): Point => ({ row, n: row.n, ...mainValueOf(row) });

const keyOf = (values: Readonly<Record<string, string | null>>): string =>
  JSON.stringify(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)));

/** The rows as lines over time, the largest first; those beyond the most are counted in `more`. */
export function seriesOf(
  { rows }: Pick<MetricAnswer, 'rows'>,
  most = mostSeries,
): { readonly series: readonly Series[]; readonly more: number } {
  const found = new Map<string, { values: MetricRow['values']; n: number; points: TimePoint[] }>();
  for (const row of rows) {
    if (row.period === undefined) continue;
    const key = keyOf(row.values);
    const series = found.get(key) ?? { values: row.values, n: 0, points: [] };
    series.n += row.n;
    series.points.push({ ...pointOf(row), period: row.period });
    found.set(key, series);
  }
  const all = [...found]
    .map(([key, { points, ...rest }]) => ({
      ...{ key, ...rest },
      points: points.toSorted((a, b) => (a.period < b.period ? -1 : 1)),
    }))
    .toSorted((a, b) => b.n - a.n || (a.key < b.key ? -1 : 1));
  return { series: all.slice(0, most), more: Math.max(0, all.length - most) };
}

/** Every period has a point: the API leaves out those in which nothing was said, which is zero of what is counted, and else no number. */
export function completed(series: readonly Series[], periods: readonly string[], counted: boolean): readonly Series[] {
  return series.map((line) => {
    const known = new Map(line.points.map((point) => [point.period, point]));
    const points = periods.map((period): TimePoint => {
      const value = counted ? 0 : null;
      const row = { period, values: line.values, n: 0, value, interval: null, small: true, hidden: false };
      return known.get(period) ?? { ...pointOf(row), period };
    });
    return { ...line, points };
  });
}

/** Every period that any line has a point in, in order. */
export const periodsOf = (series: readonly Series[]): readonly string[] =>
  [...new Set(series.flatMap(({ points }) => points.map(({ period }) => period)))].toSorted();

/** Parts of a line without a gap: where a number is missing or hidden, no line goes on. */
export function segmentsOf(points: readonly TimePoint[]): readonly (readonly TimePoint[])[] {
  const segments: TimePoint[][] = [];
  let open: TimePoint[] | undefined;
  for (const point of points) {
    if (point.value === null) open = undefined;
    else if (open) open.push(point);
    else segments.push((open = [point]));
  }
  return segments;
}

export type Order = 'n' | 'value' | 'given';

/** The rows of totals as a list, the largest first unless told otherwise. */
export function listOf(
  { rows }: Pick<MetricAnswer, 'rows'>,
  { most = 20, order = 'n' }: { readonly most?: number; readonly order?: Order } = {},
): { readonly points: readonly Point[]; readonly more: number } {
  const all = rows.filter(({ n }) => n > 0).map(pointOf);
  const byN = order === 'given' ? all : all.toSorted((a, b) => b.n - a.n);
  const shown = byN.slice(0, most);
  const points = order === 'value' ? shown.toSorted((a, b) => (b.value ?? -Infinity) - (a.value ?? -Infinity)) : shown;
  return { points, more: Math.max(0, all.length - most) };
}

export interface HeatMap {
  readonly rows: readonly (string | null)[];
  readonly columns: readonly (string | null)[];
  /** By row, then column; undefined where there is nothing */
  readonly cells: readonly (readonly (Point | undefined)[])[];
  readonly moreRows: number;
  readonly moreColumns: number;
}

/** Two dimensions against each other: those with the most feedback, in order of it. */
export function heatMapOf(
  { rows }: Pick<MetricAnswer, 'rows'>,
  [rowDimension, columnDimension]: readonly [string, string],
  { mostRows = 20, mostColumns = 12 } = {},
): HeatMap {
  const [inRow, inColumn] = [new Map<string | null, number>(), new Map<string | null, number>()];
  const at = new Map<string, Point>();
  for (const row of rows) {
    const [r, c] = [row.values[rowDimension] ?? null, row.values[columnDimension] ?? null];
    inRow.set(r, (inRow.get(r) ?? 0) + row.n);
    inColumn.set(c, (inColumn.get(c) ?? 0) + row.n);
    const key = JSON.stringify([r, c]);
    const known = at.get(key);
    // Of a survey metric the question with the most answers: numbers of different questions are never put together.
    if (!known || known.n < row.n) at.set(key, pointOf(row));
  }
  const largest = (counts: Map<string | null, number>, most: number) =>
    [...counts]
      .toSorted(([a, x], [b, y]) => y - x || ((a ?? '') < (b ?? '') ? -1 : 1))
      .slice(0, most)
      .map(([name]) => name);
  const [shownRows, columns] = [largest(inRow, mostRows), largest(inColumn, mostColumns)];
  return {
    ...{ rows: shownRows, columns },
    cells: shownRows.map((r) => columns.map((c) => at.get(JSON.stringify([r, c])))),
    ...{ moreRows: inRow.size - shownRows.length, moreColumns: inColumn.size - columns.length },
  };
}

/** The numbers that are told in words: first, last, least and greatest of a line. */
export function extremesOf(
  points: readonly TimePoint[],
): Record<'first' | 'last' | 'least' | 'greatest', TimePoint> | undefined {
  const told = points.filter(({ value }) => value !== null);
  const [first] = told;
  if (!first) return undefined;
  const by = (better: (a: number, b: number) => boolean) =>
    told.reduce((best, point) => (better(point.value!, best.value!) ? point : best), first);
  return { first, last: told.at(-1)!, least: by((a, b) => a < b), greatest: by((a, b) => a > b) };
}

const minute = 60_000;
/** Steps in which people count time, milliseconds */
const timeSteps = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1_440, 2_880, 7_200, 10_080, 20_160, 43_200].map(
  (minutes) => minutes * minute,
);

/** Round durations from one to the other, so many at most: 0, 6 h, 12 h, … */
export function timeTicks([from, to]: readonly [number, number], most: number): readonly number[] {
  const wanted = (to - from) / Math.max(1, most);
  const longest = timeSteps.at(-1)!;
  const step = timeSteps.find((one) => one >= wanted) ?? Math.ceil(wanted / longest) * longest;
  const ticks: number[] = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) ticks.push(at);
  return ticks;
}

/**
 * Ticks of which no two read alike: where a short axis would have labels that are rounded to the same, there are fewer.
 * @param ticksFor so many, about
 */
export function readableTicks(
  ticksFor: (count: number) => readonly number[],
  most: number,
  label: (tick: number) => string,
): readonly number[] {
  for (let count = most; count > 1; count--) {
    const ticks = ticksFor(count);
    if (new Set(ticks.map(label)).size === ticks.length) return ticks;
  }
  return ticksFor(1).slice(0, 1);
}

/** From the least to the greatest end of all intervals, and zero where asked for. */
export function extentOf(points: readonly Point[], { zero = false } = {}): [number, number] {
  const ends = points.flatMap(({ value, interval }) => (value === null ? [] : [value, ...(interval ?? [])]));
  const finite = ends.filter((end) => end !== null && Number.isFinite(end)) as number[];
  if (zero || finite.length === 0) finite.push(0);
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  return low === high ? [low - (low === 0 ? 0 : Math.abs(low) / 10), high + (Math.abs(high) / 10 || 1)] : [low, high];
}

/** The Monday of an ISO week, `2015-W08`, as `YYYY-MM-DD`; undefined for what is none. */
export function mondayOf(week: string): string | undefined {
  const [, year, number] = /^(\d{4})-W(\d\d)$/.exec(week) ?? [];
  if (year === undefined || number === undefined) return undefined;
  // The 4th of January always lies in week 1.
  const fourth = new Date(Date.UTC(Number(year), 0, 4));
  const weekday = (fourth.getUTCDay() + 6) % 7;
  fourth.setUTCDate(4 - weekday + (Number(number) - 1) * 7);
  return fourth.toISOString().slice(0, 10);
}

/** Rows by cohort (the week of opening) as one line over these weeks. */
export function cohortLineOf({ metric, rows }: Pick<MetricAnswer, 'metric' | 'rows'>): Series {
  const points = rows.flatMap((row): TimePoint[] => {
    const period = mondayOf(row.values['cohort'] ?? '');
    return period === undefined ? [] : [{ ...pointOf(row), period }];
  });
  return {
    ...{ key: metric, values: { metric }, n: points.reduce((sum, { n }) => sum + n, 0) },
    points: points.toSorted((a, b) => (a.period < b.period ? -1 : 1)),
  };
}
