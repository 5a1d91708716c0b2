import { benjaminiHochberg } from '../statistics/benjamini-hochberg.js';
import { negativeBinomialAtLeast } from '../statistics/distributions.js';
import { within, z95, type Interval } from '../statistics/estimate.js';
import { fitExpectation, type Expectation, type History } from './expectation.js';
import { covers, disjoint, keyOf, weekdayOf, type Series, type SeriesKey } from './series.js';

/** When a rise is one. The figures that they lead to are in docs/emerging.md. */
const rule = {
  /** Share of a day's alarms that may be false (Benjamini and Hochberg over all series of the day) */
  q: 0.05,
  /** Chance of a false alarm of one series on one day: a hundred series have 3,000 in a month, and may have one alarm */
  p: 3e-4,
  /** What is not half as much again as expected is nobody's business, however sure it is. */
  ratio: 1.5,
  /** Fewer are anecdotes */
  observed: 5,
} as const;

/** Days of history from which an expectation is drawn */
export const historyDays = 56;
/** A series of which fewer came in the longest window is not judged. */
export const leastJudged = rule.observed;
/** Days before a judged one that can be judged along with it */
export const longestWindow = 7;

/** What is counted together, today and up to so many days before, by how many days of history there are. */
function windowsFor(history: number): readonly number[] {
  if (history >= 21) return [1, 2, longestWindow];
  if (history >= 7) return [1, 2];
  // fewer days than a working week say nothing of the next
  return history >= 5 ? [1] : [];
}

export interface Rise {
  readonly key: SeriesKey;
  /** First and last day (since 1970) of what is counted */
  readonly since: number;
  readonly day: number;
  readonly observed: number;
  readonly expected: number;
  readonly ratio: number;
  /** 95 %, of the ratio */
  readonly interval: Interval;
  /** That so many come by chance, corrected for the windows that were looked at */
  readonly p: number;
  readonly q: number;
}

/** How an issue that is open did on a day. */
export interface Watched {
  /** From its first day to this one */
  readonly run: Omit<Rise, 'q'>;
  /** Whether this day alone was above what was expected of it */
  readonly elevated: boolean;
}

export interface OpenIssue {
  readonly key: SeriesKey;
  readonly since: number;
}

export interface JudgedDay {
  readonly day: number;
  /** Series that were judged */
  readonly series: number;
  readonly rises: readonly Rise[];
  /** By keyOf */
  readonly watched: ReadonlyMap<string, Watched>;
  /** What the day was judged by: variance = mean + overdispersion · mean² of a typical series, and how much one day's excess lasts to the next */
  readonly overdispersion: number;
  readonly persistence: number;
}

/** Days [from, to] of a series that are no part of what is expected of it: those of an issue that passed, those before one that stayed. */
export type LeftOut = ReadonlyMap<string, readonly (readonly [from: number, to: number])[]>;

/** A series with what was expected of it. */
interface Fitted {
  readonly series: Series;
  readonly windows: readonly number[];
  readonly history: History;
  /** Entry of the history's first day in the series */
  readonly start: number;
  /** Of the days of the history and those after it, up to the judged one */
  readonly exposure: Float64Array;
  readonly expectation: Expectation;
  readonly overdispersion: number;
  readonly persistence: number;
}

/** Before a day's own is estimated */
const guessedOverdispersion = 0.1;
/** One wild series is not to make all of them insensitive. */
const greatestOverdispersion = 2;
const priorWeek = { whole: 0.5, topic: 0.1 } as const;
/** So much of everything else must come before a day counts as busy for certain: (came + this) / (expected + this). */
const busySteady = 20;
/** Beyond so many standard deviations a past day counts less (Noufaily et al., 2013, take 2.58, which makes skewed counts too low) */
const farOff = 3.5;
/** Series by which overdispersion is estimated, the largest */
const pooledSeries = 200;
/** What is once more as likely as this by chance is not elevated. */
const elevatedP = 0.05;
const elevatedRatio = 1.2;

