import { loopIdOf, type ActorKind, type Channel, type LoopState, type Priority } from '@closeloop/contracts';
import { nextMoment, pausedSince, readingAt, toldBit, type Clocks } from './sla/clocks.js';
import { type Circumstances, type ClockName, type Target, type Terms, type TermsRef } from './sla/settings.js';

/** Who does something. `id`: an agent's subject, a source's name; never a customer's name. */
export interface LoopActor {
  readonly kind: ActorKind;
  readonly id?: string;
}

/** One revision of one feedback. */
export interface FeedbackRef {
  readonly feedbackId: string;
  readonly revision: number;
}

/** What a customer's verdict rests on. */
export const evidenceTypes = ['survey', 'reply', 'rating'] as const;
export type EvidenceType = (typeof evidenceTypes)[number];

/** A customer's matter, from the feedback that opened it until the customer says that it is closed. */
export interface Loop {
  readonly loopId: string;
  /** Counts the events, gapless from 1 */
  readonly version: number;
  readonly state: LoopState;
  /** 1 for the first; each reopening starts the next */
  readonly cycle: number;
  /** How often it went up the team's chain: 0 at first */
  readonly level: number;
  readonly team: string;
  /** The team whose chain it climbs: where it was routed or assigned to, whoever has it now */
  readonly home: string;
  readonly priority: Priority;
  /** Subject of the agent who owns it; absent while nobody does */
  readonly owner?: string;
  /** We wait for the customer; only ever in acknowledged and responded */
  readonly waiting: boolean;
  /** Feedback in it that its source has not deleted */
  readonly feedback: number;
  /** Derived key of the customer whose matter it is; absent where the customer is not known */
  readonly customer?: string;
  readonly slaPolicy: string;
  /** Absent where no clock runs: it was imported from the past */
  readonly clocks?: Clocks;
  /** Whether a person, or the customer, did anything: what nobody touched may be routed anew */
  readonly touched: boolean;
  /** What its feedback is about, all of it */
  readonly topics: readonly string[];
  /** Of the feedback that opened it */
  readonly channel?: Channel;
  readonly segments?: readonly string[];
  /** Imported from the past: no clock runs */
  readonly historic: boolean;
  /** When the feedback that opened it was received: the clocks start here */
  readonly receivedAt: Date;
  readonly openedAt: Date;
  readonly firstRespondedAt?: Date;
  /** In this cycle */
  readonly resolvedAt?: Date;
  /** Until when the customer may answer the follow-up; only in resolved */
  readonly expiresAt?: Date;
  readonly closedAt?: Date;
}

/** Fields of the command that opens a loop. */
export interface Opening {
  readonly loopId: string;
  readonly feedback: FeedbackRef;
  readonly team: string;
  readonly priority: Priority;
  readonly slaPolicy: string;
  readonly historic: boolean;
  readonly receivedAt: Date;
  readonly customer?: string;
  /** What is promised; absent where no clock is to run */
  readonly terms?: TermsRef;
  readonly topics?: readonly string[];
  readonly channel?: Channel;
  readonly segments?: readonly string[];
}

/** The answers that stand once one did not reach the customer: those whose replies have not failed. */
export interface StandingAnswers {
  /** The first of the loop; absent where none stands */
  readonly first?: Date;
  /** The first of the cycle of the one that is lost; absent where the customer was not answered in it */
  readonly ofCycle?: { readonly at: Date; readonly workedMs?: number };
}

/** An answer that did not reach the customer. */
export interface LostAnswer {
  readonly cycle: number;
  readonly standing: StandingAnswers;
}

