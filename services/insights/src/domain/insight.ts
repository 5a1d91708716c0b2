import {
  maxEvidence,
  type InsightAbout,
  type InsightChange,
  type InsightChanged,
  type InsightRaised,
  type InsightState,
} from '@closeloop/contracts';

/** Who does something: a person by the subject, or what of the system it was. */
export interface InsightActor {
  readonly kind: 'agent' | 'system';
  readonly id: string;
}

/** Who claims it, and the team in which it was noticed, which is told what became of it. */
export interface Raiser extends InsightActor {
  readonly team?: string;
}

/** What a claim rests on. */
export interface Evidence {
  readonly loopIds: readonly string[];
  readonly feedbackIds: readonly string[];
  /** When the first of it was received; absent where none of it is known here */
  readonly since?: Date;
}

/** A claim about the experience of many customers, from its raising until somebody has answered it and done what it takes. */
export interface Insight {
  readonly insightId: string;
  /** Counts the events, gapless from 1 */
  readonly version: number;
  readonly state: InsightState;
  readonly title: string;
  readonly claim: string;
  readonly about: InsightAbout;
  /** Who owns what it is about, and is to answer it */
  readonly team: string;
  readonly raisedBy: Raiser;
  readonly raisedAt: Date;
  readonly evidence: Evidence;
  /** When it was first accepted, merged, declined or acted on */
  readonly answeredAt?: Date;
  /** Why, in the words of who answered it */
  readonly reason?: string;
  /** What it was merged into */
  readonly into?: string;
  readonly improvementId?: string;
  /** When its improvement began: the end of the time from first evidence to improvement */
  readonly improvingAt?: Date;
}

/** Fields of the command that raises one. */
export type Raising = Pick<Insight, 'insightId' | 'title' | 'claim' | 'about' | 'team' | 'evidence'> & {
  readonly raisedBy: Raiser;
};

export type InsightCommand = { readonly at: Date; readonly actor: InsightActor } & (
  | ({ readonly type: 'raise' } & Raising)
  | { readonly type: 'accept'; readonly note?: string }
  | { readonly type: 'decline'; readonly reason: string }
  | { readonly type: 'merge'; readonly into: string }
  /** `evidence`: of the one that was merged into it */
  | { readonly type: 'add-evidence'; readonly evidence: Evidence }
  | { readonly type: 'improve'; readonly improvementId: string }
  /** Another team owns it. */
  | { readonly type: 'assign'; readonly team: string }
  /** What became of its improvement */
  | { readonly type: 'finish' | 'drop' }
);
export type InsightCommandType = InsightCommand['type'];

/** A fact of an insight's history. */
export type InsightEvent = { readonly version: number; readonly at: Date; readonly actor: InsightActor } & (
  | ({ readonly change: 'raised' } & Raising)
  | { readonly change: 'accepted'; readonly note?: string }
  | { readonly change: 'declined'; readonly reason: string }
  | { readonly change: 'merged'; readonly into: string }
  | { readonly change: 'evidence-added'; readonly evidence: Evidence }
  | { readonly change: 'improving'; readonly improvementId: string }
  | { readonly change: 'assigned'; readonly team: string }
  | { readonly change: 'improved' | 'dropped' }
);

export type InsightRefusalReason =
  | 'not-raised'
  | 'already-raised'
  | 'not-from-this-state'
  | 'not-by-this-actor'
  | 'without-evidence'
  | 'too-much-evidence'
  | 'reason-missing'
  | 'into-itself'
  | 'unchanged';

/** Why a command is not possible: `reason` for programs, `message` for people. */
export class InsightRefusal {
  constructor(
    readonly reason: InsightRefusalReason,
    readonly message: string,
  ) {}
}

const open: readonly InsightState[] = ['raised', 'accepted'];

/** In which states a command is possible; people give them, none of them the system. */
const from: Record<Exclude<InsightCommandType, 'raise'>, readonly InsightState[]> = {
  accept: ['raised'],
  decline: open,
  merge: open,
  improve: open,
  assign: open,
  'add-evidence': [...open, 'improving', 'improved'],
  finish: ['improving'],
  drop: ['improving'],
};

const refuse = (reason: InsightRefusalReason, message: string): InsightRefusal => new InsightRefusal(reason, message);

/**
 * What a command does to an insight: the event with its version, or why not. `insight` is undefined before it is raised.
 * raised → accepted | merged | declined | improving; accepted → merged | declined | improving; improving → improved, or accepted where
 * its improvement was dropped. Every other pair is refused.
 */
