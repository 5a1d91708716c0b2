import type { LoopChanged } from '@closeloop/contracts';

/** A loop as it is known here: where it was when its team last changed. */
export interface KnownLoop {
  readonly loopId: string;
  readonly version: number;
  readonly team: string;
}

/** A loop that a person has moved to another team, and when. */
export interface MovedLoop extends KnownLoop {
  readonly at: string;
}

export interface NotedLoops {
  /** New ones, and those whose team changed */
  readonly loops: readonly KnownLoop[];
  readonly members: readonly { readonly loopId: string; readonly feedbackId: string }[];
  /** The last move of each */
  readonly moved: readonly MovedLoop[];
}

/**
 * What events of loops tell: which feedback is in which loop, which team has it, and whether a person has moved it. Events that were heard
 * before, and those of a loop that is ahead of them, tell nothing new.
 */
export function noteLoops(events: readonly LoopChanged[], known: readonly KnownLoop[]): NotedLoops {
  const loops = new Map(known.map((loop) => [loop.loopId, loop]));
  const changed = new Set<string>();
  const members = new Map<string, { loopId: string; feedbackId: string }>();
  const moved = new Map<string, MovedLoop>();
  for (const { loopId, version, change, at, actor, loop, feedback } of events) {
    if (!loop) continue;
    if (feedback && (change === 'opened' || change === 'joined')) {
      members.set(`${loopId} ${feedback.feedbackId}`, { loopId, feedbackId: feedback.feedbackId });
    }
    const before = loops.get(loopId);
    if (before && (before.version >= version || before.team === loop.team)) continue;
    const now = { loopId, version, team: loop.team };
    loops.set(loopId, now);
    changed.add(loopId);
    if (before && change === 'assigned' && actor.kind === 'agent') moved.set(loopId, { ...now, at });
  }
  return {
    loops: [...changed].map((loopId) => loops.get(loopId)!),
    members: [...members.values()],
    moved: [...moved.values()],
  };
}
