import {
  loopChanged,
  loopChanges,
  loopEventId,
  settlementEventId,
  type LoopChange,
  type LoopChanged,
  type LoopClocks,
  type LoopSnapshot,
  type Settlement as SettlementData,
} from '@closeloop/contracts';
import { type Loop, type LoopEvent } from './loop.js';
import { type SettledFeedback, type Settlement, type Step } from './settlement.js';
import { promises } from './sla/clocks.js';
import { type SlaBook } from './sla/sla-book.js';

/** The event as it is sent: its id follows from what it says. */
export function outgoing(data: LoopChanged) {
  const { loopId, version, feedback } = data;
  const id =
    version > 0 || !feedback
      ? loopEventId(loopId, version)
      : settlementEventId(feedback.feedbackId, feedback.settlement);
  return { event: loopChanged, id, subject: loopId, data, time: data.at };
}

/** A step of a loop, with its clocks; with what became of a feedback, where that is what moved it. */
export const stepTaken = (
  { event, loop }: Step,
  book: Pick<SlaBook, 'termsOf'>,
  feedback?: SettlementData,
): LoopChanged => ({
  loopId: loop.loopId,
  version: loop.version,
  ...changeOf(event.change),
  at: event.at.toISOString(),
  actor: event.actor,
  loop: snapshotOf(loop, clocksOf(loop, event.at, book)),
  ...(feedback && { feedback }),
});

/** Readers of loop.changed know a closed list of changes: what came later is noted, by its name. */
export const changeOf = (change: LoopEvent['change']): Pick<LoopChanged, 'change' | 'note'> =>
  isKnown(change) ? { change } : { change: 'noted', note: change };

const isKnown = (change: string): change is LoopChange => (loopChanges as readonly string[]).includes(change);

/** A settlement that touched no loop. `key`: the id of the loop that the feedback would open. */
export const settledWithoutLoop = (key: string, at: Date, source: string, feedback: SettlementData): LoopChanged => ({
  loopId: key,
  version: 0,
  change: 'settled',
  at: at.toISOString(),
  actor: { kind: 'source', id: source },
  loop: null,
  feedback,
});

/** What is told of a feedback: the revision that was settled, and what is known of it now. */
export const settlementOf = (
  { feedback, outcome }: Pick<Settlement, 'feedback' | 'outcome'>,
  settled: Pick<SettledFeedback, 'revision' | 'tagRevision' | 'routeRevision'>,
): SettlementData => ({
  feedbackId: feedback.feedbackId,
  revision: settled.revision,
  tagRevision: settled.tagRevision,
  routeRevision: settled.routeRevision,
  settlement: feedback.settlement,
  outcome,
  ...(feedback.team !== undefined && { team: feedback.team }),
  ...(feedback.sentiment !== undefined && { sentiment: feedback.sentiment }),
});

const snapshotOf = ({ state, cycle, team, priority, owner, level }: Loop, clocks?: LoopClocks): LoopSnapshot => ({
  ...{ state, cycle, team, priority },
  ...(level > 0 && { level }),
  ...(owner !== undefined && { owner }),
  ...(clocks && { clocks }),
});

/** What its clocks show at a step; undefined where none runs. */
export function clocksOf(loop: Loop, at: Date, book: Pick<SlaBook, 'termsOf'>): LoopClocks | undefined {
  const terms = book.termsOf(loop);
  if (!loop.clocks || !terms) return undefined;
  // a loop that was resolved and is closed since has been done since then
  const until = loop.resolvedAt ?? loop.closedAt ?? at;
  const { 'first-response': firstResponse, resolution } = promises({ ...loop, clocks: loop.clocks }, terms, until);
  return { startedAt: loop.clocks.startedAt.toISOString(), firstResponse, resolution };
}
