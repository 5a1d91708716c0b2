import { loopStates, type LoopChange, type LoopClocks, type LoopState } from '@closeloop/contracts';
import { type ValueId } from './dimension.js';
import { bucketOf } from './statistics/log-bucket-histogram.js';

/** One step of a loop, as loop.changed told it. */
export interface LoopStep {
  readonly loopId: string;
  readonly version: number;
  readonly change: LoopChange;
  /** What was noted */
  readonly note?: string;
  readonly at: Date;
  /** After the step, as all that follows */
  readonly state: LoopState;
  readonly cycle: number;
  readonly team: ValueId;
  readonly priority: ValueId;
  readonly owner?: string;
  /** Of the one that opened it: by which feedback */
  readonly openedBy?: string;
  readonly clocks?: LoopClocks;
}

/** What is counted of a loop. */
export interface LoopFact {
  readonly loopId: string;
  /** The highest that was heard of */
  readonly version: number;
  readonly openedAt: Date;
  /** The feedback that opened it; absent where the event did not say */
  readonly openedBy?: string;
  readonly state: LoopState;
  readonly cycle: number;
  readonly team: ValueId;
  readonly priority: ValueId;
  readonly owner?: string;
  /** Answers to the customer, in all cycles, without those that did not arrive */
  readonly responses: number;
  readonly respondedAt?: Date;
  /** When it was first resolved, or confirmed where nobody had said so; of the first cycle, as respondedAt */
  readonly resolvedAt?: Date;
  /** Since when it is closed */
  readonly closedAt?: Date;
  /** What it counts for, but for `fcr`, which hangs on other feedback */
  readonly marks: readonly Mark[];
}

/** Measures of loops and feedback; each is counted by buckets. The numbers are kept in the database: new ones come last. */
export const measures = {
  /** Feedback by sentiment */
  sentiment: 1,
  /** Scores in thousandths */
  rating: 2,
  nps: 3,
  csat: 4,
  ces: 5,
  /** Loops by state, its place in `loopStates` */
  state: 10,
  /** First response, by the customer's clock: log buckets, of those that were answered, and of those that ended without */
  response: 11,
  responseCensored: 12,
  /** Not answered yet: minutes from the beginning of the opening's day to the clock's start */
  responseWaiting: 13,
  responseBusiness: 14,
  responseBusinessCensored: 15,
  resolution: 16,
  resolutionCensored: 17,
  resolutionWaiting: 18,
  resolutionBusiness: 19,
  resolutionBusinessCensored: 20,
  /** Promises of the first cycle: 3 × first response + resolution; 0 not decided, 1 missed, 2 kept */
  sla: 21,
  slaBusiness: 22,
  /** Of loops that were ever resolved or closed: 1 where one was reopened */
  reopened: 23,
  /** 2 × day of the first resolution (days since 1970) + 1 where one response was enough */
  fcr: 24,
} as const;
export type Measure = keyof typeof measures;

export interface Mark {
  readonly measure: Measure;
  readonly bucket: number;
}

export const closedStates: readonly LoopState[] = ['verified', 'closed-unverified', 'dismissed', 'withdrawn'];
export const isClosed = (state: LoopState): boolean => closedStates.includes(state);

const dayMs = 86_400_000;
export const dayNumberOf = (at: Date): number => Math.floor(at.getTime() / dayMs);

/**
 * The loop that steps tell of, in whatever order and however often they came: by their versions. undefined while the first is not known,
 * since before that nobody can say when it was opened.
 */