/**
 * Which series rose on a day above what is expected of them. Of a topic that is its share of what all other feedback of the same place and
 * product comes to, by level, trend and weekday: on a busy day of what came, on a quiet one of what was to come (a quiet day is no reason for alarm).
 * Of all feedback together it is its own level, trend and weekday: that a day is busy is one rise, not one of every topic. A count is judged by the
 * negative binomial distribution; its overdispersion is each series' own, drawn towards that of all; what is not known for certain of the
 * expectation adds to it (A. Noufaily et al., Statistics in Medicine 32, 2013). A day is judged alone, with the one before, and as the last of seven.
 * Done in steps, one series each, so that whoever has something else to do can do it in between.
 * @param series of the period that begins on `firstDay`
 * @param day since 1970; what comes after it is not looked at
 */
export function* judgeDay(
  series: readonly Series[],
  firstDay: number,
  day: number,
  open: readonly OpenIssue[],
  leftOut: LeftOut,
): Generator<void, JudgedDay> {
  const at = day - firstDay;
  const first = Math.max(0, at - historyDays - longestWindow + 1);
  const openSince = new Map(open.map(({ key, since }) => [keyOf(key), since]));
  const sized = series
    .map((one) => ({
      one,
      total: sum(one.counts, first, at + 1),
      recent: sum(one.counts, Math.max(first, at - longestWindow + 1), at + 1),
    }))
    .filter(({ total }) => total > 0);
  const candidates = withoutSame(sized, openSince).filter(
    ({ one, recent }) => recent >= rule.observed || openSince.has(keyOf(one.key)),
  );
  const largest = [...sized].sort((a, b) => b.total - a.total).slice(0, pooledSeries);
  const fitting = new Set([...candidates, ...largest].map(({ one }) => one));
  const roughly: Rough[] = [];
  for (const one of fitting) {
    const fit = fitRoughly(one, firstDay, at, first, openSince.get(keyOf(one.key)), leftOut);
    if (fit) roughly.push(fit);
    yield;
  }
  // all feedback together varies less than its topics
  const pool = poolOf(roughly.filter(({ series: one }) => one.key.topic !== null));
  const poolOfAll = poolOf(roughly.filter(({ series: one }) => one.key.topic === null));
  const judged = new Set(candidates.map(({ one }) => one));
  const fitted: Fitted[] = [];
  const readings: Omit<Rise, 'q'>[] = [];
  for (const rough of roughly) {
    if (!judged.has(rough.series)) continue;
    const one = fitWell(rough, rough.series.key.topic === null ? poolOfAll : pool);
    fitted.push(one);
    readings.push(readingOf(one, firstDay, at));
    yield;
  }
  const q = benjaminiHochberg(
    readings.map(({ p }) => p),
    Math.max(sized.length, readings.length),
  );
  const all = readings.map((reading, index): Rise => ({ ...reading, q: q[index]! }));
  const rises = all.filter((rise) => isRise(rise));
  const watched = new Map<string, Watched>();
  for (const one of fitted) {
    const since = openSince.get(keyOf(one.series.key));
    if (since !== undefined) watched.set(keyOf(one.series.key), watchedOf(one, firstDay, at, since));
  }
  const told = tellApart(
    rises,
    [...watched.values()].map(({ run }) => run),
    (key, [from, to]) => {
      const of = fitted.find(({ series: { key: other } }) => keyOf(other) === keyOf(key))!;
      return countedIn(of, from - firstDay, to - firstDay);
    },
  );
  return { day, series: sized.length, rises: told, watched, ...pool };
}

const isRise = ({ p, q, ratio, observed }: Rise): boolean =>
  p <= rule.p && q <= rule.q && ratio >= rule.ratio && observed >= rule.observed;

interface Sized {
  readonly one: Series;
  readonly total: number;
}

/** Without those that are the same as a narrower one, which says more: all of a topic's feedback is of one product. An open issue's stays. */
function withoutSame<T extends Sized>(sized: readonly T[], open: ReadonlyMap<string, number>): T[] {
  const totals = new Map(sized.map(({ one, total }) => [keyOf(one.key), total]));
  const same = new Set<string>();
  for (const { one, total } of sized) {
    const { topic, location, product } = one.key;
    for (const wider of [
      { topic, location: null, product },
      { topic, location, product: null },
      { topic, location: null, product: null },
    ]) {
      if (covers(wider, one.key) && totals.get(keyOf(wider)) === total) same.add(keyOf(wider));
    }
  }
  return sized.filter(({ one }) => open.has(keyOf(one.key)) || !same.has(keyOf(one.key)));
}

