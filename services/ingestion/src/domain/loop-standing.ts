import type { LoopState, Priority } from '@closeloop/contracts';

/** Where a loop stands, as far as the ledger has heard. */
export interface LoopStanding {
  readonly version: number;
  readonly state: LoopState;
  readonly cycle: number;
  readonly team: string;
  readonly priority: Priority;
  /** RFC 3339 */
  readonly changedAt: string;
  /** Of the feedback that opened it; undefined until that is known */
  readonly source?: string;
}

/** The later of two standings of one loop, with the source that either knows; in any order the same. */
export function laterStanding(known: LoopStanding | undefined, heard: LoopStanding): LoopStanding {
  if (!known) return heard;
  const later = heard.version > known.version ? heard : known;
  const source = known.source ?? heard.source;
  return later.source === source || source === undefined ? later : { ...later, source };
}
