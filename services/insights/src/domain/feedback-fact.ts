import { sentimentLabels, surveyMetrics, type SentimentLabel, type SurveyMetric } from '@closeloop/contracts';
import { type ValueId } from './dimension.js';

/** Which tags and which routing of which revision. */
export interface Position {
  readonly revision: number;
  readonly tagRevision: number;
  readonly routeRevision: number;
}

/** Above 0: `one` is later than `other`. */
export const comparePositions = (one: Position, other: Position): number =>
  one.revision - other.revision || one.tagRevision - other.tagRevision || one.routeRevision - other.routeRevision;

/** Points of a scale, both in thousandths, so that they are whole. */
export interface Score {
  readonly score: number;
  readonly scale: number;
}

/** A survey's answer: scores of different questions or scales are never put together. */
export interface SurveyScore extends Score {
  readonly metric: SurveyMetric;
  readonly question: ValueId;
}

/** 0: not judged; else the place in `sentimentLabels`, from 1 on */
export type SentimentCode = number;
export const sentimentCodeOf = (label: SentimentLabel | undefined): SentimentCode =>
  label === undefined ? 0 : sentimentLabels.indexOf(label) + 1;
export const sentimentOf = (code: SentimentCode): SentimentLabel | undefined => sentimentLabels[code - 1];

export const surveyCodeOf = (metric: SurveyMetric): number => surveyMetrics.indexOf(metric) + 1;
export const surveyMetricOf = (code: number): SurveyMetric | undefined => surveyMetrics[code - 1];

/** What is counted of a feedback: its latest revision, with its latest tags and route. Values are the dictionary's. */
export interface FeedbackFact extends Position {
  readonly feedbackId: string;
  /** When the customer said it; where the source does not know, when it was received */
  readonly at: Date;
  readonly receivedAt: Date;
  /** Deleted by its source: a tombstone that counts nowhere, and keeps later old revisions out */
  readonly deleted: boolean;
  readonly source: ValueId;
  readonly channel: ValueId;
  readonly touchpoint: ValueId;
  readonly journeyStage: ValueId;
  readonly location: ValueId;
  readonly product: ValueId;
  readonly team: ValueId;
  readonly language: ValueId;
  readonly segments: readonly ValueId[];
  readonly topics: readonly ValueId[];
  /** Of each topic: what was said of it, or of the whole where that is not told apart */
  readonly topicSentiments: readonly SentimentCode[];
  readonly sentiment: SentimentCode;
  /** The customer threatens to leave. */
  readonly leaving: boolean;
  /** Derived: the key itself is not kept */
  readonly customer?: string;
  readonly rating?: Score;
  readonly survey?: SurveyScore;
}