export type LoopCommand = { readonly at: Date; readonly actor: LoopActor } & (
  | ({ readonly type: 'open' } & Opening)
  | { readonly type: 'acknowledge' | 'wait' | 'resume' | 'escalate' }
  /** keep-time: does what the clocks say is due */
  | { readonly type: 'expire' | 'keep-time' }
  /** `window`: milliseconds that the customer has to answer the follow-up */
  | { readonly type: 'resolve'; readonly window: number }
  /** `takenOverFrom`: who was answering, and is not waited for */
  | { readonly type: 'respond'; readonly text: string; readonly channel: string; readonly takenOverFrom?: string }
  | { readonly type: 'reply-sent'; readonly replyId: string }
  /** `answer`: what it was to deliver, where it was an answer; a follow-up is none */
  | { readonly type: 'reply-failed'; readonly replyId: string; readonly answer?: LostAnswer }
  /** `feedback`: the revision that is the evidence, where one is */
  | { readonly type: 'confirm' | 'object'; readonly evidence: EvidenceType; readonly feedback?: FeedbackRef }
  | { readonly type: 'reopen' | 'dismiss'; readonly reason: string }
  | { readonly type: 'withdraw' | 'split'; readonly feedback: FeedbackRef }
  /** `returns`: its source had deleted it, and brings it back */
  | {
      readonly type: 'revise';
      readonly feedback: FeedbackRef;
      readonly returns?: boolean;
      readonly topics?: readonly string[];
    }
  | { readonly type: 'join'; readonly feedback: FeedbackRef; readonly topics?: readonly string[] }
  /** What happens to feedback of a loop without moving the loop: `leaves` where its source deleted it. */
  | { readonly type: 'note'; readonly feedback: FeedbackRef; readonly leaves?: boolean; readonly returns?: boolean }
  /** `terms`: what is promised from now on, where that changes with it */
  | { readonly type: 'assign'; readonly team?: string; readonly owner?: string; readonly terms?: TermsRef }
  | { readonly type: 'set-priority'; readonly priority: Priority; readonly terms?: TermsRef }
  | { readonly type: 'set-terms'; readonly terms: TermsRef }
);
export type CommandType = LoopCommand['type'];

/** A fact of a loop's history. Texts are not in it: they lie in the erasable table under (loopId, version). */
export type LoopEvent = { readonly version: number; readonly at: Date; readonly actor: LoopActor } & (
  | ({ readonly change: 'opened' } & Opening)
  | { readonly change: 'acknowledged'; readonly owner: string }
  /** `workedMs`: what the business clock shows at the answer */
  | {
      readonly change: 'responded';
      readonly channel: string;
      readonly owner: string;
      readonly workedMs?: number;
      readonly takenOverFrom?: string;
    }
  | { readonly change: 'reply-sent'; readonly replyId: string }
  /** `lost`: there where the loop counted as answered by it */
  | ({ readonly change: 'reply-failed'; readonly replyId: string; readonly lost?: StandingAnswers } & Pause)
  | { readonly change: 'waited' | 'reopened' }
  | ({ readonly change: 'resumed' | 'dismissed' } & Pause)
  /** Where it goes: a team, and somebody where the chain names one. `dueAt`: what was due on which clock, where time did it */
  | ({
      readonly change: 'escalated';
      readonly team: string;
      readonly owner?: string;
    } & Partial<Overdue>)
  | ({ readonly change: 'warned' | 'breached' } & Overdue)
  /** `dueAt`: when the customer's time to answer ends, or ended */
  | ({ readonly change: 'resolved'; readonly dueAt: Date } & Pause)
  | { readonly change: 'expired'; readonly dueAt: Date }
  | ({ readonly change: 'confirmed'; readonly evidence: EvidenceType; readonly feedback?: FeedbackRef } & Pause)
  | {
      readonly change: 'objected';
      readonly evidence: EvidenceType;
      readonly feedback?: FeedbackRef;
      readonly team: string;
      readonly owner?: string;
    }
  | ({ readonly change: 'withdrawn'; readonly feedback: FeedbackRef } & Pause)
  | { readonly change: 'split'; readonly feedback: FeedbackRef }
  | { readonly change: 'joined'; readonly feedback: FeedbackRef; readonly topics?: readonly string[] }
  | {
      readonly change: 'revised';
      readonly feedback: FeedbackRef;
      readonly returns?: boolean;
      readonly topics?: readonly string[];
    }
  | { readonly change: 'noted'; readonly feedback: FeedbackRef; readonly leaves?: boolean; readonly returns?: boolean }
  /** `restarts`: at the bottom of the new team's chain */
  | {
      readonly change: 'assigned';
      readonly team: string;
      readonly owner?: string;
      readonly restarts?: boolean;
      readonly terms?: TermsRef;
    }
  | { readonly change: 'priority-set'; readonly priority: Priority; readonly terms?: TermsRef }
  | { readonly change: 'terms-set'; readonly terms: TermsRef }
);

