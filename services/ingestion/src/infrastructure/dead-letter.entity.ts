import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A dead letter; what it holds is in feedback_body. */
@Entity({ name: 'dead_letter' })
export class DeadLetterEntity {
  @PrimaryColumn({ name: 'letter_id', type: 'uuid' }) letterId!: string;
  @Column({ name: 'feedback_id', type: 'uuid', nullable: true }) feedbackId!: string | null;
  /** null: of no accepted revision */
  @Column({ type: 'integer', nullable: true }) revision!: number | null;
  @Column({ type: 'text' }) topic!: string;
  @Column({ type: 'integer' }) partition!: number;
  @Column({ type: 'bigint' }) offset!: string;
  @Column({ type: 'text' }) group!: string;
  @Column({ type: 'text' }) reason!: string;
  @Column({ type: 'integer' }) attempts!: number;
  @Column({ name: 'died_at', type: 'timestamptz' }) diedAt!: Date;
  @Column({ name: 'recorded_at', type: 'timestamptz' }) recordedAt!: Date;
  /** null: nobody can tell */
  @Column({ type: 'text', nullable: true }) source!: string | null;
  /** When an outcome of the same revision closed it */
  @Column({ name: 'settled_at', type: 'timestamptz', nullable: true }) settledAt!: Date | null;
  @Column({ name: 'replayed_at', type: 'timestamptz', nullable: true }) replayedAt!: Date | null;
  @Column({ name: 'replayed_by', type: 'text', nullable: true }) replayedBy!: string | null;
  @Column({ type: 'integer', default: 0 }) replays!: number;
  /** The letter that its last replay became */
  @Column({ name: 'failed_as', type: 'uuid', nullable: true }) failedAs!: string | null;
  @Column({ name: 'discarded_at', type: 'timestamptz', nullable: true }) discardedAt!: Date | null;
  @Column({ name: 'discarded_by', type: 'text', nullable: true }) discardedBy!: string | null;
  @Column({ name: 'discard_reason', type: 'text', nullable: true }) discardReason!: string | null;
}
