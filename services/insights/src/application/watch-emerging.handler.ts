import { Injectable } from '@nestjs/common';
import { setImmediate as breathe } from 'node:timers/promises';
import { carriersOf } from '../domain/emerging/carrier.js';
import { EmergingAlerts } from '../domain/emerging/emerging-alerts.js';
import { judgeDays, type EmergingIssue } from '../domain/emerging/emerging-issue.js';
import { EmergingStore, type Digests, type EmergingWork, type KeptIssue } from '../domain/emerging/emerging-store.js';
import { historyDays, leastJudged, longestWindow } from '../domain/emerging/judge-day.js';
import { identified, nextDue } from '../domain/emerging/rejudging.js';

/** What is found later than so many days after it began is history: it is listed, and nobody is woken. */
const newsDays = 3;
/** Most feedback that an alert names */
const evidence = 50;

/** Events and questions wait for so long at most, milliseconds. */
const turnMs = 10;

async function inTurns<T>(steps: Generator<void, T>): Promise<T> {
  for (let begun = performance.now(); ;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (performance.now() - begun < turnMs) continue;
    await breathe();
    begun = performance.now();
  }
}

/** Judges the days that are over and not judged yet, or are not what they were when they were; and tells of what is new. */
@Injectable()
export class WatchEmerging {
  /** What each day held at the last look: one that still changes waits. */
  #seen: Digests = new Map();

  constructor(
    private readonly store: EmergingStore,
    private readonly alerts: EmergingAlerts,
  ) {}

  /** @returns how many days were judged, and whether there are more; undefined where another replica works */
  handle(): Promise<{ judged: number; more: boolean } | undefined> {
    return this.store.exclusively(async (work) => {
      const today = await work.today();
      const judged = await this.judge(work, today);
      if (!judged.more) await this.tell(today);
      return judged;
    });
  }

  private async judge(work: EmergingWork, today: number): Promise<{ judged: number; more: boolean }> {
    const digests = await work.digests(today);
    const seen = this.#seen;
    this.#seen = digests;
    const issues = await work.issues();
    const due = nextDue(digests, await work.judged(), issues, today, (day) => seen.get(day) === digests.get(day));
    // changed a moment ago: the next look judges it
    if (!due) return { judged: 0, more: false };
    const { from, days } = due;
    const to = Math.max(from, ...days) + 1;
    const first = from - historyDays - longestWindow;
    let known: EmergingIssue[] = issues.filter(({ foundOn }) => foundOn < from);
    const open = known.filter(({ state }) => state === 'open').map(({ key }) => key);
    const series = await work.series([first, to], from, leastJudged, open);
    for (const day of days) known = await inTurns(judgeDays(series, first, [day, day + 1], known));
    const held = new Map(days.map((day) => [day, digests.get(day) ?? '']));
    const kept = this.keep(known, issues, [from, to]).map((issue) =>
      issue.lastDay >= from ? { ...issue, carriedBy: carriersOf(series, first, issue) } : issue,
    );
    await work.save(from, kept, held);
    return { judged: days.length, more: due.more };
  }

  /** Those from before that still stood open are as they are now; those found since under the ids of what they were. */
  private keep(
    known: readonly EmergingIssue[],
    before: readonly KeptIssue[],
    [from, to]: readonly [number, number],
  ): KeptIssue[] {
    const earlier = before.filter(({ foundOn }) => foundOn < from);
    const later = before.filter(({ foundOn }) => foundOn >= from);
    const stood = known.slice(0, earlier.length).map((issue, at): KeptIssue => ({ ...earlier[at]!, ...issue }));
    return [...stood, ...identified(known.slice(earlier.length), later, to - 1)];
  }

  /** After the commit, and again where it failed: an alert is told once for each issue. */
  private async tell(today: number): Promise<void> {
    for (const issue of await this.store.untold(today - newsDays, evidence)) {
      const insightId = await this.alerts.raise(issue);
      if (insightId !== undefined) await this.store.told(issue.emergingId, insightId);
    }
  }
}