/** Milliseconds of work for which the customer was waited for, where this ends it. */
export interface Pause {
  readonly pausedMs?: number;
}

/** A limit on a clock, and when it was or is to be told of. */
export interface Overdue {
  readonly target: Target;
  readonly clock: ClockName;
  readonly dueAt: Date;
}

export type RefusalReason =
  | 'not-opened'
  | 'already-opened'
  | 'not-from-this-state'
  | 'not-by-this-actor'
  | 'actor-unknown'
  | 'text-missing'
  | 'reason-missing'
  | 'window-open'
  | 'already-waiting'
  | 'not-waiting'
  | 'unchanged'
  | 'feedback-remains'
  | 'opened-by-it'
  | 'only-one'
  | 'top-of-chain'
  | 'nothing-due';

/** Why a command is not possible: `reason` for programs, `message` for people. */
export class Refusal {
  constructor(
    readonly reason: RefusalReason,
    readonly message: string,
  ) {}
}

const closed: readonly LoopState[] = ['verified', 'closed-unverified', 'dismissed', 'withdrawn'];
const notClosed: readonly LoopState[] = ['opened', 'reopened', 'acknowledged', 'responded', 'resolved'];

export const isClosed = (state: LoopState): boolean => closed.includes(state);

/** Who may give a command, and in which states it is possible. */
const rules: Record<Exclude<CommandType, 'open'>, { by: readonly ActorKind[]; from: readonly LoopState[] }> = {
  acknowledge: { by: ['agent'], from: ['opened', 'reopened'] },
  respond: { by: ['agent'], from: ['opened', 'reopened', 'acknowledged', 'responded'] },
  wait: { by: ['agent'], from: ['acknowledged', 'responded'] },
  resume: { by: ['agent', 'customer'], from: ['acknowledged', 'responded'] },
  resolve: { by: ['agent'], from: ['acknowledged', 'responded'] },
  confirm: { by: ['customer'], from: ['responded', 'resolved', 'closed-unverified'] },
  object: { by: ['customer'], from: ['resolved', 'closed-unverified', 'verified'] },
  expire: { by: ['system'], from: ['resolved'] },
  reopen: { by: ['agent'], from: ['resolved', 'verified', 'closed-unverified', 'dismissed'] },
  dismiss: { by: ['agent'], from: ['opened', 'reopened', 'acknowledged'] },
  withdraw: { by: ['source'], from: notClosed },
  // by the system where only what the tagger, a person's correction or a rule says of the same words is new
  revise: { by: ['source', 'system'], from: notClosed },
  join: { by: ['source'], from: notClosed },
  split: { by: ['agent'], from: notClosed },
  assign: { by: ['agent', 'system'], from: notClosed },
  escalate: { by: ['agent', 'system'], from: notClosed },
  'set-priority': { by: ['agent', 'system'], from: notClosed },
  'set-terms': { by: ['agent', 'system'], from: notClosed },
  'keep-time': { by: ['system'], from: notClosed },
  note: { by: ['source', 'system'], from: [...notClosed, ...closed] },
  'reply-sent': { by: ['system'], from: [...notClosed, ...closed] },
  'reply-failed': { by: ['system'], from: [...notClosed, ...closed] },
};

const refuse = (reason: RefusalReason, message: string): Refusal => new Refusal(reason, message);

/**
 * What a command does to a loop: the events, in order and with their versions, or why not. `loop` is undefined before
 * it is opened; `terms` are those of its clocks, where it has some. The table is that of the domain's documentation;
 * every other pair is refused.
 */
