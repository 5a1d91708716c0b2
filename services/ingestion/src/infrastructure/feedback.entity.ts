import { Column, Entity, PrimaryColumn } from 'typeorm';
import { type SentimentLabel } from '@closeloop/contracts';
import { type StandingOutcome } from '../domain/ledger-entry.js';

/** A feedback: what was accepted last, and what became of it. No personal data. */
@Entity({ name: 'feedback' })
export class FeedbackEntity {
  @PrimaryColumn({ name: 'feedback_id', type: 'uuid' }) feedbackId!: string;
  @Column({ type: 'text' }) source!: string;
  @Column({ name: 'accepted_revision', type: 'integer' }) acceptedRevision!: number;
  @Column({ name: 'content_hash', type: 'bytea' }) contentHash!: Buffer;
  /** Latest that any revision gave */
  @Column({ name: 'updated_at', type: 'timestamptz', nullable: true }) updatedAt!: Date | null;
  /** Set while the latest revision is a tombstone */
  @Column({ name: 'deleted_at', type: 'timestamptz', nullable: true }) deletedAt!: Date | null;
  @Column({ name: 'accepted_at', type: 'timestamptz' }) acceptedAt!: Date;
  @Column({ name: 'settled_revision', type: 'integer', default: 0 }) settledRevision!: number;
  @Column({ type: 'integer', default: 0 }) settlement!: number;
  @Column({ type: 'text', nullable: true }) outcome!: StandingOutcome | null;
  @Column({ name: 'loop_id', type: 'uuid', nullable: true }) loopId!: string | null;
  @Column({ type: 'text', nullable: true }) team!: string | null;
  @Column({ type: 'text', nullable: true }) sentiment!: SentimentLabel | null;
  @Column({ name: 'settled_at', type: 'timestamptz', nullable: true }) settledAt!: Date | null;
  /** Revisions that the loop service has spoken of, such as `1-3,5` */
  @Column({ type: 'text', default: '' }) resolved!: string;
  /** Revisions that have a dead letter */
  @Column({ type: 'text', default: '' }) dead!: string;
  /** Highest of `dead` that is not in `resolved`; 0 for none */
  @Column({ name: 'dead_revision', type: 'integer', default: 0 }) deadRevision!: number;
  /** The ways of the settled revisions, the last one first; see domain/trail-record.ts */
  @Column({ type: 'text', nullable: true, select: false }) trail!: string | null;
}
