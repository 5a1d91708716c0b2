/** doing: somebody is at it. done: customers are told. dropped: it will not be done. */
export const improvementStates = ['planned', 'doing', 'done', 'dropped'] as const;
export type ImprovementState = (typeof improvementStates)[number];

/** What an improvement should move: a metric of the metrics API, of that part of the feedback. */
export interface Aim {
  readonly name: string;
  /** By dimension: any of these values */
  readonly filters: Readonly<Record<string, readonly string[]>>;
}

/** Which loops are in it besides those that were attached by hand: all with feedback like this. Days are UTC, `to` is left out. */
export interface LoopRule {
  readonly topic?: string;
  readonly product?: string;
  readonly location?: string;
  readonly from?: string;
  readonly to?: string;
}

/** Something that is changed because of what customers said. */
export interface Improvement {
  readonly improvementId: string;
  /** Counts its changes, from 1 */
  readonly version: number;
  readonly state: ImprovementState;
  readonly title: string;
  readonly team: string;
  /** Subject of who sees to it */
  readonly owner: string;
  /** `YYYY-MM-DD` */
  readonly due: string;
  /** What is done */
  readonly action: string;
  readonly metric: Aim;
  readonly rule?: LoopRule;
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly startedAt?: Date;
  /** When it was done or dropped */
  readonly endedAt?: Date;
  /** What customers are told */
  readonly message?: string;
}

/** What can be said of it while it is not done or dropped. */
export type ImprovementPatch = Partial<Pick<Improvement, 'title' | 'owner' | 'due' | 'action' | 'metric'>> & {
  readonly state?: Exclude<ImprovementState, 'done'>;
};

export type ImprovementRefusalReason =
  'ended' | 'unchanged' | 'not-back' | 'message-missing' | 'message-to-nobody' | 'too-many-loops';

export class ImprovementRefusal {
  constructor(
    readonly reason: ImprovementRefusalReason,
    readonly message: string,
  ) {}
}

/** Most loops of one improvement. */
export const maxLoops = 10_000;

const isEnded = ({ state }: Pick<Improvement, 'state'>): boolean => state === 'done' || state === 'dropped';

const ended = ({ state }: Improvement): ImprovementRefusal =>
  new ImprovementRefusal('ended', `It is ${state}: nothing of it changes any more.`);

/** The improvement with some of it said anew; planned → doing → dropped, and planned → dropped. */
export function patched(improvement: Improvement, patch: ImprovementPatch, at: Date): Improvement | ImprovementRefusal {
  if (isEnded(improvement)) return ended(improvement);
  if (patch.state === 'planned' && improvement.state === 'doing') {
    return new ImprovementRefusal('not-back', 'It has begun; it can be done or dropped.');
  }
  const next: Improvement = {
    ...improvement,
    ...patch,
    ...(patch.state === 'doing' && improvement.state === 'planned' && { startedAt: at }),
    ...(patch.state === 'dropped' && { endedAt: at }),
  };
  const isSame = (Object.keys(patch) as (keyof ImprovementPatch)[]).every(
    (name) => JSON.stringify(next[name]) === JSON.stringify(improvement[name]),
  );
  if (isSame) return new ImprovementRefusal('unchanged', 'It is so already.');
  return { ...next, version: improvement.version + 1 };
}

/** The improvement with `more` loops beside its `known` ones. */
export function attached(
  improvement: Improvement,
  known: number,
  more: number,
  rule: LoopRule | undefined,
): Improvement | ImprovementRefusal {
  if (isEnded(improvement)) return ended(improvement);
  if (known + more > maxLoops) {
    return new ImprovementRefusal(
      'too-many-loops',
      `It would have ${known + more} loops; it takes at most ${maxLoops}. Narrow the rule.`,
    );
  }
  if (more === 0 && rule === undefined) return new ImprovementRefusal('unchanged', 'All of these are in it already.');
  return { ...improvement, version: improvement.version + 1, ...(rule && { rule }) };
}

/** The improvement once it is done, with what its customers are told. */
export function done(
  improvement: Improvement,
  loops: number,
  message: string | undefined,
  at: Date,
): Improvement | ImprovementRefusal {
  if (isEnded(improvement)) return ended(improvement);
  const said = message?.trim() ?? '';
  if (loops > 0 && said === '') {
    return new ImprovementRefusal('message-missing', `${loops} loops are in it: say what their customers are told.`);
  }
  if (loops === 0 && said !== '') {
    return new ImprovementRefusal(
      'message-to-nobody',
      'No loop is in it, so nobody would have the message: attach some.',
    );
  }
  const { version, startedAt = at } = improvement;
  return {
    ...{ ...improvement, version: version + 1, state: 'done', startedAt, endedAt: at },
    ...(said !== '' && { message: said }),
  };
}

/** Days of both windows of an effect: whole weeks, so that each day of the week counts alike. */
export const effectDays = 28;
const dayMs = 86_400_000;

export interface Window {
  readonly from: Date;
  /** Left out */
  readonly to: Date;
}

const startOfDay = (at: Date): number => Math.floor(at.getTime() / dayMs) * dayMs;

/**
 * Whole days (UTC) before work on it began, and after it was done: the day on which it was done is in neither. `after` ends with yesterday
 * while its days are not over; absent before there is a whole one.
 * @param equal both as long as `after` is, for what grows with the days
 */
export function windowsOf(
  { createdAt, startedAt, endedAt, state }: Improvement,
  now: Date,
  equal = false,
): { readonly before: Window; readonly after?: Window } {
  const begun = startOfDay(startedAt ?? (state === 'done' && endedAt ? endedAt : createdAt));
  const before = (days: number): Window => ({ from: new Date(begun - days * dayMs), to: new Date(begun) });
  if (state !== 'done' || !endedAt) return { before: before(effectDays) };
  const from = startOfDay(endedAt) + dayMs;
  const days = Math.min(effectDays, (startOfDay(now) - from) / dayMs);
  if (days < 1) return { before: before(effectDays) };
  const after = { from: new Date(from), to: new Date(from + days * dayMs) };
  return { before: before(equal ? days : effectDays), after };
}

/** Dimensions whose other values make a comparison group: what was changed here was not changed there. */
const comparedBy = ['product', 'location', 'touchpoint'] as const;
export type ComparedBy = (typeof comparedBy)[number];

/** The dimension whose other values it is compared with; undefined where its metric is of everything. */
export const comparisonOf = ({ filters }: Aim): ComparedBy | undefined =>
  comparedBy.find((name) => (filters[name]?.length ?? 0) > 0);

/** What came of telling its customers. `wanted`: customers, as far as they can be told apart, so without those who were told by another loop. */
export interface Told {
  readonly wanted: number;
  readonly sent: number;
  readonly skipped: Readonly<Record<string, number>>;
  readonly pending: number;
}

/** @param counts notices by what came of them: `pending`, `sent`, or the reason why nobody was told */
export function toldOf(counts: Readonly<Record<string, number>>): Told {
  const { pending = 0, sent = 0, 'same-customer': _others, ...skipped } = counts;
  const skips = Object.values(skipped).reduce((sum, count) => sum + count, 0);
  return { wanted: pending + sent + skips, sent, skipped, pending };
}
