import { type InsightState } from '@closeloop/contracts';
import { type Improvement, type ImprovementState, type LoopRule, type Told } from './improvement.js';
import { type Evidence, type Insight, type InsightEvent } from './insight.js';
import { type Person } from './outer-loop-permission.js';
import { type Ownership } from './ownership.js';

/** What is known here of what somebody names as evidence. */
export interface KnownEvidence {
  /** Loops that are known, and whose they are */
  readonly loops: readonly { readonly loopId: string; readonly team: string }[];
  readonly feedback: readonly { readonly feedbackId: string; readonly team?: string }[];
  /** When the first of it was received */
  readonly since?: Date;
}

/** One thing that a person did, for the audit log: what of it changed. Words are given by their names. */
export interface Audited {
  readonly by: Person;
  readonly action: string;
  readonly resource: { readonly kind: 'insight' | 'improvement' | 'ownership'; readonly id: string };
  readonly before?: Readonly<Record<string, string | number | null>>;
  readonly after?: Readonly<Record<string, string | number | null>>;
  readonly words?: Readonly<Record<string, string>>;
}

/** The outer loop in one transaction. Lock improvements before insights, and insights in the order of their ids. */
export interface OuterLoopTransaction {
  ownership(): Promise<Ownership>;
  /** The next version, where the one before is the latest: false where it is not. */
  saveOwnership(ownership: Ownership, by: string, at: Date): Promise<boolean>;
  known(evidence: Pick<Evidence, 'loopIds' | 'feedbackIds'>): Promise<KnownEvidence>;
  /** One at a time may raise an insight of this id. */
  lockRaising(insightId: string): Promise<void>;
  lockInsights(insightIds: readonly string[]): Promise<Map<string, Insight>>;
  /** Writes an insight as it is after its event, and has the event told once the transaction has committed. */
  saveInsight(insight: Insight, event: InsightEvent): Promise<void>;
  lockImprovement(improvementId: string): Promise<Improvement | undefined>;
  /** Insights that it is done because of. */
  insightsOf(improvementId: string): Promise<string[]>;
  saveImprovement(improvement: Improvement): Promise<void>;
  loopCount(improvementId: string): Promise<number>;
  /** Those of these that are not in it yet. */
  loopsBesides(improvementId: string, loopIds: readonly string[]): Promise<string[]>;
  /** Loops with feedback like this, without those that are in it; at most `limit`. */
  loopsLike(rule: LoopRule, improvementId: string, limit: number): Promise<string[]>;
  attach(improvementId: string, loopIds: readonly string[], how: 'hand' | 'rule' | 'insight', at: Date): Promise<void>;
  /** Has the customer of each of its loops told, once the transaction has committed. */
  requestNotices(improvement: Improvement & { readonly message: string }, at: Date): Promise<void>;
  audit(entry: Audited): Promise<void>;
}

export interface Place {
  readonly at: Date;
  readonly id: string;
}

export interface InsightFilter {
  readonly states?: readonly InsightState[];
  readonly team?: string;
  /** Subject of a person, or what of the system it was */
  readonly raisedBy?: string;
  /** Whose eyes: undefined sees all */
  readonly reader?: Person;
  /** Only what comes after this place, newest first */
  readonly after?: Place;
  readonly limit: number;
}

export interface ImprovementFilter {
  readonly states?: readonly ImprovementState[];
  readonly owner?: string;
  readonly team?: string;
  readonly reader?: Person;
  readonly after?: Place;
  readonly limit: number;
}

/** An improvement with what belongs to it. */
export interface ShownImprovement {
  readonly improvement: Improvement;
  readonly loops: number;
  readonly insights: readonly string[];
  readonly told: Told;
}

export abstract class OuterLoopStore {
  /**
   * Commits what `work` did, or rolls back and throws what it threw. `now` is the database's clock.
   * @throws BackPressure while too much waits to be sent
   */
  abstract run<T>(work: (tx: OuterLoopTransaction, now: Date) => Promise<T>): Promise<T>;
  abstract ownership(): Promise<Ownership>;
  /** Newest first. */
  abstract insights(filter: InsightFilter): Promise<Insight[]>;
  abstract insight(insightId: string): Promise<Insight | undefined>;
  /** Events after a version, in order. */
  abstract history(insightId: string, after: number): Promise<InsightEvent[]>;
  /** Newest first. */
  abstract improvements(filter: ImprovementFilter): Promise<ShownImprovement[]>;
  abstract improvement(improvementId: string): Promise<ShownImprovement | undefined>;
  /** Loops of an improvement in the order of their ids, after one; at most `limit`. */
  abstract loopsOf(improvementId: string, after: string | undefined, limit: number): Promise<string[]>;
  abstract now(): Promise<Date>;
}
