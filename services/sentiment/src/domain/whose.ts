import type { LoopChanged } from '@closeloop/contracts';

/** Where one feedback belongs, as its latest settlement says. */
export interface SettledPlace {
  readonly feedbackId: string;
  /** Counts the settlements of the feedback */
  readonly settlement: number;
  /** Whoever has the loop has the feedback; undefined: it is in none */
  readonly loopId?: string;
  /** Of a feedback without a loop; undefined: nobody's */
  readonly team?: string;
}

/** Who has a loop. */
export interface LoopTeam {
  readonly loopId: string;
  readonly version: number;
  readonly team: string;
  /** A feedback came into it by one of these events: one that is not known is only of use then. */
  readonly gains: boolean;
}

/** What events of loops tell of whose feedback is: the latest of each loop and of each feedback, in whatever order they come. */
export function whoseIs(events: readonly LoopChanged[]): {
  readonly loops: readonly LoopTeam[];
  readonly places: readonly SettledPlace[];
} {
  const loops = new Map<string, LoopTeam>();
  const places = new Map<string, SettledPlace>();
  for (const { loopId, version, loop, feedback } of events) {
    if (loop) {
      const known = loops.get(loopId);
      const gains = feedback !== undefined || known?.gains === true;
      const later = !known || version > known.version ? { version, team: loop.team } : known;
      loops.set(loopId, { loopId, version: later.version, team: later.team, gains });
    }
    // What came too late moves nothing, and says no loop although there may be one.
    if (!feedback || feedback.outcome === 'superseded') continue;
    const { feedbackId, settlement, team } = feedback;
    if ((places.get(feedbackId)?.settlement ?? 0) >= settlement) continue;
    places.set(feedbackId, { feedbackId, settlement, ...(loop ? { loopId } : team !== undefined && { team }) });
  }
  return { loops: [...loops.values()], places: [...places.values()] };
}

/** Somebody who is signed in. */
export interface Person {
  readonly roles: readonly string[];
  readonly teams: readonly string[];
}

/** Agents read and correct what is their team's; what is nobody's yet is for managers and admins, who may all. */
export const maySee = ({ roles, teams }: Person, team: string | undefined): boolean =>
  roles.includes('manager') ||
  roles.includes('admin') ||
  (roles.includes('agent') && team !== undefined && teams.includes(team));
