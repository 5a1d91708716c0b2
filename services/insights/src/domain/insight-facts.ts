import { type InsightAbout, type InsightState } from '@closeloop/contracts';

/** What metrics need to know of an insight. */
export interface InsightFact {
  readonly insightId: string;
  readonly raisedAt: Date;
  readonly state: InsightState;
  readonly team: string;
  readonly about: InsightAbout;
  readonly answered: boolean;
  /** When the first of its evidence was received; when it was raised where none is known */
  readonly since: Date;
  /** When its improvement began; absent while none has */
  readonly improvingAt?: Date;
  /** When it was declined or merged: no improvement comes of it any more */
  readonly endedAt?: Date;
}

/** Insights as metrics count them: the share that is answered, and the time from first evidence to improvement. */
export abstract class InsightFacts {
  /** Those that were raised from `from` on and before `to`, in the order of that. */
  abstract raisedBetween(from: Date, to: Date): Promise<InsightFact[]>;
}
