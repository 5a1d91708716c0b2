import { deriveId } from '@closeloop/contracts';
import { quietDays, type EmergingIssue } from './emerging-issue.js';
import type { Digests, KeptIssue } from './emerging-store.js';
import { keyOf } from './series.js';

/** Days that are judged at one go, and the history of the first, lie within so many days. */
const mostDays = 31;

/** What was judged from `from` on does not hold any more. */
export interface Due {
  readonly from: number;
  /** The days to judge next, in order; none where nothing is left from there on */
  readonly days: readonly number[];
  /** Whether there are more after these */
  readonly more: boolean;
}

/**
 * What is to be judged, the first days first: those whose feedback is not what it was when they were, and all after them, which they are
 * part of the history of. Days without feedback are judged as far as they end an issue. undefined where everything holds.
 * @param steady whether a day may be judged: what is still coming in would be judged again and again
 */
export function nextDue(
  digests: Digests,
  judged: Digests,
  issues: readonly EmergingIssue[],
  today: number,
  steady: (day: number) => boolean,
): Due | undefined {
  const wanted = new Set<number>();
  for (const day of digests.keys()) {
    for (let next = day; next <= Math.min(day + quietDays, today - 1); next++) wanted.add(next);
  }
  const days = [...wanted].sort((a, b) => a - b);
  const changed = days.filter((day) => judged.get(day) !== (digests.get(day) ?? ''));
  // of a day that has lost all its feedback nothing else tells
  const gone = [...judged.keys()].filter((day) => !wanted.has(day));
  const first = Math.min(...changed, ...gone);
  if (first === Infinity || !steady(first)) return undefined;
  const lastJudged = Math.max(-Infinity, ...judged.keys());
  const from = first > lastJudged ? first : restartOf(issues, first);
  const due = days.filter((day) => day >= from);
  // one that still changes holds up those after it, which it is history of
  const changing = due.find((day) => day > first && !steady(day)) ?? Infinity;
  const next = due.filter((day) => day < from + mostDays && day < changing);
  return { from, days: next, more: next.length > 0 && due.some((day) => day > next.at(-1)! && day < changing) };
}

/** The last day up to which no issue was open: what came of the days before holds. */
function restartOf(issues: readonly EmergingIssue[], from: number): number {
  let restart = from;
  for (let moved = true; moved;) {
    moved = false;
    for (const { foundOn, lastDay } of issues) {
      if (foundOn < restart && lastDay + quietDays >= restart) {
        restart = foundOn;
        moved = true;
      }
    }
  }
  return restart;
}

/**
 * Issues that were found, under the ids of those that they were before: the same series at about the same time is the same issue. What people have seen
 * and is not found any more stays, as over.
 * @param before those that were kept and found from the first judged day on
 */
export function identified(
  found: readonly EmergingIssue[],
  before: readonly KeptIssue[],
  judgedUpTo: number,
): KeptIssue[] {
  const left = new Map(before.map((issue) => [issue.emergingId, issue]));
  const kept = found.map((issue): KeptIssue => {
    const name = keyOf(issue.key);
    const same = [...left.values()].find(
      ({ key, since, lastDay }) =>
        keyOf(key) === name && since <= issue.lastDay + quietDays && issue.since <= lastDay + quietDays,
    );
    if (!same) {
      const emergingId = deriveId('emerging', name, String(issue.since));
      return { ...issue, emergingId, seen: false, carriedBy: [] };
    }
    left.delete(same.emergingId);
    return { ...issue, emergingId: same.emergingId, seen: same.seen, carriedBy: same.carriedBy };
  });
  const ids = new Set(kept.map(({ emergingId }) => emergingId));
  const stays = [...left.values()].filter(
    ({ emergingId, seen, foundOn }) => !ids.has(emergingId) && (seen || foundOn > judgedUpTo),
  );
  return [
    ...kept,
    ...stays.map((issue): KeptIssue => (issue.foundOn > judgedUpTo ? issue : { ...issue, state: 'over' })),
  ];
}