export function decide(loop: Loop | undefined, command: LoopCommand, terms?: Terms): readonly LoopEvent[] | Refusal {
  const { at, actor } = command;
  if (command.type === 'open') {
    if (loop) return refuse('already-opened', 'This loop is open already.');
    const { type: _type, terms: promised, ...opening } = command;
    return [{ change: 'opened', version: 1, ...opening, ...(promised && !command.historic && { terms: promised }) }];
  }
  if (!loop) return refuse('not-opened', 'There is no such loop.');

  const { by, from } = rules[command.type];
  if (!by.includes(actor.kind)) {
    return refuse('not-by-this-actor', `${command.type} is for ${by.join(' or ')}, not for ${actor.kind}.`);
  }
  if (!from.includes(loop.state)) {
    return refuse(
      'not-from-this-state',
      `${command.type} is possible when the loop is ${from.join(', ')}; it is ${loop.state}.`,
    );
  }
  const next = { version: loop.version + 1, at, actor };
  const { clocks } = loop;
  if (clocks && !terms) throw new Error(`the terms ${clocks.terms} of loop ${loop.loopId} are needed`);
  const pause = clocks?.waitingSince && terms ? { pausedMs: pausedSince(clocks, terms, at) } : {};
  const worked = clocks && terms && { workedMs: readingAt(clocks, terms, 'business', at) };

  switch (command.type) {
    case 'acknowledge':
      if (!actor.id) return refuse('actor-unknown', 'Only an agent with an id can own a loop.');
      return [{ change: 'acknowledged', ...next, owner: actor.id }];
    case 'respond': {
      if (!actor.id) return refuse('actor-unknown', 'Only an agent with an id can answer.');
      if (command.text.trim() === '') return refuse('text-missing', 'An answer needs a text.');
      const owner = loop.owner ?? actor.id;
      const { channel, takenOverFrom } = command;
      // nobody owns an opened or reopened loop: who answers takes it
      const responded = {
        ...({ change: 'responded', ...next, channel } as const),
        ...(takenOverFrom !== undefined && { takenOverFrom }),
        ...worked,
      };
      if (loop.state !== 'opened' && loop.state !== 'reopened') return [{ ...responded, owner }];
      return [
        { change: 'acknowledged', ...next, owner: actor.id },
        { ...responded, version: next.version + 1, owner: actor.id },
      ];
    }
    case 'wait':
      if (loop.waiting) return refuse('already-waiting', 'The loop waits for the customer already.');
      return [{ change: 'waited', ...next }];
    case 'resume':
      if (!loop.waiting) return refuse('not-waiting', 'The loop does not wait for the customer.');
      return [{ change: 'resumed', ...next, ...pause }];
    case 'resolve':
      return [{ change: 'resolved', ...next, dueAt: new Date(at.getTime() + command.window), ...pause }];
    case 'confirm':
    case 'object': {
      const { evidence, feedback } = command;
      const verdict = { ...next, evidence, ...(feedback && { feedback }) };
      return command.type === 'confirm'
        ? [{ change: 'confirmed', ...verdict, ...pause }]
        : [{ change: 'objected', ...verdict, ...oneLevelUp({ ...loop, owner: undefined }, terms) }];
    }
    case 'keep-time':
      return whatIsDue(loop, at, actor, terms);
    case 'expire':
      if (!loop.expiresAt || at < loop.expiresAt) {
        return refuse('window-open', 'The customer may still answer the follow-up.');
      }
      return [{ change: 'expired', ...next, dueAt: loop.expiresAt }];
    case 'reopen':
      if (command.reason.trim() === '') return refuse('reason-missing', 'Reopening needs a reason.');
      return [{ change: 'reopened', ...next }];
    case 'dismiss':
      if (command.reason.trim() === '') return refuse('reason-missing', 'Dismissing needs a reason.');
      return [{ change: 'dismissed', ...next, ...pause }];
    case 'withdraw':
      if (loop.feedback > 1) return refuse('feedback-remains', 'Other feedback is in this loop.');
      return [{ change: 'withdrawn', ...next, feedback: command.feedback, ...pause }];
    case 'split':
      if (loopIdOf(command.feedback.feedbackId) === loop.loopId) {
        return refuse('opened-by-it', 'The feedback that opened a loop stays in it.');
      }
      if (loop.feedback < 2) return refuse('only-one', 'There is no other feedback in this loop.');
      return [{ change: 'split', ...next, feedback: command.feedback }];
    case 'revise':
      return [
        {
          ...{ change: 'revised', ...next, feedback: command.feedback },
          ...(command.returns && { returns: true }),
          ...topicsBesides(loop, command.topics),
        },
      ];
    case 'join':
      return [{ change: 'joined', ...next, feedback: command.feedback, ...topicsBesides(loop, command.topics) }];
    case 'note':
      return [
        {
          change: 'noted',
          ...next,
          feedback: command.feedback,
          ...(command.leaves && { leaves: true }),
          ...(command.returns && { returns: true }),
        },
      ];
    case 'reply-sent':
      return [{ change: 'reply-sent', ...next, replyId: command.replyId }];
    case 'reply-failed': {
      const { replyId, answer } = command;
      // what a later cycle, or the customer's own word, has overtaken is noted alone
      const lost = answer && loop.state === 'responded' && answer.cycle === loop.cycle ? answer.standing : undefined;
      return [{ change: 'reply-failed', ...next, replyId, ...(lost && { lost, ...(!lost.ofCycle && pause) }) }];
    }
    case 'assign': {
      const team = command.team ?? loop.team;
      // an agent of the old team does not own what the new team has
      const owner = command.owner ?? (team === loop.team ? loop.owner : undefined);
      if (team === loop.team && owner === loop.owner) return refuse('unchanged', 'It is assigned so already.');
      return [
        {
          ...{ change: 'assigned', ...next, team },
          ...(owner !== undefined && { owner }),
          ...(team !== loop.team && { restarts: true }),
          ...(clocks && command.terms !== undefined && command.terms !== clocks.terms && { terms: command.terms }),
        },
      ];
    }
    case 'escalate': {
      const chain = terms?.chainOf(loop.home) ?? [];
      if (chain.length > 0 && loop.level >= chain.length) {
        return refuse('top-of-chain', `It is at the top of the chain of ${loop.home} already.`);
      }
      return [{ change: 'escalated', ...next, ...oneLevelUp(loop, terms) }];
    }
    case 'set-priority':
      if (command.priority === loop.priority) return refuse('unchanged', `Its priority is ${loop.priority} already.`);
      return [
        {
          ...{ change: 'priority-set', ...next, priority: command.priority },
          ...(clocks && command.terms !== undefined && command.terms !== clocks.terms && { terms: command.terms }),
        },
      ];
    case 'set-terms':
      if (loop.historic) return refuse('unchanged', 'No clock runs for what was imported.');
      if (command.terms === clocks?.terms) return refuse('unchanged', 'This is promised already.');
      return [{ change: 'terms-set', ...next, terms: command.terms }];
  }
}