export function loopFactOf(steps: Iterable<LoopStep>): LoopFact | undefined {
  const byVersion = [...new Map([...steps].map((step) => [step.version, step])).values()];
  byVersion.sort((one, other) => one.version - other.version);
  const [first] = byVersion;
  if (first?.version !== 1) return undefined;

  let responses = 0;
  let respondedAt: Date | undefined;
  let resolvedAt: Date | undefined;
  let closedAt: Date | undefined;
  /** The end of the first cycle that is neither an answer nor a resolution */
  let endedAt: Date | undefined;
  let everDone = false;
  let clocks: LoopClocks | undefined;
  for (const step of byVersion) {
    const inFirst = step.cycle === 1;
    if (step.change === 'responded') {
      responses += 1;
      if (inFirst) respondedAt ??= step.at;
    }
    // an answer that did not arrive is none
    if (step.note === 'reply-failed') {
      if (responses > 0) responses -= 1;
      if (inFirst && step.state === 'acknowledged') respondedAt = undefined;
    }
    if (inFirst && (step.state === 'resolved' || step.state === 'verified')) resolvedAt ??= step.at;
    if (inFirst && (step.state === 'dismissed' || step.state === 'withdrawn')) endedAt ??= step.at;
    if (!inFirst) endedAt ??= step.at;
    if (step.state === 'resolved' || isClosed(step.state)) everDone = true;
    if (!isClosed(step.state)) closedAt = undefined;
    else closedAt ??= step.at;
    if (inFirst && step.clocks) clocks = step.clocks;
  }
  const last = byVersion.at(-1)!;
  const openedAt = first.at;
  const startedAt = clocks ? new Date(clocks.startedAt) : openedAt;
  const openedDay = dayNumberOf(openedAt) * dayMs;
  const waitingFrom = Math.floor((startedAt.getTime() - openedDay) / 60_000);

  const marks: Mark[] = [{ measure: 'state', bucket: loopStates.indexOf(last.state) }];
  const clock = (
    at: Date | undefined,
    businessMs: number | undefined,
    [seen, censored, waiting, seenBusiness, censoredBusiness]: readonly [Measure, Measure, Measure, Measure, Measure],
  ): void => {
    const ended = at ?? endedAt ?? (resolvedAt && waiting === 'responseWaiting' ? resolvedAt : undefined);
    if (ended) {
      const ms = Math.max(0, ended.getTime() - startedAt.getTime());
      marks.push({ measure: at ? seen : censored, bucket: bucketOf(ms) });
    } else marks.push({ measure: waiting, bucket: waitingFrom });
    if (businessMs !== undefined) {
      marks.push({ measure: at ? seenBusiness : censoredBusiness, bucket: bucketOf(businessMs) });
    }
  };
  clock(respondedAt, clocks?.firstResponse.businessMs, [
    ...(['response', 'responseCensored', 'responseWaiting'] as const),
    ...(['responseBusiness', 'responseBusinessCensored'] as const),
  ]);
  clock(resolvedAt, clocks?.resolution.businessMs, [
    ...(['resolution', 'resolutionCensored', 'resolutionWaiting'] as const),
    ...(['resolutionBusiness', 'resolutionBusinessCensored'] as const),
  ]);
  if (clocks) {
    const { firstResponse, resolution } = clocks;
    const promise = (measure: Measure, response?: boolean, resolved?: boolean): void => {
      const bucket = 3 * verdictOf(response) + verdictOf(resolved);
      if (bucket > 0) marks.push({ measure, bucket });
    };
    promise('sla', firstResponse.customerMet, resolution.customerMet);
    promise('slaBusiness', firstResponse.businessMet, resolution.businessMet);
  }
  if (everDone) marks.push({ measure: 'reopened', bucket: last.cycle > 1 ? 1 : 0 });

  return {
    ...{ loopId: first.loopId, version: last.version, openedAt, state: last.state, cycle: last.cycle },
    ...{ team: last.team, priority: last.priority, responses, marks },
    ...(first.openedBy !== undefined && { openedBy: first.openedBy }),
    ...(last.owner !== undefined && { owner: last.owner }),
    ...(respondedAt && { respondedAt }),
    ...(resolvedAt && { resolvedAt }),
    ...(closedAt && { closedAt }),
  };
}

/** 0: not decided, 1: missed, 2: kept */
const verdictOf = (met: boolean | undefined): 0 | 1 | 2 => (met === undefined ? 0 : met ? 2 : 1);

/** Whether the customer said something on that topic again until seven days after; unknown: nobody knows who it was. */
export type Return = 'came-back' | 'stayed-away' | 'unknown';

/**
 * Whether the first contact was enough (see statistics/first-contact-resolution.ts). It counts once the seven days are over: the bucket tells
 * when they began. undefined for what was not resolved, and where it cannot be known.
 */
export function fcrOf(
  { resolvedAt, responses, cycle }: Pick<LoopFact, 'resolvedAt' | 'responses' | 'cycle'>,
  after: Return,
): Mark | undefined {
  if (!resolvedAt || after === 'unknown') return undefined;
  const enough = responses === 1 && cycle === 1 && after === 'stayed-away';
  return { measure: 'fcr', bucket: 2 * dayNumberOf(resolvedAt) + (enough ? 1 : 0) };
}
