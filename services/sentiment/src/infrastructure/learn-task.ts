import type { Lesson, RatedLesson } from '../domain/own/lesson.js';
import type { Trials } from '../domain/own/try-own.js';

/** What the thread that learns is given. */
export interface LearnTask {
  readonly topicPacks: readonly string[];
  /** undefined: what ships alone is active */
  readonly active: { readonly version: string; readonly parts: ReadonlyMap<string, Uint8Array> } | undefined;
  readonly lessons: readonly Lesson[];
  readonly rated: readonly RatedLesson[];
}

/** And what it says. */
export interface LearnResult {
  readonly base: string;
  /** Of the parts that are to be; the active one's where nothing is better */
  readonly version: string;
  readonly parts: ReadonlyMap<string, Uint8Array>;
  readonly trials: Trials['trials'];
  readonly better: boolean;
}