/** Who has it one level up the chain; the same as now where the chain has no such level. */
function oneLevelUp(
  { home, level, team, owner }: Pick<Loop, 'home' | 'level' | 'team'> & { readonly owner?: string | undefined },
  terms: Terms | undefined,
): { readonly team: string; readonly owner?: string } {
  const step = terms?.chainOf(home)[level];
  const next = step?.team ?? team;
  // somebody of the old team does not own what the new team has
  const owned = step?.owner ?? (next === team ? owner : undefined);
  return { team: next, ...(owned !== undefined && { owner: owned }) };
}

/** What was not known of what it is about. */
function topicsBesides({ topics }: Loop, more: readonly string[] = []): { readonly topics?: readonly string[] } {
  const fresh = more.filter((topic) => !topics.includes(topic));
  return fresh.length > 0 ? { topics: fresh } : {};
}

/** Everything that time does to a loop until an instant, in the order in which it was due. */
function whatIsDue(before: Loop, at: Date, actor: LoopActor, terms: Terms | undefined): readonly LoopEvent[] | Refusal {
  const due: LoopEvent[] = [];
  for (let loop = before; terms;) {
    const moment = nextMoment(loop, terms, at);
    if (!moment || moment.dueAt > at) break;
    const { what, ...overdue } = moment;
    const next = { version: loop.version + 1, at, actor, ...overdue };
    const event: LoopEvent =
      what === 'escalate'
        ? { change: 'escalated', ...next, ...oneLevelUp(loop, terms) }
        : { change: what === 'warn' ? 'warned' : 'breached', ...next };
    due.push(event);
    loop = evolve(loop, event);
  }
  return due.length > 0 ? due : refuse('nothing-due', 'No clock has come to anything yet.');
}

