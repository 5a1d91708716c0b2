import { type LoopState } from '@closeloop/contracts';
import { clockNames, targets, type ClockName, type Target, type Terms, type TermsRef } from './settings.js';

/** The clocks of a loop's cycle. */
export interface Clocks {
  readonly terms: TermsRef;
  /** When the cycle's clocks started: the feedback was received, or the loop was reopened */
  readonly startedAt: Date;
  /** The first answer in this cycle: when, and after how many milliseconds of work */
  readonly responded?: { readonly at: Date; readonly workedMs: number };
  /** Milliseconds of work for which the customer was waited for in this cycle, and is not any more */
  readonly pausedMs: number;
  /** Since when the customer is waited for */
  readonly waitingSince?: Date;
  /** What was told of in this cycle: a bit for each warning and each breach */
  readonly told: number;
}

/** What time does to a loop, of which limit and on which clock. */
export interface Moment {
  readonly what: 'warn' | 'breach' | 'escalate';
  readonly target: Target;
  readonly clock: ClockName;
  readonly dueAt: Date;
}

/** The loop that clocks run for. */
interface Kept {
  readonly state: LoopState;
  readonly level: number;
  /** The team whose chain it climbs */
  readonly home: string;
  readonly clocks?: Clocks;
}

/** The bit of a warning or a breach in `told`. */
export const toldBit = (what: 'warn' | 'breach', target: Target, clock: ClockName): number =>
  1 << ((what === 'warn' ? 0 : 4) + targets.indexOf(target) * 2 + clockNames.indexOf(clock));

/** States in which a target is still to be kept. */
const running: Readonly<Record<Target, readonly LoopState[]>> = {
  'first-response': ['opened', 'reopened', 'acknowledged'],
  resolution: ['opened', 'reopened', 'acknowledged', 'responded'],
};

const doneStates: readonly LoopState[] = ['resolved', 'verified', 'closed-unverified'];

const isRunning = (target: Target, { state, clocks }: Kept): boolean =>
  running[target].includes(state) && !(target === 'first-response' && clocks?.responded);

/**
 * The instant at which a clock of this cycle shows `reading` milliseconds; undefined where that is not known, because the
 * business clock stands still.
 */
function whenReads(clocks: Clocks, { calendar }: Terms, clock: ClockName, reading: number): number | undefined {
  const start = clocks.startedAt.getTime();
  if (clock === 'customer') return start + reading;
  const at = calendar.add(start, reading + clocks.pausedMs);
  return clocks.waitingSince && at > clocks.waitingSince.getTime() ? undefined : at;
}

/** Milliseconds that a clock of this cycle shows at an instant; never less than 0. */
export function readingAt(clocks: Clocks, { calendar }: Terms, clock: ClockName, at: Date): number {
  const start = clocks.startedAt.getTime();
  if (clock === 'customer') return Math.max(0, at.getTime() - start);
  const until = clocks.waitingSince ? Math.min(at.getTime(), clocks.waitingSince.getTime()) : at.getTime();
  return Math.max(0, calendar.between(start, until) - clocks.pausedMs);
}

/** Milliseconds of work since the customer is waited for. */
export const pausedSince = ({ waitingSince }: Clocks, { calendar }: Terms, at: Date): number =>
  waitingSince ? calendar.between(waitingSince.getTime(), at.getTime()) : 0;

/**
 * What time does to the loop next, whether that is due or not; undefined where nothing is, as things stand.
 * A warning that is due when its breach is due too (nobody looked in between) is left out.
 */
export function nextMoment(loop: Kept, terms: Terms, now?: Date): Moment | undefined {
  const { clocks } = loop;
  if (!clocks) return undefined;
  let next: { what: Moment['what']; target: Target; clock: ClockName; at: number } | undefined;
  const consider = (what: Moment['what'], target: Target, clock: ClockName, reading: number): void => {
    const at = whenReads(clocks, terms, clock, reading);
    if (at !== undefined && (!next || at < next.at)) next = { what, target, clock, at };
  };
  const step = terms.chainOf(loop.home)[loop.level];
  for (const target of targets) {
    if (!isRunning(target, loop)) continue;
    for (const clock of clockNames) {
      const limit = terms.limits[target][clock];
      if (limit === undefined) continue;
      if (clocks.told & toldBit('breach', target, clock)) {
        if (step) consider('escalate', target, clock, limit + step.after);
        continue;
      }
      const breach = whenReads(clocks, terms, clock, limit);
      const isPast = now !== undefined && breach !== undefined && breach <= now.getTime();
      if (terms.warnAt < 1 && !isPast && !(clocks.told & toldBit('warn', target, clock))) {
        consider('warn', target, clock, Math.ceil(limit * terms.warnAt));
      }
      consider('breach', target, clock, limit);
    }
  }
  return next && { what: next.what, target: next.target, clock: next.clock, dueAt: new Date(next.at) };
}

