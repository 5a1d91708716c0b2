import type { FeedbackKind } from '@closeloop/contracts';

/** Where a feedback stands: its latest accepted revision. */
export interface Standing {
  readonly revision: number;
  /** Of the latest revision */
  readonly contentHash: string;
  /** Latest updatedAt that any revision gave; milliseconds since 1970 */
  readonly updatedAt?: number;
  /** Set while the latest revision is a tombstone: its updatedAt, or when it was received */
  readonly deletedAt?: number;
}

export type Decision =
  | { readonly result: 'accepted' | 'revised'; readonly standing: Standing }
  | { readonly result: 'duplicate' }
  | { readonly result: 'stale'; readonly reason?: 'deleted' };

/** What is asked of an incoming feedback. */
export interface Incoming {
  readonly kind: FeedbackKind;
  readonly contentHash: string;
  /** Milliseconds since 1970 */
  readonly updatedAt?: number;
}

/**
 * The table "Accepting" of contracts.md, row by row.
 *
 * `standing`: undefined for an unknown id. `hadBefore(hash)`: whether any revision had this contentHash.
 * `now`: the store's time, milliseconds since 1970.
 */
export function decide(
  standing: Standing | undefined,
  hadBefore: (contentHash: string) => boolean,
  incoming: Incoming,
  now: number,
): Decision {
  if (!standing) return { result: 'accepted', standing: standingAfter(undefined, incoming, now) };
  if (incoming.contentHash === standing.contentHash) return { result: 'duplicate' };
  if (incoming.updatedAt === undefined && hadBefore(incoming.contentHash)) return { result: 'duplicate' };
  if (incoming.updatedAt !== undefined && standing.updatedAt !== undefined && incoming.updatedAt < standing.updatedAt)
    return { result: 'stale' };
  if (standing.deletedAt !== undefined && incoming.kind !== 'deleted') {
    if (incoming.updatedAt === undefined || incoming.updatedAt <= standing.deletedAt)
      return { result: 'stale', reason: 'deleted' };
  }
  return { result: 'revised', standing: standingAfter(standing, incoming, now) };
}

const standingAfter = (before: Standing | undefined, incoming: Incoming, now: number): Standing => {
  const updatedAt = incoming.updatedAt ?? before?.updatedAt;
  return {
    revision: (before?.revision ?? 0) + 1,
    contentHash: incoming.contentHash,
    ...(updatedAt !== undefined && { updatedAt }),
    // a deletion without a time of its own happened before we heard of it, at the latest
    ...(incoming.kind === 'deleted' && {
      deletedAt: Math.max(incoming.updatedAt ?? Math.max(now, updatedAt ?? 0), before?.deletedAt ?? 0),
    }),
  };
};
