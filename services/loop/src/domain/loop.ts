import { loopIdOf, type ActorKind, type LoopState, type Priority } from '@closeloop/contracts';

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
}

export type LoopCommand = { readonly at: Date; readonly actor: LoopActor } & (
  | ({ readonly type: 'open' } & Opening)
  | { readonly type: 'acknowledge' | 'wait' | 'resume' | 'escalate' }
  | { readonly type: 'expire' }
  /** `window`: milliseconds that the customer has to answer the follow-up */
  | { readonly type: 'resolve'; readonly window: number }
  | { readonly type: 'respond'; readonly text: string; readonly channel: string }
  /** `feedback`: the revision that is the evidence, where one is */
  | { readonly type: 'confirm' | 'object'; readonly evidence: EvidenceType; readonly feedback?: FeedbackRef }
  | { readonly type: 'reopen' | 'dismiss'; readonly reason: string }
  | { readonly type: 'withdraw' | 'split'; readonly feedback: FeedbackRef }
  /** `returns`: its source had deleted it, and brings it back */
  | { readonly type: 'revise'; readonly feedback: FeedbackRef; readonly returns?: boolean }
  | { readonly type: 'join'; readonly feedback: FeedbackRef }
  /** What happens to feedback of a loop without moving the loop: `leaves` where its source deleted it. */
  | { readonly type: 'note'; readonly feedback: FeedbackRef; readonly leaves?: boolean; readonly returns?: boolean }
  | { readonly type: 'assign'; readonly team?: string; readonly owner?: string }
  | { readonly type: 'set-priority'; readonly priority: Priority }
);
export type CommandType = LoopCommand['type'];

/** A fact of a loop's history. Texts are not in it: they lie in the erasable table under (loopId, version). */
export type LoopEvent = { readonly version: number; readonly at: Date; readonly actor: LoopActor } & (
  | ({ readonly change: 'opened' } & Opening)
  | { readonly change: 'acknowledged'; readonly owner: string }
  | { readonly change: 'responded'; readonly channel: string; readonly owner: string }
  | { readonly change: 'waited' | 'resumed' | 'reopened' | 'dismissed' | 'escalated' }
  /** `dueAt`: when the customer's time to answer ends, or ended */
  | { readonly change: 'resolved' | 'expired'; readonly dueAt: Date }
  | { readonly change: 'confirmed' | 'objected'; readonly evidence: EvidenceType; readonly feedback?: FeedbackRef }
  | { readonly change: 'withdrawn' | 'split' | 'joined'; readonly feedback: FeedbackRef }
  | { readonly change: 'revised'; readonly feedback: FeedbackRef; readonly returns?: boolean }
  | { readonly change: 'noted'; readonly feedback: FeedbackRef; readonly leaves?: boolean; readonly returns?: boolean }
  | { readonly change: 'assigned'; readonly team: string; readonly owner?: string }
  | { readonly change: 'priority-set'; readonly priority: Priority }
);

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
  | 'only-one';

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
  note: { by: ['source', 'system'], from: [...notClosed, ...closed] },
};

const refuse = (reason: RefusalReason, message: string): Refusal => new Refusal(reason, message);

/**
 * What a command does to a loop: the events, in order and with their versions, or why not. `loop` is undefined before
 * it is opened. The table is that of the domain's documentation; every other pair is refused.
 */
