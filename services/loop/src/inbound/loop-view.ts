import { type Draft, type LoopCount, type ReadEvent, type ReadFeedback } from '../domain/loop-store.js';
import { isClosed, isStaleDraft, type Loop } from '../domain/loop.js';

/** A loop as it is shown; the customer's key is for joining alone. */
export function loopView({ customer: _customer, ...loop }: Loop) {
  return { ...loop, closed: isClosed(loop.state) };
}

/** An event of the history, with the words that belong to it. */
export function eventView(event: ReadEvent) {
  if (event.change !== 'opened') return event;
  const { customer: _customer, loopId: _loopId, ...opened } = event;
  return opened;
}

export function feedbackView({ feedback, words }: ReadFeedback) {
  const { place, receivedAt, feedbackId, source, revision, settlement, outcome, sentiment } = feedback;
  return { feedbackId, source, revision, settlement, outcome, as: place?.as, sentiment, receivedAt, ...words };
}

/** A draft is stale when what it answers has been revised since. */
export function draftView(draft: Draft, feedback: readonly ReadFeedback[]) {
  const current = feedback.find(({ feedback: { feedbackId } }) => feedbackId === draft.feedbackId)?.feedback;
  return { ...draft, stale: !current || isStaleDraft(draft, current) };
}

export interface Counted {
  total: number;
  open: number;
  /** Closed in any way, verified included */
  closed: number;
  verified: number;
  byState: Record<string, number>;
}

const none = (): Counted => ({ total: 0, open: 0, closed: 0, verified: 0, byState: {} });

/** Sums over all teams that were counted, and of each. */
export function countsView(counts: readonly LoopCount[]) {
  const all = none();
  const byTeam: Record<string, Counted> = {};
  for (const { team, state, count } of counts) {
    for (const counted of [all, (byTeam[team] ??= none())]) {
      counted.total += count;
      counted[isClosed(state) ? 'closed' : 'open'] += count;
      if (state === 'verified') counted.verified += count;
      counted.byState[state] = (counted.byState[state] ?? 0) + count;
    }
  }
  return { ...all, byTeam };
}
