import {
  loopChanged,
  loopEventId,
  settlementEventId,
  type LoopChanged,
  type Settlement as SettlementData,
} from '@closeloop/contracts';
import { type Loop } from './loop.js';
import { type SettledFeedback, type Settlement, type Step } from './settlement.js';

/** The event as it is sent: its id follows from what it says. */
export function outgoing(data: LoopChanged) {
  const { loopId, version, feedback } = data;
  const id =
    version > 0 || !feedback
      ? loopEventId(loopId, version)
      : settlementEventId(feedback.feedbackId, feedback.settlement);
  return { event: loopChanged, id, subject: loopId, data, time: data.at };
}

/** A step of a loop; with what became of a feedback, where that is what moved it. */
export const stepTaken = ({ event, loop }: Step, feedback?: SettlementData): LoopChanged => ({
  loopId: loop.loopId,
  version: loop.version,
  change: event.change,
  at: event.at.toISOString(),
  actor: event.actor,
  loop: snapshotOf(loop),
  ...(feedback && { feedback }),
});

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

const snapshotOf = ({ state, cycle, team, priority, owner }: Loop): NonNullable<LoopChanged['loop']> => ({
  state,
  cycle,
  team,
  priority,
  ...(owner !== undefined && { owner }),
});