export function decideInsight(insight: Insight | undefined, command: InsightCommand): InsightEvent | InsightRefusal {
  const { at, actor } = command;
  if (command.type === 'raise') {
    if (insight) return refuse('already-raised', 'This insight is raised already.');
    const { loopIds, feedbackIds } = command.evidence;
    if (loopIds.length + feedbackIds.length === 0) {
      return refuse('without-evidence', 'An insight rests on loops or feedback: name some.');
    }
    if (loopIds.length > maxEvidence || feedbackIds.length > maxEvidence) {
      return refuse('too-much-evidence', `Name at most ${maxEvidence} loops, and as much feedback.`);
    }
    const { type: _type, ...raising } = command;
    return { change: 'raised', version: 1, ...raising };
  }
  if (!insight) return refuse('not-raised', 'There is no such insight.');
  if (actor.kind !== 'agent') return refuse('not-by-this-actor', `${command.type} is for people, not for the system.`);
  if (!from[command.type].includes(insight.state)) {
    return refuse(
      'not-from-this-state',
      `${command.type} is possible when the insight is ${from[command.type].join(', ')}; it is ${insight.state}.`,
    );
  }
  const next = { version: insight.version + 1, at, actor };
  switch (command.type) {
    case 'accept':
      return { change: 'accepted', ...next, ...(command.note !== undefined && { note: command.note }) };
    case 'decline':
      if (command.reason.trim() === '') return refuse('reason-missing', 'Declining needs a reason.');
      return { change: 'declined', ...next, reason: command.reason };
    case 'merge':
      if (command.into === insight.insightId) return refuse('into-itself', 'It cannot be merged into itself.');
      return { change: 'merged', ...next, into: command.into };
    case 'add-evidence':
      return { change: 'evidence-added', ...next, evidence: command.evidence };
    case 'improve':
      return { change: 'improving', ...next, improvementId: command.improvementId };
    case 'assign':
      if (command.team === insight.team) return refuse('unchanged', `It is ${insight.team}'s already.`);
      return { change: 'assigned', ...next, team: command.team };
    case 'finish':
      return { change: 'improved', ...next };
    case 'drop':
      return { change: 'dropped', ...next };
  }
}

/** The insight after an event. Throws where the event is not the insight's next one. */
export function evolveInsight(insight: Insight | undefined, event: InsightEvent): Insight {
  if (event.version !== (insight?.version ?? 0) + 1) {
    throw new Error(`event ${event.version} does not follow version ${insight?.version ?? 0}`);
  }
  if (event.change === 'raised') {
    const { insightId, title, claim, about, team, evidence, raisedBy, at } = event;
    return {
      ...{ insightId, version: 1, state: 'raised', title, claim, about, team, evidence, raisedBy },
      raisedAt: at,
    };
  }
  if (!insight) throw new Error('the first event of an insight raises it');
  const next = { ...insight, version: event.version };
  const answered = { answeredAt: insight.answeredAt ?? event.at };
  switch (event.change) {
    case 'accepted':
      return { ...next, ...answered, state: 'accepted', ...(event.note !== undefined && { reason: event.note }) };
    case 'declined':
      return { ...next, ...answered, state: 'declined', reason: event.reason };
    case 'merged':
      return { ...next, ...answered, state: 'merged', into: event.into };
    case 'evidence-added':
      return { ...next, evidence: together(insight.evidence, event.evidence) };
    case 'improving':
      return {
        ...{ ...next, ...answered, state: 'improving', improvementId: event.improvementId },
        improvingAt: insight.improvingAt ?? event.at,
      };
    case 'assigned':
      return { ...next, team: event.team };
    case 'improved':
      return { ...next, state: 'improved' };
    case 'dropped': {
      const { improvementId: _dropped, improvingAt: _never, ...kept } = next;
      return { ...kept, state: 'accepted' };
    }
  }
}

/** What two claims rest on: each loop and feedback once; what is too much is left to the one that it came from. */
export function together(one: Evidence, other: Evidence): Evidence {
  const union = (some: readonly string[], more: readonly string[]): string[] =>
    [...new Set([...some, ...more])].slice(0, maxEvidence);
  const since = [one.since, other.since].filter((at) => at !== undefined).sort((a, b) => a.getTime() - b.getTime())[0];
  return {
    loopIds: union(one.loopIds, other.loopIds),
    feedbackIds: union(one.feedbackIds, other.feedbackIds),
    ...(since && { since }),
  };
}

/** Whether it has had an answer: the share of these is what managers watch. */
export const isAnswered = ({ state }: Pick<Insight, 'state'>): boolean => state !== 'raised';

/** An insight as the world hears of it. */
export const raisedData = (insight: Insight): InsightRaised => {
  const { insightId, title, claim, about, team, raisedBy, raisedAt, evidence } = insight;
  const { loopIds, feedbackIds, since } = evidence;
  return {
    ...{ insightId, at: raisedAt.toISOString(), title, claim, about, raisedBy, team },
    evidence: {
      ...{ loopIds: [...loopIds], feedbackIds: [...feedbackIds], loops: loopIds.length, feedback: feedbackIds.length },
      ...(since && { since: since.toISOString() }),
    },
  };
};

/** What became of it, as the world hears of it; `insight`: after the event. */
export function changedData(
  insight: Insight,
  event: InsightEvent & { readonly change: InsightChange },
): InsightChanged {
  const { insightId, version, state, title, team, raisedBy } = insight;
  const reason = event.change === 'declined' ? event.reason : event.change === 'accepted' ? event.note : undefined;
  return {
    ...{ insightId, version, change: event.change, at: event.at.toISOString(), actor: event.actor },
    ...{ state, title, team, raisedBy },
    ...(reason !== undefined && { reason }),
    ...(event.change === 'merged' && { into: event.into }),
    ...(insight.improvementId !== undefined && { improvementId: insight.improvementId }),
  };
}
