import type { Actor } from '../actor.js';
import type { Trials } from './try-own.js';
import type { Lesson, RatedLesson } from './lesson.js';

/** Which version holds, and since when. */
export interface Activation {
  /** Grows with each activation; 0: there was none */
  readonly number: number;
  /** undefined: what ships alone */
  readonly version: string | undefined;
  readonly rollback: boolean;
  readonly at?: Date;
  readonly by?: string;
  readonly reason?: string;
}

/** A model of one's own as it is kept: its parts by name, encoded. */
export interface KeptModel {
  readonly version: string;
  /** The model that ships over which it was learned */
  readonly base: string;
  readonly parts: ReadonlyMap<string, Buffer>;
}

/** Who made a model, or made it active, where nobody asked for it. */
export const automatic = 'closeloop';

/** What is told of a kept model. */
export interface ModelDescription {
  readonly version: string;
  readonly base: string;
  readonly madeAt: Date;
  readonly madeBy: string;
  /** The version that was active when it was tried; undefined: what ships alone */
  readonly comparedWith: string | undefined;
  readonly corrections: number;
  readonly rated: number;
  readonly trials: Trials['trials'];
}

/** What the tagger needs to know of. */
export abstract class ActiveModelStore {
  abstract active(): Promise<Activation>;
  /** @throws Error where there is none */
  abstract kept(version: string): Promise<KeptModel>;
  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Another version is active than the one that was thought to be. */
export class ActivationConflict extends Error {
  override readonly name = 'ActivationConflict';
  constructor(readonly active: Activation) {
    super('Another version became active meanwhile');
  }
}

export abstract class ModelStore extends ActiveModelStore {
  /** Newest first */
  abstract all(): Promise<readonly ModelDescription[]>;
  /** Newest first */
  abstract activations(limit: number): Promise<readonly Activation[]>;
  /** How many corrections there are to learn from, and were at the last run */
  abstract corrections(): Promise<{ readonly now: number; readonly atLastRun: number }>;
  /** The last that was said of each feedback, and the latest that were rated and not corrected */
  abstract lessons(
    maxRated: number,
  ): Promise<{ readonly lessons: readonly Lesson[]; readonly rated: readonly RatedLesson[] }>;
  /**
   * Runs the work if no other replica learns; undefined if one does. The lock ends with the connection, and nothing is held by it that
   * others wait for.
   */
  abstract alone<T>(work: () => Promise<T>): Promise<T | undefined>;
  /** Notes that it was learned from so many corrections, and what came of it. */
  abstract ran(
    corrections: number,
    kept?: {
      readonly model: KeptModel;
      readonly about: Omit<ModelDescription, 'version' | 'base' | 'madeAt' | 'madeBy'>;
      readonly by: Actor | undefined;
    },
  ): Promise<void>;
  /** What a person activates is in the audit log too. @throws ActivationConflict where `instead` is not the number of the active one any more */
  abstract activate(
    version: string | undefined,
    given: {
      readonly by: Actor | undefined;
      readonly reason: string;
      readonly rollback: boolean;
      readonly instead: number;
    },
  ): Promise<Activation>;
}