/** The loop after an event. Throws where the event is not the loop's next one. */
export function evolve(loop: Loop | undefined, event: LoopEvent): Loop {
  const { clocks: _clocks, ...next } = moved(loop, event);
  const clocks = clocksAfter(loop, event, next);
  const touched = next.touched || event.actor.kind === 'agent' || event.actor.kind === 'customer';
  return { ...next, touched, ...(clocks && { clocks }) };
}

function moved(loop: Loop | undefined, event: LoopEvent): Loop {
  if (event.version !== (loop?.version ?? 0) + 1) {
    throw new Error(`event ${event.version} does not follow version ${loop?.version ?? 0}`);
  }
  if (event.change === 'opened') {
    const { customer, channel, segments } = event;
    return {
      loopId: event.loopId,
      version: 1,
      state: 'opened',
      cycle: 1,
      level: 0,
      team: event.team,
      home: event.team,
      priority: event.priority,
      waiting: false,
      touched: false,
      topics: event.topics ?? [],
      feedback: 1,
      slaPolicy: event.slaPolicy,
      historic: event.historic,
      receivedAt: event.receivedAt,
      openedAt: event.at,
      ...(customer !== undefined && { customer }),
      ...(channel !== undefined && { channel }),
      ...(segments !== undefined && segments.length > 0 && { segments }),
    };
  }
  if (!loop) throw new Error('the first event of a loop opens it');
  const next = { ...loop, version: event.version };

  switch (event.change) {
    case 'acknowledged':
      return { ...next, state: 'acknowledged', owner: event.owner };
    case 'responded':
      return {
        ...next,
        state: 'responded',
        owner: event.owner,
        firstRespondedAt: loop.firstRespondedAt ?? event.at,
      };
    case 'waited':
      return { ...next, waiting: true };
    case 'resumed':
      return { ...next, waiting: false };
    case 'resolved':
      return { ...next, state: 'resolved', waiting: false, resolvedAt: event.at, expiresAt: event.dueAt };
    case 'confirmed':
      return close(next, 'verified', event.at);
    case 'expired':
      return close(next, 'closed-unverified', event.at);
    case 'dismissed':
      return close(next, 'dismissed', event.at);
    case 'withdrawn':
      return { ...close(next, 'withdrawn', event.at), feedback: loop.feedback - 1 };
    case 'objected':
      return given(reopen({ ...next, level: loop.level + 1 }), event);
    case 'reopened':
      return reopen(next);
    case 'split':
      return { ...next, feedback: loop.feedback - 1 };
    case 'joined':
      return { ...next, feedback: loop.feedback + 1, topics: [...loop.topics, ...(event.topics ?? [])] };
    case 'revised':
      return {
        ...{ ...next, feedback: loop.feedback + (event.returns ? 1 : 0) },
        topics: [...loop.topics, ...(event.topics ?? [])],
      };
    case 'reply-failed':
      return event.lost ? withoutAnswer(next, event.lost) : next;
    case 'noted':
      return { ...next, feedback: loop.feedback + (event.returns ? 1 : 0) - (event.leaves ? 1 : 0) };
    case 'assigned': {
      const level = event.restarts ? 0 : loop.level;
      return { ...given(next, event), level, home: event.team === loop.team ? loop.home : event.team };
    }
    case 'escalated':
      return { ...given(next, event), level: loop.level + 1 };
    case 'warned':
    case 'breached':
    case 'terms-set':
    case 'reply-sent':
      return next;
    case 'priority-set':
      return { ...next, priority: event.priority };
  }
}

/** The same loop with another team and owner, or nobody who owns it. */
function given(
  { owner: _owner, ...loop }: Loop,
  { team, owner }: { readonly team: string; readonly owner?: string },
): Loop {
  return { ...loop, team, ...(owner !== undefined && { owner }) };
}