/** The earliest limit that is still to be kept; undefined where none is, or where its clock stands still. */
export function nextLimit(loop: Kept, terms: Terms): Date | undefined {
  const { clocks } = loop;
  if (!clocks) return undefined;
  const limits = targets
    .filter((target) => isRunning(target, loop))
    .flatMap((target) =>
      clockNames.map((clock) => {
        const limit = terms.limits[target][clock];
        return limit === undefined ? undefined : whenReads(clocks, terms, clock, limit);
      }),
    )
    .filter((at) => at !== undefined);
  return limits.length > 0 ? new Date(Math.min(...limits)) : undefined;
}

/** One clock of one target, for people. */
export interface ClockReading {
  /** Milliseconds, until it was kept or until now */
  readonly elapsedMs: number;
  readonly limitMs?: number;
  /** When the limit is reached; absent while the clock stands still, and once the target was kept */
  readonly dueAt?: Date;
  readonly breached: boolean;
}

/** What both clocks show for both targets; `until`: when the loop was resolved or closed, else now. */
export function readings(
  loop: Kept,
  terms: Terms,
  until: Date,
): Readonly<Record<Target, Readonly<Record<ClockName, ClockReading>>>> | undefined {
  const { clocks } = loop;
  if (!clocks) return undefined;
  const of = (target: Target, clock: ClockName): ClockReading => {
    const limitMs = terms.limits[target][clock];
    const kept = target === 'first-response' && clocks.responded;
    const elapsedMs = kept
      ? { customer: kept.at.getTime() - clocks.startedAt.getTime(), business: kept.workedMs }[clock]
      : readingAt(clocks, terms, clock, until);
    const due =
      limitMs === undefined || !isRunning(target, loop) ? undefined : whenReads(clocks, terms, clock, limitMs);
    return {
      elapsedMs,
      ...(limitMs !== undefined && { limitMs }),
      ...(due !== undefined && { dueAt: new Date(due) }),
      breached: limitMs !== undefined && elapsedMs >= limitMs,
    };
  };
  const both = (target: Target) => ({ customer: of(target, 'customer'), business: of(target, 'business') });
  return { 'first-response': both('first-response'), resolution: both('resolution') };
}

/** What both clocks show of one promise: as loop.changed tells it. */
export interface PromiseReading {
  readonly running: boolean;
  readonly customerMs: number;
  readonly businessMs: number;
  readonly customerMet?: boolean;
  readonly businessMet?: boolean;
}

/** Both promises of the cycle, read at an instant: kept, missed, or open still. */
export function promises(
  loop: Kept & { readonly clocks: Clocks },
  terms: Terms,
  until: Date,
): Readonly<Record<Target, PromiseReading>> {
  const shown = readings(loop, terms, until)!;
  const of = (target: Target): PromiseReading => {
    const going = isRunning(target, loop);
    // what was dismissed or withdrawn, or resolved without a word, kept nothing
    const done = target === 'first-response' ? loop.clocks.responded !== undefined : doneStates.includes(loop.state);
    const met = ({ limitMs, breached }: ClockReading): boolean | undefined =>
      limitMs === undefined || (!done && !breached) ? undefined : !breached;
    const { customer, business } = shown[target];
    const [customerMet, businessMet] = [met(customer), met(business)];
    return {
      ...{ running: going, customerMs: whole(customer.elapsedMs), businessMs: whole(business.elapsedMs) },
      ...(customerMet !== undefined && { customerMet }),
      ...(businessMet !== undefined && { businessMet }),
    };
  };
  return { 'first-response': of('first-response'), resolution: of('resolution') };
}

const whole = (ms: number): number => Math.max(0, Math.round(ms));
