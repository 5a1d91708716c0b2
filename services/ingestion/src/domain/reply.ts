import { type ReplyRequested } from '@closeloop/contracts';

/** What a sender made of one try. `message` is for people, and never holds the reply's words. */
export type Sending =
  /** `externalId`: what the place calls the reply, where it says so */
  | { readonly kind: 'sent'; readonly externalId?: string }
  /** Nobody is to try again. */
  | { readonly kind: 'failed'; readonly reason: FailureReason; readonly message: string }
  /** `afterMs`: not before that, as the other side wishes */
  | { readonly kind: 'again'; readonly message: string; readonly afterMs?: number };

/** no-sender: none is set for the source; refused: the other side will not have it; given-up: tried until the time was over. */
export type FailureReason = 'no-sender' | 'refused' | 'given-up' | 'erased';

/** The one thing that came of a reply. */
export type ReplyResult = Exclude<Sending, { kind: 'again' }>;

/** A reply that this process is to send now; nobody else tries it meanwhile. */
export interface ClaimedReply {
  readonly replyId: string;
  readonly loopId: string;
  readonly feedbackId: string;
  readonly source: string;
  readonly askedAt: Date;
  /** This try included; 1 for the first */
  readonly attempts: number;
  /** undefined once the words were erased */
  readonly request?: ReplyRequested;
}

export interface RetryPolicy {
  /** Pause after the first try that failed, milliseconds; it doubles, and never is more than an hour */
  readonly firstPauseMs: number;
  /** For how long a reply is tried, milliseconds from when it was asked for */
  readonly giveUpAfterMs: number;
}

const longestPauseMs = 3_600_000;

/**
 * When a reply is tried again after `attempts` tries; undefined: not any more. `jitter` 0..1 spreads what failed together.
 */
export function nextTryOf(
  { attempts, askedAt }: Pick<ClaimedReply, 'attempts' | 'askedAt'>,
  now: Date,
  { firstPauseMs, giveUpAfterMs }: RetryPolicy,
  jitter: number,
  afterMs = 0,
): Date | undefined {
  const pause = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(attempts - 1, 30)) * (0.75 + jitter / 2);
  const next = now.getTime() + Math.ceil(Math.max(pause, Math.min(afterMs, longestPauseMs)));
  return next > askedAt.getTime() + giveUpAfterMs ? undefined : new Date(next);
}

/** What an HTTP status says of a reply: 2xx took it; what may pass is tried again; all else is the other side's no. */
export function verdictOf(status: number): 'sent' | 'again' | 'refused' {
  if (status >= 200 && status < 300) return 'sent';
  if (status >= 500 || status === 408 || status === 425 || status === 429) return 'again';
  return 'refused';
}
