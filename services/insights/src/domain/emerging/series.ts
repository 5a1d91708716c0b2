/** What is counted: a topic or all feedback, everywhere or at one place, of all products or one. null: any. */
export interface SeriesKey {
  readonly topic: string | null;
  readonly location: string | null;
  readonly product: string | null;
}

/** Feedback of one day, by topic; feedback with two topics is in two. null: none was given. */
export interface TopicCount extends SeriesKey {
  readonly topic: string;
  /** Days since 1970-01-01 (UTC) */
  readonly day: number;
  readonly count: number;
}

/** All feedback of one day, with a topic or without. */
export type DayTotal = Omit<TopicCount, 'topic'>;

export interface DailyCounts {
  readonly topics: readonly TopicCount[];
  readonly totals: readonly DayTotal[];
}

export interface Series {
  readonly key: SeriesKey;
  /** One entry for each day of the period */
  readonly counts: Float64Array;
  /** All feedback of its place and product */
  readonly scope: Scope;
}

export interface Scope {
  readonly location: string | null;
  readonly product: string | null;
  readonly totals: Float64Array;
}

export const keyOf = ({ topic, location, product }: SeriesKey): string => JSON.stringify([topic, location, product]);

const scopeKeyOf = (location: string | null, product: string | null): string => JSON.stringify([location, product]);

/** Monday is 0 */
export const weekdayOf = (day: number): number => (((day + 3) % 7) + 7) % 7;

/** Everywhere and here, of all products and this one; each once. */
function* widened(location: string | null, product: string | null): Generator<readonly [string | null, string | null]> {
  yield [location, product];
  if (product !== null) yield [location, null];
  if (location !== null) yield [null, product];
  if (location !== null && product !== null) yield [null, null];
}

/**
 * The series of a period, at every width: each topic, and all feedback, everywhere, by place, by product, by both.
 * @param days first day, and the day after the last
 */
export function seriesOf({ topics, totals }: DailyCounts, [from, to]: readonly [number, number]): Series[] {
  const scopes = new Map<string, Scope>();
  const scopeOf = (location: string | null, product: string | null): Scope => {
    const key = scopeKeyOf(location, product);
    let scope = scopes.get(key);
    if (!scope) scopes.set(key, (scope = { location, product, totals: new Float64Array(to - from) }));
    return scope;
  };
  for (const { day, location, product, count } of totals) {
    if (day < from || day >= to) continue;
    for (const wide of widened(location, product)) scopeOf(...wide).totals[day - from]! += count;
  }
  const series = new Map<string, Series>();
  for (const { topic, day, location, product, count } of topics) {
    if (day < from || day >= to) continue;
    for (const [place, thing] of widened(location, product)) {
      const key = { topic, location: place, product: thing };
      const name = keyOf(key);
      let one = series.get(name);
      if (!one) {
        one = { key, counts: new Float64Array(to - from), scope: scopeOf(place, thing) };
        series.set(name, one);
      }
      one.counts[day - from]! += count;
    }
  }
  const all = [...scopes.values()].map((scope): Series => {
    const { location, product, totals: counts } = scope;
    return { key: { topic: null, location, product }, counts, scope };
  });
  return [...series.values(), ...all];
}

/** Whether everything in `inner` is in `outer`, too, and outer is wider. */
export const covers = (outer: SeriesKey, inner: SeriesKey): boolean =>
  (outer.topic === null || outer.topic === inner.topic) &&
  keyOf(outer) !== keyOf(inner) &&
  (outer.location === null || outer.location === inner.location) &&
  (outer.product === null || outer.product === inner.product);

/** Whether no feedback is in both. */
export const disjoint = (a: SeriesKey, b: SeriesKey): boolean =>
  differ(a.topic, b.topic) || differ(a.location, b.location) || differ(a.product, b.product);

const differ = (a: string | null, b: string | null): boolean => a !== null && b !== null && a !== b;