export function decide(loop: Loop | undefined, command: LoopCommand): readonly LoopEvent[] | Refusal {
  const { at, actor } = command;
  if (command.type === 'open') {
    if (loop) return refuse('already-opened', 'This loop is open already.');
    const { type: _type, ...opening } = command;
    return [{ change: 'opened', version: 1, ...opening }];
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

  switch (command.type) {
    case 'acknowledge':
      if (!actor.id) return refuse('actor-unknown', 'Only an agent with an id can own a loop.');
      return [{ change: 'acknowledged', ...next, owner: actor.id }];
    case 'respond': {
      if (!actor.id) return refuse('actor-unknown', 'Only an agent with an id can answer.');
      if (command.text.trim() === '') return refuse('text-missing', 'An answer needs a text.');
      const owner = loop.owner ?? actor.id;
      // nobody owns an opened or reopened loop: who answers takes it
      if (loop.state !== 'opened' && loop.state !== 'reopened') {
        return [{ change: 'responded', ...next, channel: command.channel, owner }];
      }
      return [
        { change: 'acknowledged', ...next, owner: actor.id },
        { change: 'responded', ...next, version: next.version + 1, channel: command.channel, owner: actor.id },
      ];
    }
    case 'wait':
      if (loop.waiting) return refuse('already-waiting', 'The loop waits for the customer already.');
      return [{ change: 'waited', ...next }];
    case 'resume':
      if (!loop.waiting) return refuse('not-waiting', 'The loop does not wait for the customer.');
      return [{ change: 'resumed', ...next }];
    case 'resolve':
      return [{ change: 'resolved', ...next, dueAt: new Date(at.getTime() + command.window) }];
    case 'confirm':
    case 'object':
      return [
        {
          change: command.type === 'confirm' ? 'confirmed' : 'objected',
          ...next,
          evidence: command.evidence,
          ...(command.feedback && { feedback: command.feedback }),
        },
      ];
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
      return [{ change: 'dismissed', ...next }];
    case 'withdraw':
      if (loop.feedback > 1) return refuse('feedback-remains', 'Other feedback is in this loop.');
      return [{ change: 'withdrawn', ...next, feedback: command.feedback }];
    case 'split':
      if (loopIdOf(command.feedback.feedbackId) === loop.loopId) {
        return refuse('opened-by-it', 'The feedback that opened a loop stays in it.');
      }
      if (loop.feedback < 2) return refuse('only-one', 'There is no other feedback in this loop.');
      return [{ change: 'split', ...next, feedback: command.feedback }];
    case 'revise':
      return [{ change: 'revised', ...next, feedback: command.feedback, ...(command.returns && { returns: true }) }];
    case 'join':
      return [{ change: 'joined', ...next, feedback: command.feedback }];
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
    case 'assign': {
      const team = command.team ?? loop.team;
      // an agent of the old team does not own what the new team has
      const owner = command.owner ?? (team === loop.team ? loop.owner : undefined);
      if (team === loop.team && owner === loop.owner) return refuse('unchanged', 'It is assigned so already.');
      return [{ change: 'assigned', ...next, team, ...(owner !== undefined && { owner }) }];
    }
    case 'escalate':
      return [{ change: 'escalated', ...next }];
    case 'set-priority':
      if (command.priority === loop.priority) return refuse('unchanged', `Its priority is ${loop.priority} already.`);
      return [{ change: 'priority-set', ...next, priority: command.priority }];
  }
}

/** The loop after an event. Throws where the event is not the loop's next one. */
export function evolve(loop: Loop | undefined, event: LoopEvent): Loop {
  if (event.version !== (loop?.version ?? 0) + 1) {
    throw new Error(`event ${event.version} does not follow version ${loop?.version ?? 0}`);
  }
  if (event.change === 'opened') {
    const { customer } = event;
    return {
      loopId: event.loopId,
      version: 1,
      state: 'opened',
      cycle: 1,
      level: 0,
      team: event.team,
      priority: event.priority,
      waiting: false,
      feedback: 1,
      slaPolicy: event.slaPolicy,
      historic: event.historic,
      receivedAt: event.receivedAt,
      openedAt: event.at,
      ...(customer !== undefined && { customer }),
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
      return reopen({ ...next, level: loop.level + 1 });
    case 'reopened':
      return reopen(next);
    case 'split':
      return { ...next, feedback: loop.feedback - 1 };
    case 'joined':
      return { ...next, feedback: loop.feedback + 1 };
    case 'revised':
      return { ...next, feedback: loop.feedback + (event.returns ? 1 : 0) };
    case 'noted':
      return { ...next, feedback: loop.feedback + (event.returns ? 1 : 0) - (event.leaves ? 1 : 0) };
    case 'assigned': {
      const { owner: _owner, ...unowned } = next;
      return { ...unowned, team: event.team, ...(event.owner !== undefined && { owner: event.owner }) };
    }
    case 'escalated':
      return { ...next, level: loop.level + 1 };
    case 'priority-set':
      return { ...next, priority: event.priority };
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

/** The loop that a history tells of. */
export const replay = (events: readonly LoopEvent[]): Loop | undefined =>
  events.reduce<Loop | undefined>(evolve, undefined);

/** A draft answers the words that its author had before them; words of a later revision make it stale. */
export const isStaleDraft = (draft: FeedbackRef, current: FeedbackRef): boolean =>
  draft.feedbackId === current.feedbackId && draft.revision < current.revision;