interface Rough {
  readonly series: Series;
  readonly windows: readonly number[];
  readonly history: History;
  readonly start: number;
  readonly exposure: Float64Array;
  /** (Σ (y − μ)² − μ) / Σ μ², and how much it is to be trusted */
  readonly overdispersion: number;
  readonly trust: number;
  /** Σ (y − μ)(y' − μ') and Σ μ μ' of days that follow each other */
  readonly lag: readonly [products: number, means: number];
}

/** null where there is too little history of its place and product */
function fitRoughly(
  series: Series,
  firstDay: number,
  at: number,
  first: number,
  since: number | undefined,
  leftOut: LeftOut,
): Rough | null {
  const { counts, scope, key } = series;
  // before it had its usual volume, by a tenth at least, a place or product had no past
  const usual = sum(scope.totals, first, at + 1) / (at + 1 - first);
  let start = first;
  while (start < at && scope.totals[start]! <= usual / 10) start++;
  const windows = windowsFor(at - start);
  if (windows.length === 0) return null;
  // what is to be judged is no part of what it is judged by
  const guard = windows.at(-1)!;
  const end = Math.min(at - guard + 1, since === undefined ? Infinity : since - firstDay);
  if (end - start < 3) return null;
  start = Math.max(start, end - historyDays);
  const firstWeekday = weekdayOf(firstDay + start);
  const [days, ahead] = [end - start, at + 1 - start];
  const weights = new Float64Array(days).fill(1);
  for (const [from, to] of leftOut.get(keyOf(key)) ?? []) {
    weights.fill(0, within(from - firstDay - start, 0, days), within(to + 1 - firstDay - start, 0, days));
  }
  // of all feedback nothing else tells how busy a day is
  const isAll = key.topic === null;
  const rest = new Float64Array(ahead);
  for (let index = 0; index < ahead; index++) {
    const counted = counts[start + index]!;
    rest[index] = isAll ? counted : Math.max(0, scope.totals[start + index]! - counted);
  }
  const whole = fitSteadily(
    {
      counts: rest.subarray(0, days),
      firstWeekday,
      exposure: new Float64Array(days).fill(1),
      weights: new Float64Array(days).fill(1),
    },
    guessedOverdispersion,
    priorWeek.whole,
  );
  const exposure = new Float64Array(ahead);
  for (let index = 0; index < ahead; index++) {
    const { mean } = whole.on(index, 1);
    const busy = isAll ? 1 : (rest[index]! + busySteady) / (mean + busySteady);
    exposure[index] = mean * (index < days ? busy : Math.max(1, busy));
  }
  const history = {
    ...{ counts: counts.subarray(start, end), firstWeekday },
    ...{ exposure: exposure.subarray(0, days), weights },
  };
  const roughly = fitExpectation(history, guessedOverdispersion, priorWeek.topic);
  return { ...{ series, windows, start, exposure, history }, ...dispersionOf(history, roughly) };
}

/** A fit, and once more with days that lay far off counting less (C. P. Farrington et al., JRSS A 159, 1996) */
function fitSteadily(history: History, overdispersion: number, week: number): Expectation {
  const first = fitExpectation(history, overdispersion, week);
  const weights = Float64Array.from(history.weights, (weight, day) => {
    const { mean } = first.on(day, history.exposure[day]!);
    const off = (history.counts[day]! - mean) / Math.sqrt(mean + overdispersion * mean * mean + 0.1);
    return off > farOff ? weight * (farOff / off) ** 2 : weight;
  });
  return fitExpectation({ ...history, weights }, overdispersion, week);
}

