import { type SentimentLabel } from '@closeloop/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { type SettledFeedback } from '../domain/settlement.js';

/** The highest settled revision of a feedback, and where it belongs. */
@Entity('feedback')
export class FeedbackEntity {
  @PrimaryColumn('uuid', { name: 'feedback_id' }) feedbackId!: string;
  @Column('text') source!: string;
  @Column('integer') revision!: number;
  @Column('integer', { name: 'tag_revision' }) tagRevision!: number;
  @Column('integer', { name: 'route_revision' }) routeRevision!: number;
  @Column('integer') settlement!: number;
  @Column('text') outcome!: SettledFeedback['outcome'];
  @Column('uuid', { name: 'loop_id', nullable: true }) loopId!: string | null;
  @Column('text', { nullable: true }) place!: 'loop' | 'joined' | null;
  @Column('text', { nullable: true }) team!: string | null;
  @Column('text', { nullable: true }) sentiment!: SentimentLabel | null;
  @Column('double precision', { nullable: true }) rating!: number | null;
  @Column('timestamptz', { name: 'received_at' }) receivedAt!: Date;
}

export const feedbackColumns = `feedback_id, source, revision, tag_revision, route_revision, settlement, outcome,
  loop_id, place, team, sentiment, rating, received_at`;
/** Their types as parameters $1 to $13. */
export const feedbackTypes = `$1::uuid[], $2::text[], $3::int[], $4::int[], $5::int[], $6::int[], $7::text[], $8::uuid[],
  $9::text[], $10::text[], $11::text[], $12::float8[], $13::timestamptz[]`;
/** A parameter for each column. */
export const feedbackValues = (feedback: readonly SettledFeedback[]): unknown[] => [
  feedback.map(({ feedbackId }) => feedbackId),
  feedback.map(({ source }) => source),
  feedback.map(({ revision }) => revision),
  feedback.map(({ tagRevision }) => tagRevision),
  feedback.map(({ routeRevision }) => routeRevision),
  feedback.map(({ settlement }) => settlement),
  feedback.map(({ outcome }) => outcome),
  feedback.map(({ place }) => place?.loopId ?? null),
  feedback.map(({ place }) => place?.as ?? null),
  feedback.map(({ team }) => team ?? null),
  feedback.map(({ sentiment }) => sentiment ?? null),
  feedback.map(({ rating }) => rating ?? null),
  feedback.map(({ receivedAt }) => receivedAt.toISOString()),
];

export const feedbackOf = (row: FeedbackEntity): SettledFeedback => ({
  ...{ feedbackId: row.feedbackId, source: row.source, settlement: row.settlement, outcome: row.outcome },
  ...{ revision: row.revision, tagRevision: row.tagRevision, routeRevision: row.routeRevision },
  receivedAt: row.receivedAt,
  ...(row.loopId !== null && row.place !== null && { place: { loopId: row.loopId, as: row.place } }),
  ...(row.team !== null && { team: row.team }),
  ...(row.sentiment !== null && { sentiment: row.sentiment }),
  ...(row.rating !== null && { rating: row.rating }),
});

/** The columns as plain SQL selects them where hydrating entities would cost too much. */
export const feedbackSelection = `feedback_id "feedbackId", source, revision, tag_revision "tagRevision",
  route_revision "routeRevision", settlement, outcome, loop_id "loopId", place, team, sentiment, rating,
  received_at "receivedAt"`;
