import { type FeedbackFact } from './feedback-fact.js';
import { type CountedRow, type CountQuestion } from './question.js';
import { type MetricRow } from './metric-answer.js';
import { type MetricDefinition } from './metric.js';
import { type Question } from './question.js';

/** Where a page of feedback ended */
export interface FeedbackPlace {
  readonly at: Date;
  readonly id: string;
}

/** A feedback behind a number. */
export interface FeedbackBehind {
  readonly fact: FeedbackFact;
  /** Of the feedback, or of the loop where the number is one of loops: what pages go by */
  readonly place: FeedbackPlace;
  /** null once its words are erased */
  readonly excerpt: string | null;
  readonly loop?: { readonly loopId: string; readonly state: string };
}

/** Reads what is counted. */
export abstract class MetricStore {
  abstract counts(question: CountQuestion): Promise<CountedRow[]>;
  /** Newest first */
  abstract behind(question: CountQuestion, after: FeedbackPlace | undefined, limit: number): Promise<FeedbackBehind[]>;
  /** The database's clock */
  abstract now(): Promise<Date>;
}

/** A metric that is not counted out of the read model: who keeps what it is of answers it. */
export interface OtherMetric {
  readonly definition: MetricDefinition;
  rows(question: Question): Promise<readonly MetricRow[]>;
}
