import { canonicalJson, type Route } from '@closeloop/contracts';

/** A period that is routed anew by the rules that were active when it was asked for, at most so many a second over all replicas. */
export interface Reroute {
  readonly rerouteId: string;
  readonly ruleSetVersion: number;
  readonly from: Date;
  /** Exclusive */
  readonly to: Date;
  readonly perSecond: number;
  readonly reason: string;
  readonly askedBy: string;
  readonly askedAt: Date;
  readonly state: 'running' | 'done' | 'stopped';
  readonly endedAt?: Date;
  /** Why it went on no more before it was done */
  readonly stoppedBecause?: 'asked' | 'other-rules-active';
  readonly counts: RerouteCounts;
}

export interface RerouteCounts {
  /** Feedback that was looked at */
  readonly lookedAt: number;
  /** That got a new revision of its route */
  readonly rerouted: number;
  /** Of those: to another team */
  readonly moved: number;
}

/** What a route comes to for those who act on it: not by which rule it came. */
const effectOf = ({ team, priority, slaPolicy, labels, loop }: Route): string =>
  canonicalJson([team, priority, slaPolicy, labels, loop]);

export const comesToTheSame = (one: Route, other: Route): boolean => effectOf(one) === effectOf(other);
