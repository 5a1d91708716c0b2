import {
  loopIdOf,
  type Channel,
  type LoopWish,
  type Priority,
  type SentimentLabel,
  type SettlementOutcome,
} from '@closeloop/contracts';
import {
  circumstancesOf,
  decide,
  evolve,
  isClosed,
  Refusal,
  type FeedbackRef,
  type Loop,
  type LoopActor,
  type LoopCommand,
  type LoopEvent,
} from './loop.js';
import { type SlaBook } from './sla/sla-book.js';

/** Days for which an open loop takes in more of the same customer's feedback, from its opening on. */
export const joinDays = 7;

/** Which tags and which routing of which revision: what the dedupe key is made of. */
export interface Position {
  readonly revision: number;
  readonly tagRevision: number;
  readonly routeRevision: number;
}

/** What a routed feedback brings that decides. */
export interface Arrival extends Position {
  readonly feedbackId: string;
  readonly source: string;
  readonly deleted: boolean;
  readonly historic: boolean;
  readonly receivedAt: Date;
  /** Derived key of the customer; absent where nobody can tell who it is: then nothing joins */
  readonly customer?: string;
  /** null for a deletion */
  readonly route: {
    readonly team: string;
    readonly priority: Priority;
    readonly slaPolicy: string;
    readonly loop: LoopWish;
  } | null;
  readonly sentiment?: SentimentLabel;
  /** Names of the topics, two levels at most: `billing/refund` */
  readonly topics: readonly string[];
  readonly channel: Channel;
  readonly segments?: readonly string[];
  /** Share of the scale, 0..1 */
  readonly rating?: number;
}

/** What is known of a feedback: its highest revision that was settled, and where it belongs. */
export interface SettledFeedback extends Position {
  readonly feedbackId: string;
  readonly source: string;
  /** Counts the settlements, superseded ones included */
  readonly settlement: number;
  readonly outcome: Exclude<SettlementOutcome, 'superseded'>;
  /** Its loop, and how it came into it; never retaken by a settlement */
  readonly place?: { readonly loopId: string; readonly as: 'loop' | 'joined' };
  readonly team?: string;
  readonly sentiment?: SentimentLabel;
  readonly rating?: number;
  /** Of the first revision that was settled */
  readonly receivedAt: Date;
}

/** The loops that a settlement may look at; all of them locked. */
export interface Loops {
  get(loopId: string): Loop | undefined;
  /** Loops of feedback that was received before this may have been dropped with the month of their closing */
  readonly droppedUntil?: Date | undefined;
  /** Every loop that is known of a customer, of any team and state */
  of(customer: string): Iterable<Loop>;
}

/** What became of one revision of a feedback. */
export interface Settlement {
  readonly outcome: SettlementOutcome;
  /** The feedback from now on */
  readonly feedback: SettledFeedback;
  /** What it did to a loop: the first step is the one that carries the settlement. Empty: no loop was touched. */
  readonly steps: readonly Step[];
}

/** An event, and the loop after it. */
export interface Step {
  readonly event: LoopEvent;
  readonly loop: Loop;
}

/** Below 0: `a` was settled or sent before `b`. */
const comparePositions = (a: Position, b: Position): number =>
  a.revision - b.revision || a.tagRevision - b.tagRevision || a.routeRevision - b.routeRevision;

/**
 * Whether two may be about one matter: they share a topic, or one's is the other's upper level. Where nobody can say what one
 * is about ("any news?"), nothing speaks against it.
 */
export function topicsOverlap(one: readonly string[], other: readonly string[]): boolean {
  if (one.length === 0 || other.length === 0) return true;
  const covers = (a: string, b: string): boolean => a === b || b.startsWith(`${a}/`);
  return one.some((a) => other.some((b) => covers(a, b) || covers(b, a)));
}

/** The customer's open loop of that team on that matter, opened within the days of joining; the newest one. */
export function joinableLoop(
  loops: Iterable<Loop>,
  team: string,
  topics: readonly string[],
  now: Date,
): Loop | undefined {
  const earliest = now.getTime() - joinDays * 86_400_000;
  let found: Loop | undefined;
  for (const loop of loops) {
    if (loop.team !== team || isClosed(loop.state) || loop.openedAt.getTime() < earliest) continue;
    if (!topicsOverlap(loop.topics, topics)) continue;
    const newer = found ? loop.openedAt.getTime() - found.openedAt.getTime() : 1;
    if (newer > 0 || (newer === 0 && found && loop.loopId > found.loopId)) found = loop;
  }
  return found;
}

