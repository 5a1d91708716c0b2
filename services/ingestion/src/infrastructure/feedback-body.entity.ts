import { Column, Entity, PrimaryColumn } from 'typeorm';

/** All personal data there is here, so that one table is to be erased. */
@Entity({ name: 'feedback_body' })
export class FeedbackBodyEntity {
  /** For a dead letter of no known feedback, the letter's own id */
  @PrimaryColumn({ name: 'feedback_id', type: 'uuid' }) feedbackId!: string;
  /** A revision (`1`), or the id of a dead letter */
  @PrimaryColumn({ type: 'text' }) part!: string;
  /** Canonical JSON of a revision; the value of a dead letter as it was; null once erased */
  @Column({ type: 'bytea', nullable: true }) body!: Buffer | null;
  /** Key of a dead letter */
  @Column({ type: 'bytea', nullable: true }) key!: Buffer | null;
  /** Of a dead letter: JSON of its headers, message and stack */
  @Column({ type: 'text', nullable: true }) details!: string | null;
}
