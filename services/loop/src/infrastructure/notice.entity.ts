import { Column, Entity, PrimaryColumn } from 'typeorm';
import { type Way } from '../domain/follow-up.js';
import { type Notice, type NoticeSkipReason, type NoticeState } from '../domain/notice.js';

/** Keys and numbers; the address is in the table of words, the message in that of messages. */
@Entity('notice')
export class NoticeEntity {
  @PrimaryColumn('uuid', { name: 'notice_id' }) noticeId!: string;
  @Column('uuid', { name: 'improvement_id' }) improvementId!: string;
  @Column('uuid', { name: 'loop_id' }) loopId!: string;
  @Column('text') state!: NoticeState;
  @Column('text', { nullable: true }) reason!: NoticeSkipReason | null;
  @Column('timestamptz', { name: 'requested_at' }) requestedAt!: Date;
  @Column('timestamptz', { name: 'due_at' }) dueAt!: Date;
  @Column('timestamptz', { name: 'expires_at' }) expiresAt!: Date;
  @Column('integer') attempts!: number;
  @Column('uuid', { nullable: true }) customer!: string | null;
  @Column('timestamptz', { name: 'asked_at', nullable: true }) askedAt!: Date | null;
  @Column('timestamptz', { name: 'settled_at', nullable: true }) settledAt!: Date | null;
  @Column('text', { nullable: true }) way!: Way | null;
  @Column('text', { array: true }) failed!: Way[];
  @Column('text', { nullable: true }) language!: string | null;
  @Column('uuid', { name: 'feedback_id', nullable: true }) feedbackId!: string | null;
}

export const noticeOf = (row: NoticeEntity): Notice => ({
  ...{ noticeId: row.noticeId, improvementId: row.improvementId, loopId: row.loopId, state: row.state },
  ...{ requestedAt: row.requestedAt, dueAt: row.dueAt, expiresAt: row.expiresAt, attempts: row.attempts },
  failed: row.failed,
  ...(row.reason !== null && { reason: row.reason }),
  ...(row.customer !== null && { customer: row.customer }),
  ...(row.askedAt && { askedAt: row.askedAt }),
  ...(row.settledAt && { settledAt: row.settledAt }),
  ...(row.way !== null && { way: row.way }),
  ...(row.language !== null && { language: row.language }),
  ...(row.feedbackId !== null && { feedbackId: row.feedbackId }),
});
