import { Column, Entity, PrimaryColumn } from 'typeorm';
import { type FeedbackKind } from '@closeloop/contracts';

/** A revision that was accepted; outlives its body. */
@Entity({ name: 'feedback_revision' })
export class FeedbackRevisionEntity {
  @PrimaryColumn({ name: 'feedback_id', type: 'uuid' }) feedbackId!: string;
  @PrimaryColumn({ type: 'integer' }) revision!: number;
  @Column({ type: 'text' }) kind!: FeedbackKind;
  @Column({ name: 'content_hash', type: 'bytea' }) contentHash!: Buffer;
  @Column({ name: 'received_at', type: 'timestamptz' }) receivedAt!: Date;
}
