import { mondayOf, type Series } from '../charts/chart-data.js';
import { type Interval } from '../metrics/metrics.js';

/** What the learning service answers: of the tags that people judged in a week, how many the tagger had right. */
export interface Accuracy {
  readonly weeks: readonly {
    /** ISO week, `2026-W48` */
    readonly week: string;
    readonly parts: Readonly<
      Record<
        string,
        { readonly n: number; readonly right: number; readonly value: number; readonly interval: Interval }
      >
    >;
  }[];
}

/** A line for each part of the tags, those judged most often first. */
export function accuracyLines({ weeks }: Accuracy): readonly Series[] {
  const parts = [...new Set(weeks.flatMap((week) => Object.keys(week.parts)))];
  return parts
    .map((part): Series => {
      const points = weeks.flatMap(({ week, parts: { [part]: told } }) => {
        const period = mondayOf(week);
        if (!told || period === undefined) return [];
        const { n, value, interval } = told;
        const row = { period, values: {}, n, value, interval, small: n < 30, hidden: false };
        return [{ row, period, n, value, interval }];
      });
      return { key: part, values: {}, n: points.reduce((sum, { n }) => sum + n, 0), points };
    })
    .filter(({ points }) => points.length > 0)
    .toSorted((a, b) => b.n - a.n);
}
