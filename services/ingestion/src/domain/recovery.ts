import { type FeedbackKind } from '@closeloop/contracts';
import { type Standing } from './acceptance.js';
import { type NewRevision } from './acceptance-store.js';

/** A revision as the log tells of it. */
export interface LoggedRevision extends NewRevision {
  readonly source: string;
  readonly kind: FeedbackKind;
  /** Milliseconds since 1970 */
  readonly receivedAt: number;
  readonly updatedAt?: number;
}

/** A revision that is to be entered, where its feedback stands then, and whether it was unknown. */
export interface Recovered {
  readonly revision: LoggedRevision;
  readonly standing: Standing;
  readonly created: boolean;
}

export interface Recovery {
  /** In the order of the log */
  readonly entered: readonly Recovered[];
  /** What the store has */
  readonly known: number;
  /** What the store has otherwise: another content was accepted under this number since it was set back. Left as it is. */
  readonly other: readonly { readonly feedbackId: string; readonly revision: number }[];
}

export const revisionKey = (feedbackId: string, revision: number): string => `${feedbackId}/${revision}`;

/**
 * What of the log the store lacks.
 * @param standings of the feedback that the store knows
 * @param hashes contentHash of each revision that it knows, by `revisionKey`
 */
export function recover(
  logged: readonly LoggedRevision[],
  standings: ReadonlyMap<string, Standing>,
  hashes: ReadonlyMap<string, string>,
): Recovery {
  const standing = new Map(standings);
  const seen = new Map(hashes);
  const entered: Recovered[] = [];
  const other: { feedbackId: string; revision: number }[] = [];
  let known = 0;
  for (const revision of logged) {
    const key = revisionKey(revision.feedbackId, revision.revision);
    const hash = seen.get(key);
    if (hash !== undefined) {
      if (hash === revision.contentHash) known++;
      else other.push({ feedbackId: revision.feedbackId, revision: revision.revision });
      continue;
    }
    seen.set(key, revision.contentHash);
    const before = standing.get(revision.feedbackId);
    const after = before && before.revision > revision.revision ? before : standingAt(before, revision);
    standing.set(revision.feedbackId, after);
    entered.push({ revision, standing: after, created: before === undefined });
  }
  return { entered, known, other };
}

/** As acceptance left it. */
function standingAt(before: Standing | undefined, logged: LoggedRevision): Standing {
  const updatedAt = logged.updatedAt ?? before?.updatedAt;
  return {
    revision: logged.revision,
    contentHash: logged.contentHash,
    ...(updatedAt !== undefined && { updatedAt }),
    ...(logged.kind === 'deleted' && {
      deletedAt: Math.max(logged.updatedAt ?? Math.max(logged.receivedAt, updatedAt ?? 0), before?.deletedAt ?? 0),
    }),
  };
}
