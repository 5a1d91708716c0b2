import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What a connector said for a customer, and the answer that it got. */
@Entity('evidence')
export class EvidenceEntity {
  @PrimaryColumn('text') source!: string;
  @PrimaryColumn('text', { name: 'idempotency_key' }) idempotencyKey!: string;
  /** SHA-256 of the request's canonical JSON, lower-case hexadecimal */
  @Column('text', { name: 'request_hash' }) requestHash!: string;
  @Column('uuid', { name: 'feedback_id' }) feedbackId!: string;
  @Column('text') kind!: string;
  @Column('text') type!: string;
  @Column('timestamptz') at!: Date;
  @Column('integer') status!: number;
  @Column('json') answer!: object;
}