function dispersionOf({ counts, exposure, weights }: History, expectation: Expectation) {
  let [excess, squares, products, pairs, weighed, means] = [0, 0, 0, 0, 0, 0];
  let [offBefore, meanBefore] = [0, 0];
  for (let day = 0; day < counts.length; day++) {
    const weight = weights[day]!;
    const { mean } = expectation.on(day, exposure[day]!);
    const off = counts[day]! - mean;
    excess += weight * (off ** 2 / (1 - expectation.leverage(day)) - mean);
    squares += weight * mean * mean;
    weighed += weight;
    means += weight * mean;
    if (weight === 1 && meanBefore > 0) {
      products += off * offBefore;
      pairs += mean * meanBefore;
    }
    [offBefore, meanBefore] = weight === 1 ? [off, mean] : [0, 0];
  }
  const typical = weighed > 0 ? means / weighed : 0;
  return {
    overdispersion: squares > 0 ? Math.min(excess / squares, greatestOverdispersion) : 0,
    // the inverse of its variance, 2 (1 + α μ)² / (n μ²), at a guessed α
    trust: (weighed * typical * typical) / (2 * (1 + guessedOverdispersion * typical) ** 2),
    lag: [products, pairs] as const,
  };
}

interface Pool {
  readonly overdispersion: number;
  readonly persistence: number;
}

function poolOf(roughly: readonly Rough[]): Pool {
  let [trusted, weighed, products, pairs] = [0, 0, 0, 0];
  for (const { overdispersion, trust, lag } of roughly) {
    trusted += trust * overdispersion;
    weighed += trust;
    // each series once: large ones would else decide alone
    if (lag[1] > 0) {
      products += (trust * lag[0]) / lag[1];
      pairs += trust;
    }
  }
  const overdispersion = weighed > 0 ? Math.max(0.002, trusted / weighed) : guessedOverdispersion;
  const persistence = pairs > 0 ? within(products / pairs / overdispersion, 0, 0.9) : 0;
  return { overdispersion, persistence };
}

function fitWell(rough: Rough, pool: Pool): Fitted {
  const { overdispersion: own, trust } = rough;
  // series differ in it by about half of it
  const prior = 1 / Math.max(pool.overdispersion / 2, 0.02) ** 2;
  const drawn = (trust * own + prior * pool.overdispersion) / (trust + prior);
  // half a standard deviation on the safe side: what is too low would make alarms out of nothing
  const overdispersion = Math.max(0, drawn) + 0.5 / Math.sqrt(trust + prior);
  return {
    ...rough,
    overdispersion,
    persistence: pool.persistence,
    expectation: fitSteadily(rough.history, overdispersion, priorWeek.topic),
  };
}

/** Counted and expected in the entries [from, to] of a series. */
interface Counted {
  readonly observed: number;
  readonly expected: number;
  /** Of the count, against its own mean squared */
  readonly overdispersion: number;
}

function countedIn(
  { series, start, exposure, expectation, overdispersion, persistence }: Fitted,
  from: number,
  to: number,
): Counted {
  let [observed, expected, variance, shared] = [0, 0, 0, 0];
  const means: number[] = [];
  for (let index = Math.max(from, start); index <= to; index++) {
    const { mean, variance: unsure } = expectation.on(index - start, exposure[index - start]!);
    observed += series.counts[index]!;
    expected += mean;
    // the same level is wrong on all days alike; days that are like the ones before tell less of it
    shared = Math.max(shared, (unsure * (1 + persistence)) / (1 - persistence));
    means.forEach((other, before) => (variance += 2 * mean * other * persistence ** (means.length - before)));
    variance += mean * mean;
    means.push(mean);
  }
  return { observed, expected, overdispersion: (overdispersion * variance) / expected ** 2 + shared };
}

function riseOf(
  key: SeriesKey,
  [since, day]: readonly [number, number],
  counted: Counted,
  tests: number,
): Omit<Rise, 'q'> {
  const { observed, expected, overdispersion } = counted;
  const ratio = observed / expected;
  const spread = Math.exp(z95 * Math.sqrt(1 / Math.max(observed, 0.5) + overdispersion));
  return {
    ...{ key, since, day, observed, expected, ratio, interval: [ratio / spread, ratio * spread] },
    p: Math.min(1, tests * negativeBinomialAtLeast(observed, expected, overdispersion)),
  };
}

