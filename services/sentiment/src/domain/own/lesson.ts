import type { Feedback, SentimentLabel } from '@closeloop/contracts';
import type { TagCorrection } from '../correction/correct-tags.js';
import { partOf } from '../learning/text-classifier.js';
import { writtenOf } from '../text/written-text.js';

/** A feedback, its language as its tags have it, and what a person has said of it. */
export interface Lesson {
  readonly feedback: Feedback;
  readonly language: string;
  readonly said: TagCorrection;
}

/** A feedback that its customer has rated: a weak label. */
export interface RatedLesson {
  readonly feedback: Feedback;
  readonly language: string;
  readonly label: SentimentLabel;
}

/** One part in so many is never learned from: every model there will be is judged by it. */
const parts = 5;

/** Whether a text is for judging models by: the same one whoever wrote it, and again next year. */
export const isHeldBackText = (text: string): boolean => partOf(text, parts) === 0;

export const isHeldBack = (feedback: Feedback): boolean => isHeldBackText(writtenOf(feedback));
