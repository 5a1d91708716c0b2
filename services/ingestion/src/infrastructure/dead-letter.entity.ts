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
}