/**
 * Settles one revision of a feedback that was not settled before (the dedupe key is the caller's to check).
 * A lower position than the known one is superseded; the decision for a loop is never retaken; none may become one.
 */
export function settle(
  known: SettledFeedback | undefined,
  arrival: Arrival,
  loops: Loops,
  now: Date,
  book: SlaBook,
): Settlement {
  const settlement = (known?.settlement ?? 0) + 1;
  if (known && comparePositions(arrival, known) < 0) {
    return { outcome: 'superseded', feedback: { ...known, settlement }, steps: [] };
  }
  if (known?.place) return settlePlaced(known, known.place, arrival, loops, now, book);

  const { feedbackId, revision, route, customer, topics, channel, segments } = arrival;
  const settled = (outcome: SettledFeedback['outcome'], team?: string, place?: SettledFeedback['place']) =>
    settledFeedback(arrival, settlement, known?.receivedAt ?? arrival.receivedAt, outcome, team, place);
  if (arrival.deleted || !route) {
    return { outcome: 'withdrawn', feedback: settled('withdrawn', known?.team), steps: [] };
  }
  const { team } = route;
  if (route.loop === 'none') return { outcome: 'no-loop', feedback: settled('no-loop', team), steps: [] };

  const actor = actorOf(arrival);
  const ref = { feedbackId, revision };
  const open =
    route.loop === 'join' && customer !== undefined ? joinableLoop(loops.of(customer), team, topics, now) : undefined;
  if (open) {
    return {
      outcome: 'joined',
      feedback: settled('joined', team, { loopId: open.loopId, as: 'joined' }),
      steps: take(open, { type: 'join', at: now, actor, feedback: ref, topics }, book),
    };
  }
  const loopId = loopIdOf(feedbackId);
  const { priority, slaPolicy } = route;
  const circumstances = { team, priority, slaPolicy, channel, ...(segments && { segments }) };
  const opening: LoopCommand = {
    ...{ type: 'open', at: now, actor, feedback: ref, loopId, topics, ...circumstances },
    ...{ historic: arrival.historic, receivedAt: arrival.receivedAt },
    ...(customer !== undefined && { customer }),
    ...(!arrival.historic && { terms: book.active.refFor(circumstances) }),
  };
  const steps = take(undefined, opening, book);
  return { outcome: 'loop', feedback: settled('loop', team, { loopId, as: 'loop' }), steps };
}

function settledFeedback(
  arrival: Arrival,
  settlement: number,
  receivedAt: Date,
  outcome: SettledFeedback['outcome'],
  team: string | undefined,
  place: SettledFeedback['place'],
): SettledFeedback {
  const { sentiment, rating } = arrival;
  return {
    feedbackId: arrival.feedbackId,
    source: arrival.source,
    revision: arrival.revision,
    tagRevision: arrival.tagRevision,
    routeRevision: arrival.routeRevision,
    settlement,
    outcome,
    receivedAt,
    ...(place !== undefined && { place }),
    ...(team !== undefined && { team }),
    ...(sentiment !== undefined && { sentiment }),
    ...(rating !== undefined && { rating }),
  };
}