/** The clocks of a loop after an event. */
function clocksAfter(before: Loop | undefined, event: LoopEvent, after: Loop): Clocks | undefined {
  const started = (terms: TermsRef, startedAt: Date): Clocks => ({ terms, startedAt, pausedMs: 0, told: 0 });
  if (event.change === 'opened') return event.terms === undefined ? undefined : started(event.terms, event.receivedAt);
  const clocks = before?.clocks;
  if (event.change === 'terms-set') {
    // what was told of was another promise
    return clocks
      ? { ...clocks, terms: event.terms, told: 0 }
      : started(event.terms, after.cycle === 1 ? after.receivedAt : event.at);
  }
  if (!clocks) return undefined;
  if (after.cycle !== before.cycle) return started(clocks.terms, event.at);
  switch (event.change) {
    case 'waited':
      return { ...clocks, waitingSince: event.at };
    case 'resumed':
    case 'resolved':
    case 'confirmed':
    case 'dismissed':
    case 'withdrawn': {
      const { waitingSince: _since, ...others } = clocks;
      return { ...others, pausedMs: clocks.pausedMs + (event.pausedMs ?? 0) };
    }
    case 'responded':
      return event.workedMs === undefined || clocks.responded
        ? clocks
        : { ...clocks, responded: { at: event.at, workedMs: event.workedMs } };
    case 'reply-failed':
      return event.lost ? clocksWithoutAnswer(clocks, event.lost, event.pausedMs) : clocks;
    case 'warned':
    case 'breached':
      return {
        ...clocks,
        told: clocks.told | toldBit(event.change === 'warned' ? 'warn' : 'breach', event.target, event.clock),
      };
    case 'assigned':
    case 'priority-set':
      return event.terms === undefined ? clocks : { ...clocks, terms: event.terms, told: 0 };
    default:
      return clocks;
  }
}

const close = ({ expiresAt: _expiresAt, ...loop }: Loop, state: LoopState, at: Date): Loop => ({
  ...loop,
  state,
  waiting: false,
  closedAt: at,
});

/** The next cycle; nobody owns it until somebody acknowledges it. */
function reopen(loop: Loop): Loop {
  const { owner: _owner, resolvedAt: _resolvedAt, expiresAt: _expiresAt, closedAt: _closedAt, ...kept } = loop;
  return { ...kept, state: 'reopened', waiting: false, cycle: loop.cycle + 1 };
}

/** The loop once it is known that an answer did not arrive: its owner keeps it, and has still to answer where no other has. */
function withoutAnswer({ firstRespondedAt: _lost, ...loop }: Loop, { first, ofCycle }: StandingAnswers): Loop {
  return {
    ...loop,
    // nor is the customer's answer waited for: there was no question
    ...(!ofCycle && { state: 'acknowledged', waiting: false }),
    ...(first && { firstRespondedAt: first }),
  };
}

/** The clock of the first response stopped at what did not arrive: it goes on, or has stopped at the next answer. */
function clocksWithoutAnswer(
  { responded, waitingSince, ...clocks }: Clocks,
  { ofCycle }: StandingAnswers,
  pausedMs = 0,
): Clocks {
  if (!ofCycle) return { ...clocks, pausedMs: clocks.pausedMs + pausedMs };
  const { at, workedMs = responded?.workedMs } = ofCycle;
  return {
    ...clocks,
    ...(waitingSince && { waitingSince }),
    ...(workedMs !== undefined && { responded: { at, workedMs } }),
  };
}

/** What decides which promise holds for a loop: escalation hands it on, and changes nothing of that. */
export const circumstancesOf = ({ home, slaPolicy, priority, channel, segments }: Loop): Circumstances => ({
  ...{ team: home, slaPolicy, priority },
  ...(channel !== undefined && { channel }),
  ...(segments && { segments }),
});

/** The loop that a history tells of. */
export const replay = (events: readonly LoopEvent[]): Loop | undefined =>
  events.reduce<Loop | undefined>(evolve, undefined);

/** A draft answers the words that its author had before them; words of a later revision make it stale. */
export const isStaleDraft = (draft: FeedbackRef, current: FeedbackRef): boolean =>
  draft.feedbackId === current.feedbackId && draft.revision < current.revision;
