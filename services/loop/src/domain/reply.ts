import { replyEventId, replyRequested, type ReplyKind, type ReplyRequested } from '@closeloop/contracts';
import { type LostAnswer } from './loop.js';

/** Something that was to be said to a customer by a connector, and what is known of it. */
export interface Reply {
  readonly replyId: string;
  /** notice: of an improvement; on the wire an answer like others */
  readonly kind: ReplyKind | 'notice';
  readonly loopId: string;
  /** Of the loop, where it answered; absent for what is no answer */
  readonly version?: number;
  /** Of the loop, when it was asked for */
  readonly cycle: number;
  readonly feedbackId: string;
  readonly revision: number;
  readonly channel: string;
  /** BCP 47 */
  readonly language?: string;
  /** requested: nobody knows yet whether it arrived */
  readonly state: 'requested' | 'sent' | 'failed';
  readonly requestedAt: Date;
  readonly settledAt?: Date;
  /** Why it failed, for programs, and for people */
  readonly reason?: string;
  readonly message?: string;
  /** What the place calls it */
  readonly externalId?: string;
}

/** A request as it is sent: its id follows from what it asks for. */
export const outgoingRequest = (data: ReplyRequested) => ({
  ...{ event: replyRequested, id: replyEventId('requested', data.replyId), subject: data.feedbackId, time: data.at },
  data,
});

/** A request that is kept until it is known what came of it. */
export const replyOf = (
  { replyId, kind, loopId, feedbackId, revision, channel, language, at }: ReplyRequested,
  { cycle, version }: { readonly cycle: number; readonly version?: number },
): Reply => ({
  ...{ replyId, kind, loopId, cycle, feedbackId, revision, channel, state: 'requested', requestedAt: new Date(at) },
  ...(version !== undefined && { version }),
  ...(language !== undefined && { language }),
});

/** An answer of a loop, recorded or sent: one of its `responded` events. */
export interface GivenAnswer {
  readonly version: number;
  readonly cycle: number;
  readonly at: Date;
  /** What the business clock of its cycle showed */
  readonly workedMs?: number;
  /** It was to be sent, and did not arrive */
  readonly failed: boolean;
}

/** What a loop loses with the answer of a version: others stand unless they are known to have failed. */
export function lostAnswerOf(answers: readonly GivenAnswer[], version: number): LostAnswer | undefined {
  const lost = answers.find((answer) => answer.version === version);
  if (!lost) return undefined;
  const standing = answers.filter((answer) => answer.version !== version && !answer.failed);
  const inOrder = [...standing].sort((a, b) => a.version - b.version);
  const [first] = inOrder;
  const ofCycle = inOrder.find(({ cycle }) => cycle === lost.cycle);
  return {
    cycle: lost.cycle,
    standing: {
      ...(first && { first: first.at }),
      ...(ofCycle && {
        ofCycle: { at: ofCycle.at, ...(ofCycle.workedMs !== undefined && { workedMs: ofCycle.workedMs }) },
      }),
    },
  };
}