/** The most surprising of its windows, told from the day on which it began */
function readingOf(fitted: Fitted, firstDay: number, at: number): Omit<Rise, 'q'> {
  const { windows, series, start, exposure, expectation } = fitted;
  const of = (from: number): Omit<Rise, 'q'> =>
    riseOf(series.key, [firstDay + from, firstDay + at], countedIn(fitted, from, at), windows.length);
  const [best] = windows.map((days) => of(at - days + 1)).sort((a, b) => a.p - b.p);
  let from = best!.since - firstDay;
  while (from < at && series.counts[from]! <= expectation.on(from - start, exposure[from - start]!).mean) from++;
  while (from > at - windows.at(-1)! + 1 && isElevated(fitted, firstDay, from - 1)) from--;
  return { ...of(from), p: best!.p };
}

function isElevated(fitted: Fitted, firstDay: number, at: number): boolean {
  const day = firstDay + at;
  const { p, ratio } = riseOf(fitted.series.key, [day, day], countedIn(fitted, at, at), 1);
  return p <= elevatedP && ratio >= elevatedRatio;
}

function watchedOf(fitted: Fitted, firstDay: number, at: number, since: number): Watched {
  const days = [since, firstDay + at] as const;
  return {
    run: riseOf(fitted.series.key, days, countedIn(fitted, since - firstDay, at), 1),
    elevated: isElevated(fitted, firstDay, at),
  };
}

/** A narrower rise so much steeper than a wider one is another. */
const steeper = 1.5;
/** Where so much of a wider rise is in a narrower one, the narrower says it. */
const nearlyAll = 0.8;

type CountIn = (key: SeriesKey, days: readonly [number, number]) => Counted;

/**
 * Of rises that contain each other, those that say it best: a wide one where it rose everywhere alike, the narrow ones where they alone make the wide
 * one rise, both where one place rose much more than the others.
 */
function tellApart(rises: readonly Rise[], open: readonly Omit<Rise, 'q'>[], countIn: CountIn): Rise[] {
  const dropped = new Set<string>();
  const all = [...rises, ...open];
  const width = ({ key: { topic, location, product } }: { key: SeriesKey }): number =>
    [topic, location, product].filter((each) => each === null).length;
  for (const wide of [...all].sort((a, b) => width(b) - width(a))) {
    const narrower = all.filter(({ key }) => covers(wide.key, key));
    if (narrower.length === 0 || dropped.has(keyOf(wide.key))) continue;
    const excess = ({ observed, expected }: Counted): number => observed - expected;
    const days = [wide.since, wide.day] as const;
    const own = countIn(wide.key, days);
    const ofOwn = narrower
      .map(({ key }) => ({ key, counted: countIn(key, days) }))
      .sort((a, b) => excess(b.counted) - excess(a.counted));
    const standing = ofOwn.filter(
      ({ key, counted }) =>
        // a topic is judged by its share: what rises beyond a busy day is not that day's
        key.topic !== wide.key.topic ||
        counted.observed / counted.expected > (steeper * own.observed) / own.expected ||
        excess(counted) >= nearlyAll * excess(own),
    );
    let [observed, expected] = [own.observed, own.expected];
    const taken: SeriesKey[] = [];
    for (const { key, counted } of standing) {
      if (!taken.every((other) => disjoint(other, key))) continue;
      taken.push(key);
      observed -= counted.observed;
      expected -= counted.expected;
    }
    const left = riseOf(
      wide.key,
      days,
      { observed, expected: Math.max(expected, 1e-9), overdispersion: own.overdispersion },
      1,
    );
    const stands = left.p <= 0.01 && left.ratio >= rule.ratio && left.observed >= rule.observed;
    if (!stands) dropped.add(keyOf(wide.key));
    else
      for (const { key } of ofOwn)
        if (!standing.some((other) => keyOf(other.key) === keyOf(key))) dropped.add(keyOf(key));
  }
  return rises.filter(({ key }) => !dropped.has(keyOf(key)));
}

function sum(counts: Float64Array, from: number, to: number): number {
  let all = 0;
  for (let at = from; at < to; at++) all += counts[at]!;
  return all;
}
