import { customerKeyOf, type FeedbackRouted } from '@closeloop/contracts';
import { type Draft, type LoopCount, type ReadEvent, type ReadFeedback } from '../domain/loop-store.js';
import { changeOf } from '../domain/loop-changed.js';
import { type ListedAndShown, type ShownLoop } from '../application/read-loops.handler.js';
import { isClosed, isStaleDraft } from '../domain/loop.js';

/** A loop as it is shown; the customer's key is for joining alone. */
export function loopView({ loop: { customer: _customer, clocks, ...loop }, readings }: ShownLoop) {
  return {
    ...loop,
    closed: isClosed(loop.state),
    ...(readings && {
      sla: {
        ...{ terms: clocks!.terms, cycleStartedAt: clocks!.startedAt },
        ...{ firstResponse: readings['first-response'], resolution: readings.resolution },
      },
    }),
  };
}

/** A loop of a list: with when it is due, and with the beginning of what the customer said. */
export const listedView = ({ dueAt, glimpse, ...shown }: ListedAndShown) => ({
  ...loopView(shown),
  ...(dueAt && { dueAt }),
  ...(glimpse && { glimpse }),
});

/** An event of the history, with the words that belong to it. */
export function eventView(event: ReadEvent) {
  const named = { ...event, ...changeOf(event.change) };
  if (event.change !== 'opened') return named;
  const { customer: _customer, loopId: _loopId, ...opened } = { ...event, ...named };
  return opened;
}

/** With the key that its customer's other feedback is found by, where the customer is known. */
export function feedbackView({ feedback, words }: ReadFeedback) {
  const { place, receivedAt, feedbackId, source, revision, settlement, outcome, sentiment } = feedback;
  const said = words as Pick<FeedbackRouted, 'feedback'> | undefined;
  const authorId = said?.feedback.author?.externalId ?? undefined;
  const customerKey =
    said?.feedback.customerKey ?? (authorId === undefined ? undefined : customerKeyOf(source, authorId));
  return {
    ...{ feedbackId, source, revision, settlement, outcome, as: place?.as, sentiment, receivedAt },
    ...(customerKey !== undefined && { customerKey }),
    ...words,
  };
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
