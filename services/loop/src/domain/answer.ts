import { isStaleDraft, type FeedbackRef } from './loop.js';

/** Who is writing an answer: seen by everyone, held by whoever began first, over by itself. */
export interface Writing {
  readonly agent: string;
  readonly since: Date;
  readonly until: Date;
}

/** Who else is answering: the one who began first of those who write now. Undefined: nobody but this agent. */
export function answeredBy(writing: readonly Writing[], agent: string, now: Date): string | undefined {
  const [first] = writing
    .filter(({ until }) => until > now)
    .sort((a, b) => a.since.getTime() - b.since.getTime() || (a.agent < b.agent ? -1 : 1));
  return first && first.agent !== agent ? first.agent : undefined;
}

/** A feedback of a loop as far as an answer to it is concerned. */
export interface Answerable extends FeedbackRef {
  readonly withdrawn: boolean;
}

/** What an answer names of what it answers, and what its writer's draft does. */
export interface AnswerAim {
  readonly feedbackId?: string;
  readonly revision?: number;
  readonly confirmStale?: boolean;
  readonly draft?: FeedbackRef;
}

export type AimResult =
  | { readonly kind: 'aimed'; readonly feedback?: FeedbackRef }
  | { readonly kind: 'refused'; readonly reason: 'not-in-it' | 'withdrawn'; readonly message: string }
  /** The words were revised since: `latest` is what there is now */
  | { readonly kind: 'stale'; readonly latest: FeedbackRef }
  /** The loop has several, and none was named */
  | { readonly kind: 'ambiguous' };

/**
 * Which words an answer answers: those that it names, else those of the writer's draft, else the only ones there are.
 * What was read is the revision that is named, else that of the draft, else the latest. `send`: it goes to the customer.
 */
export function aimOf(feedback: readonly Answerable[], aim: AnswerAim, send: boolean): AimResult {
  const there = feedback.filter(({ withdrawn }) => !withdrawn);
  const feedbackId = aim.feedbackId ?? aim.draft?.feedbackId ?? (there.length === 1 ? there[0]!.feedbackId : undefined);
  if (feedbackId === undefined) return send ? { kind: 'ambiguous' } : { kind: 'aimed' };
  const latest = feedback.find((one) => one.feedbackId === feedbackId);
  const drafted = aim.draft?.feedbackId === feedbackId ? aim.draft.revision : undefined;
  const revision = aim.revision ?? drafted ?? latest?.revision;
  if (!latest || revision! > latest.revision) {
    return { kind: 'refused', reason: 'not-in-it', message: 'This revision of a feedback is not in this loop.' };
  }
  if (latest.withdrawn && send) {
    return { kind: 'refused', reason: 'withdrawn', message: 'Its source has deleted it: there is nobody to answer.' };
  }
  const answered = { feedbackId, revision: revision! };
  const { revision: newest } = latest;
  if (isStaleDraft(answered, latest) && !aim.confirmStale)
    return { kind: 'stale', latest: { feedbackId, revision: newest } };
  return { kind: 'aimed', feedback: answered };
}