/** A later revision of a feedback that is in a loop: the loop hears of it, wherever its route points now. */
function settlePlaced(
  known: SettledFeedback,
  place: { readonly loopId: string; readonly as: 'loop' | 'joined' },
  arrival: Arrival,
  loops: Loops,
  now: Date,
  book: SlaBook,
): Settlement {
  const loop = loops.get(place.loopId);
  const { feedbackId, revision } = arrival;
  if (!loop) {
    if (!loops.droppedUntil || known.receivedAt >= loops.droppedUntil) {
      throw new Error(`loop ${place.loopId} of feedback ${feedbackId} was not looked up`);
    }
    // nothing is left that could be told of it, and its id is not given again: versions would begin anew
    const outcome = arrival.deleted ? 'withdrawn' : 'no-loop';
    const { settlement, receivedAt, team } = known;
    return { outcome, feedback: settledFeedback(arrival, settlement + 1, receivedAt, outcome, team, place), steps: [] };
  }
  const wasDeleted = known.outcome === 'withdrawn';
  const outcome = arrival.deleted ? 'withdrawn' : place.as;
  const { settlement, receivedAt } = known;
  const feedback = settledFeedback(arrival, settlement + 1, receivedAt, outcome, loop.team, place);
  const ref: FeedbackRef = { feedbackId, revision };
  // The customer has said nothing new where only tags or the route are: a model, a person's correction or a rule has.
  const isRetold = revision === known.revision && !arrival.deleted;
  const from = { at: now, actor: isRetold ? ({ kind: 'system' } as const) : actorOf(arrival), feedback: ref };

  if (arrival.deleted) {
    const withdraws = !wasDeleted && !isClosed(loop.state) && loop.feedback <= 1;
    const command: LoopCommand = withdraws
      ? { ...from, type: 'withdraw' }
      : { ...from, type: 'note', ...(!wasDeleted && { leaves: true }) };
    return { outcome, feedback, steps: take(loop, command, book) };
  }
  if (isRerouted(known, arrival)) {
    const mayMove = place.as === 'loop' && !loop.touched && !isClosed(loop.state);
    const steps = mayMove && arrival.route ? rerouted(loop, arrival.route, now, book) : [];
    const team = last(steps)?.team ?? loop.team;
    return {
      ...{ outcome, feedback: { ...feedback, team } },
      steps: steps.length > 0 ? steps : take(loop, { ...from, type: 'note' }, book),
    };
  }
  const verdict = verdictOf(known, arrival, now);
  const returns = wasDeleted && { returns: true };
  if (!isClosed(loop.state)) {
    const told = take(loop, { ...from, type: 'revise', topics: arrival.topics, ...returns }, book);
    return { outcome, feedback, steps: [...told, ...(verdict ? attempt(last(told), verdict, book) : [])] };
  }
  const judged = verdict && !wasDeleted ? attempt(loop, { ...verdict, feedback: ref }, book) : [];
  const steps = judged.length > 0 ? judged : take(loop, { ...from, type: 'note', ...returns }, book);
  return { outcome, feedback, steps };
}

/** The same words with the same tags, by other rules: somebody asked for it. */
const isRerouted = (known: SettledFeedback, arrival: Arrival): boolean =>
  arrival.revision === known.revision &&
  arrival.tagRevision === known.tagRevision &&
  arrival.routeRevision > known.routeRevision;

/** Moves a loop that nobody touched to where the rules send its feedback now; no step where that is where it is. */
function rerouted(loop: Loop, route: NonNullable<Arrival['route']>, at: Date, book: SlaBook): readonly Step[] {
  const { team, priority, slaPolicy } = route;
  const by = {
    at,
    actor: { kind: 'system' },
    terms: book.active.refFor({ ...circumstancesOf(loop), team, priority, slaPolicy }),
  } as const;
  const assigned = team === loop.team ? [] : attempt(loop, { ...by, type: 'assign', team }, book);
  const now = last(assigned) ?? loop;
  return [
    ...assigned,
    ...(priority === loop.priority ? [] : attempt(now, { ...by, type: 'set-priority', priority }, book)),
  ];
}

/** A raised rating confirms and a lowered one objects: the customer's own verdict. */
function verdictOf(known: SettledFeedback, arrival: Arrival, at: Date): Verdict | undefined {
  if (known.rating === undefined || arrival.rating === undefined || known.rating === arrival.rating) return undefined;
  const type = arrival.rating > known.rating ? 'confirm' : 'object';
  return { type, at, actor: { kind: 'customer' }, evidence: 'rating' };
}

type Verdict = Extract<LoopCommand, { type: 'confirm' | 'object' }>;

const actorOf = ({ source }: Arrival): LoopActor => ({ kind: 'source', id: source });

const last = (steps: readonly Step[]): Loop | undefined => steps.at(-1)?.loop;

/** The steps of a command; none where it is refused. */
function attempt(before: Loop | undefined, command: LoopCommand, book: SlaBook): readonly Step[] {
  const decided = decide(before, command, before && book.termsOf(before));
  if (decided instanceof Refusal) return [];
  let loop = before;
  return decided.map((event) => ({ event, loop: (loop = evolve(loop, event)) }));
}

/** The steps of a command that is possible by construction. */
function take(before: Loop | undefined, command: LoopCommand, book: SlaBook): readonly Step[] {
  const steps = attempt(before, command, book);
  if (steps.length === 0) throw new Error(`${command.type} was refused in state ${before?.state ?? 'none'}`);
  return steps;
}
