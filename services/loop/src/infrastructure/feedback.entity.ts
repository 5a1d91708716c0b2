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

/** A feedback as it is written: with the settlement that stands from now on; absent: the one that stood. */
export interface WrittenFeedback {
  readonly feedback: SettledFeedback;
  readonly told?: {
    readonly contentHash: string;
    readonly settlement: number;
    readonly loopId: string;
    readonly version: number;
  };
}

const columns: readonly {
  readonly name: string;
  readonly type: string;
  valueOf(this: void, written: WrittenFeedback): unknown;
}[] = [
  { name: 'feedback_id', type: 'uuid', valueOf: ({ feedback }) => feedback.feedbackId },
  { name: 'source', type: 'text', valueOf: ({ feedback }) => feedback.source },
  { name: 'revision', type: 'int', valueOf: ({ feedback }) => feedback.revision },
  { name: 'tag_revision', type: 'int', valueOf: ({ feedback }) => feedback.tagRevision },
  { name: 'route_revision', type: 'int', valueOf: ({ feedback }) => feedback.routeRevision },
  { name: 'settlement', type: 'int', valueOf: ({ feedback }) => feedback.settlement },
  { name: 'outcome', type: 'text', valueOf: ({ feedback }) => feedback.outcome },
  { name: 'loop_id', type: 'uuid', valueOf: ({ feedback }) => feedback.place?.loopId ?? null },
  { name: 'place', type: 'text', valueOf: ({ feedback }) => feedback.place?.as ?? null },
  { name: 'team', type: 'text', valueOf: ({ feedback }) => feedback.team ?? null },
  { name: 'sentiment', type: 'text', valueOf: ({ feedback }) => feedback.sentiment ?? null },
  { name: 'rating', type: 'float8', valueOf: ({ feedback }) => feedback.rating ?? null },
  { name: 'received_at', type: 'timestamptz', valueOf: ({ feedback }) => feedback.receivedAt.toISOString() },
  { name: 'content_hash', type: 'text', valueOf: ({ told }) => told?.contentHash ?? null },
  { name: 'told_settlement', type: 'int', valueOf: ({ told }) => told?.settlement ?? null },
  {
    name: 'told_loop_id',
    type: 'uuid',
    valueOf: ({ told, feedback: { place } }) => (told && told.loopId !== place?.loopId ? told.loopId : null),
  },
  { name: 'told_version', type: 'int', valueOf: ({ told }) => told?.version ?? null },
];
const names = columns.map(({ name }) => name).join(', ');

/** The columns of what {@link writtenFeedback} selects, as they stand in the table. */
export const writtenColumns = `${names}, told_at`;

/** Rows out of the parameters {@link writtenValues}, the last of which is the time of the settlement. */
export const writtenFeedback = `select ${names.replace('content_hash', "decode(content_hash, 'hex') content_hash")},
    case when content_hash is not null then $${columns.length + 1}::timestamptz end told_at
  from unnest(${columns.map(({ type }, index) => `$${index + 1}::${type}[]`).join(', ')}) given (${names})`;

export const writtenValues = (rows: readonly WrittenFeedback[], now: Date): unknown[] => [
  ...columns.map(({ valueOf }) => rows.map(valueOf)),
  now,
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
