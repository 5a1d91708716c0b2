import type { Lesson, RatedLesson } from './lesson.js';
import type { KeptModel } from './model-store.js';
import type { Trials } from './try-own.js';

export interface Learned {
  /** Its parts are the active one's where nothing was better */
  readonly model: KeptModel;
  readonly trials: Trials['trials'];
  readonly better: boolean;
}

/** Learns from lessons, and tries what it has learned against what is active. */
export abstract class Learner {
  /** Name of the model that ships */
  abstract readonly base: string;
  abstract learn(
    active: KeptModel | undefined,
    lessons: readonly Lesson[],
    rated: readonly RatedLesson[],
  ): Promise<Learned>;
}
