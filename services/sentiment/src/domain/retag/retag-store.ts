import type { Actor } from '../actor.js';
import type { TaggedTransaction } from '../tagged-store.js';
import type { Retag, RetagCounts } from './retag.js';

/** A step of a retag, in one transaction: whoever else looks for one finds another or none. */
export interface RetagStep {
  readonly retag: Retag;
  readonly tagged: TaggedTransaction;
  /** The next feedback of its period, at most so many; not locked yet */
  next(limit: number): Promise<readonly { readonly feedbackId: string; readonly receivedAt: Date }[]>;
  /** Goes on after that one, not before so many milliseconds are over. */
  goOn(
    after: { readonly feedbackId: string; readonly receivedAt: Date },
    counts: RetagCounts,
    waitMs: number,
  ): Promise<void>;
  end(state: 'done' | 'stopped'): Promise<void>;
}

/** `to` undefined: until now */
export interface NewRetag extends Pick<Retag, 'retagId' | 'version' | 'model' | 'from' | 'perSecond'> {
  readonly askedBy: Actor;
  readonly to: Date | undefined;
}

export abstract class RetagStore {
  abstract add(retag: NewRetag): Promise<Retag>;
  abstract find(retagId: string): Promise<Retag | undefined>;
  /** Newest first */
  abstract list(limit: number): Promise<readonly Retag[]>;
  /** False where it does not run */
  abstract stop(retagId: string, by: Actor): Promise<boolean>;
  /** Works on one that is due; false where none is. @throws BackPressure while too much waits to be sent */
  abstract step(work: (step: RetagStep) => Promise<void>): Promise<boolean>;
  /** Milliseconds until one is due; undefined where none runs */
  abstract untilNext(): Promise<number | undefined>;
}
