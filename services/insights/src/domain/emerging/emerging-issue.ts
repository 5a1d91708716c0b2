import type { Interval } from '../statistics/estimate.js';
import { judgeDay, type LeftOut, type JudgedDay } from './judge-day.js';
import { keyOf, type Series, type SeriesKey } from './series.js';

/** A rise that was seen on one day or on several. Days since 1970-01-01 (UTC). */
export interface EmergingIssue {
  readonly key: SeriesKey;
  readonly since: number;
  /** The day on which it was found */
  readonly foundOn: number;
  /** The last day that was above what was expected */
  readonly lastDay: number;
  /** From `since` to `lastDay` */
  readonly observed: number;
  readonly expected: number;
  readonly ratio: number;
  /** 95 %, of the ratio */
  readonly interval: Interval;
  /** As on the day on which it was found */
  readonly p: number;
  readonly q: number;
  readonly state: 'open' | 'over';
}

/** So many quiet days end it. */
export const quietDays = 3;
/** What lasts longer is no longer news: it is what is expected from then on. */
export const longestDays = 28;

/** What a judged day makes of the issues that there are. */
function advance(issues: readonly EmergingIssue[], { day, rises, watched }: JudgedDay): EmergingIssue[] {
  const later = issues.map((issue): EmergingIssue => {
    if (issue.state !== 'open') return issue;
    const seen = watched.get(keyOf(issue.key));
    const next = seen?.elevated ? { ...issue, ...figuresOf(seen.run), lastDay: day } : issue;
    const over = day - next.lastDay >= quietDays || day - next.since >= longestDays;
    return over ? { ...next, state: 'over' } : next;
  });
  // what has just ended by its age does not begin anew on that day
  const open = new Set(issues.filter(({ state }) => state === 'open').map(({ key }) => keyOf(key)));
  const found = rises
    .filter(({ key }) => !open.has(keyOf(key)))
    .map((rise): EmergingIssue => ({
      ...{ key: rise.key, since: rise.since, foundOn: day, lastDay: day },
      ...{ ...figuresOf(rise), p: rise.p, q: rise.q, state: 'open' },
    }));
  return [...later, ...found];
}

const figuresOf = ({
  observed,
  expected,
  ratio,
  interval,
}: Pick<EmergingIssue, 'observed' | 'expected' | 'ratio' | 'interval'>) => ({
  ...{ observed, expected, ratio, interval },
});

/** What passed is no part of what is expected of a series; what stayed is from then on, and what was before it no more. */
function leftOut(issues: readonly EmergingIssue[]): LeftOut {
  const ranges = new Map<string, (readonly [number, number])[]>();
  for (const { key, since, lastDay, state } of issues) {
    if (state !== 'over') continue;
    const stayed = lastDay - since >= longestDays - quietDays;
    const range = stayed ? ([0, since - 1] as const) : ([since, lastDay] as const);
    ranges.set(keyOf(key), [...(ranges.get(keyOf(key)) ?? []), range]);
  }
  return ranges;
}

/**
 * Judges one day after the other, as they came: what later days brought is not known on a day. In steps, as judgeDay.
 * @param series of the period that begins on `firstDay`
 * @param days the first to judge, and the one after the last
 * @param issues what was known before the first
 * @param onDay told of each day
 */
export function* judgeDays(
  series: readonly Series[],
  firstDay: number,
  [from, to]: readonly [number, number],
  issues: readonly EmergingIssue[],
  onDay: (judged: JudgedDay) => void = () => undefined,
): Generator<void, EmergingIssue[]> {
  let known = [...issues];
  for (let day = from; day < to; day++) {
    const open = known.filter(({ state }) => state === 'open');
    const judged = yield* judgeDay(series, firstDay, day, open, leftOut(known));
    onDay(judged);
    known = advance(known, judged);
  }
  return known;
}

/** All steps at one go. */
export function atOnce<T>(steps: Generator<void, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}
