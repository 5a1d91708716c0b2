import { surveyCodeOf, surveyMetricOf, type FeedbackFact } from '../domain/feedback-fact.js';

export interface FeedbackRow {
  readonly feedback_id: string;
  readonly revision: number;
  readonly tag_revision: number;
  readonly route_revision: number;
  readonly at: Date;
  readonly received_at: Date;
  readonly deleted: boolean;
  readonly source: number;
  readonly channel: number;
  readonly touchpoint: number;
  readonly journey_stage: number;
  readonly location: number;
  readonly product: number;
  readonly team: number;
  readonly language: number;
  readonly segments: number[];
  readonly topics: number[];
  readonly topic_sentiments: number[];
  readonly sentiment: number;
  readonly leaving: boolean;
  readonly customer: string | null;
  readonly rating: number | null;
  readonly rating_scale: number | null;
  readonly survey: number | null;
  readonly score: number | null;
  readonly score_scale: number | null;
  readonly question: number | null;
}

/** Columns of feedback_fact and their types, the key first. */
export const feedbackColumns = {
  ...{ feedback_id: 'uuid', revision: 'int', tag_revision: 'int', route_revision: 'int' },
  ...{ at: 'timestamptz', received_at: 'timestamptz', deleted: 'bool', source: 'int', channel: 'int' },
  ...{ touchpoint: 'int', journey_stage: 'int', location: 'int', product: 'int', team: 'int', language: 'int' },
  ...{ segments: 'int[]', topics: 'int[]', topic_sentiments: 'smallint[]', sentiment: 'smallint', leaving: 'bool' },
  ...{ customer: 'uuid', rating: 'int', rating_scale: 'int', survey: 'smallint', score: 'int', score_scale: 'int' },
  question: 'int',
} as const satisfies Record<keyof FeedbackRow, string>;
export const feedbackNames = Object.keys(feedbackColumns);

/** The columns of a table under an alias */
export const columnsAs = (alias: string, names: readonly string[] = feedbackNames): string =>
  names.map((name) => `${alias}.${name}`).join(', ');

export const factOf = (row: FeedbackRow): FeedbackFact => {
  const survey = row.survey === null ? undefined : surveyMetricOf(row.survey);
  return {
    ...{ feedbackId: row.feedback_id, revision: row.revision, tagRevision: row.tag_revision },
    ...{ routeRevision: row.route_revision, at: row.at, receivedAt: row.received_at, deleted: row.deleted },
    ...{ source: row.source, channel: row.channel, touchpoint: row.touchpoint, journeyStage: row.journey_stage },
    ...{ location: row.location, product: row.product, team: row.team, language: row.language },
    ...{ segments: row.segments, topics: row.topics, topicSentiments: row.topic_sentiments },
    ...{ sentiment: row.sentiment, leaving: row.leaving },
    ...(row.customer !== null && { customer: row.customer }),
    ...(row.rating !== null && { rating: { score: row.rating, scale: row.rating_scale! } }),
    ...(survey && {
      survey: { metric: survey, score: row.score!, scale: row.score_scale!, question: row.question! },
    }),
  };
};

export const rowOf = (fact: FeedbackFact): Record<keyof FeedbackRow, unknown> => ({
  ...{ feedback_id: fact.feedbackId, revision: fact.revision, tag_revision: fact.tagRevision },
  ...{ route_revision: fact.routeRevision, at: fact.at, received_at: fact.receivedAt, deleted: fact.deleted },
  ...{ source: fact.source, channel: fact.channel, touchpoint: fact.touchpoint, journey_stage: fact.journeyStage },
  ...{ location: fact.location, product: fact.product, team: fact.team, language: fact.language },
  ...{ segments: fact.segments, topics: fact.topics, topic_sentiments: fact.topicSentiments },
  ...{ sentiment: fact.sentiment, leaving: fact.leaving, customer: fact.customer ?? null },
  ...{ rating: fact.rating?.score ?? null, rating_scale: fact.rating?.scale ?? null },
  survey: fact.survey ? surveyCodeOf(fact.survey.metric) : null,
  ...{ score: fact.survey?.score ?? null, score_scale: fact.survey?.scale ?? null },
  question: fact.survey?.question ?? null,
});
