import type { Actor } from './actor.js';
import type { KeptTransaction } from './kept-store.js';
import type { Reroute, RerouteCounts } from './reroute.js';

/** A step of a reroute, in one transaction: whoever else looks for one finds another or none. */
export interface RerouteStep {
  readonly reroute: Reroute;
  readonly kept: KeptTransaction;
  /** The next feedback of its period, at most so many; not locked yet */
  next(limit: number): Promise<readonly { readonly feedbackId: string }[]>;
  /** Goes on after the last of those, not before so many milliseconds are over. */
  goOn(counts: RerouteCounts, waitMs: number): Promise<void>;
  end(state: 'done' | 'stopped', because?: Reroute['stoppedBecause']): Promise<void>;
}

/** `to` undefined: until now */
export interface NewReroute extends Pick<Reroute, 'rerouteId' | 'ruleSetVersion' | 'from' | 'perSecond' | 'reason'> {
  readonly to: Date | undefined;
  readonly askedBy: Actor;
}

export abstract class RerouteStore {
  abstract add(reroute: NewReroute): Promise<Reroute>;
  abstract find(rerouteId: string): Promise<Reroute | undefined>;
  /** Newest first */
  abstract list(limit: number): Promise<readonly Reroute[]>;
  /** False where it does not run */
  abstract stop(rerouteId: string, by: Actor): Promise<boolean>;
  /** Works on one that is due; false where none is. @throws BackPressure while too much waits to be sent */
  abstract step(work: (step: RerouteStep) => Promise<void>): Promise<boolean>;
  /** Milliseconds until one is due; undefined where none runs */
  abstract untilNext(): Promise<number | undefined>;
}
