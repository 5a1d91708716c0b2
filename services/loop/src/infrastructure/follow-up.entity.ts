import { Column, Entity, PrimaryColumn } from 'typeorm';
import {
  type AnswerOutcome,
  type FollowUp,
  type FollowUpState,
  type Question,
  type SkipReason,
  type Way,
} from '../domain/follow-up.js';

/** Keys and numbers; addresses and words are in the table of words. */
@Entity('follow_up')
export class FollowUpEntity {
  @PrimaryColumn('uuid', { name: 'follow_up_id' }) followUpId!: string;
  @Column('uuid', { name: 'loop_id' }) loopId!: string;
  @Column('integer') cycle!: number;
  @Column('text') state!: FollowUpState;
  @Column('text', { nullable: true }) reason!: SkipReason | null;
  @Column('timestamptz', { name: 'requested_at' }) requestedAt!: Date;
  @Column('timestamptz', { name: 'due_at' }) dueAt!: Date;
  @Column('timestamptz', { name: 'expires_at' }) expiresAt!: Date;
  @Column('integer') attempts!: number;
  @Column('uuid', { nullable: true }) customer!: string | null;
  @Column('timestamptz', { name: 'asked_at', nullable: true }) askedAt!: Date | null;
  @Column('timestamptz', { name: 'handed_over_at', nullable: true }) handedOverAt!: Date | null;
  @Column('text', { nullable: true }) way!: Way | null;
  @Column('text', { nullable: true }) question!: Question | null;
  @Column('text', { nullable: true }) language!: string | null;
  @Column('uuid', { name: 'feedback_id', nullable: true }) feedbackId!: string | null;
  @Column('timestamptz', { name: 'answered_at', nullable: true }) answeredAt!: Date | null;
  @Column('integer', { nullable: true }) score!: number | null;
  @Column('text', { nullable: true }) outcome!: AnswerOutcome | null;
  @Column('integer', { nullable: true }) version!: number | null;
}

export const followUpOf = (row: FollowUpEntity): FollowUp => ({
  ...{ followUpId: row.followUpId, loopId: row.loopId, cycle: row.cycle, state: row.state },
  ...{ requestedAt: row.requestedAt, dueAt: row.dueAt, expiresAt: row.expiresAt, attempts: row.attempts },
  ...(row.reason !== null && { reason: row.reason }),
  ...(row.customer !== null && { customer: row.customer }),
  ...(row.askedAt && { askedAt: row.askedAt }),
  ...(row.handedOverAt && { handedOverAt: row.handedOverAt }),
  ...(row.way !== null && { way: row.way }),
  ...(row.question !== null && { question: row.question }),
  ...(row.language !== null && { language: row.language }),
  ...(row.feedbackId !== null && { feedbackId: row.feedbackId }),
  ...(row.answeredAt && { answeredAt: row.answeredAt }),
  ...(row.score !== null && { score: row.score }),
  ...(row.outcome !== null && { outcome: row.outcome }),
  ...(row.version !== null && { version: row.version }),
});
