import { Column, Entity, PrimaryColumn } from 'typeorm';
import { type Reply } from '../domain/reply.js';

/** Something that was to be said to a customer, and whether it arrived. */
@Entity('reply')
export class ReplyEntity {
  @PrimaryColumn('uuid', { name: 'reply_id' }) replyId!: string;
  @Column('text') kind!: Reply['kind'];
  @Column('uuid', { name: 'loop_id' }) loopId!: string;
  @Column('integer', { nullable: true }) version!: number | null;
  @Column('integer') cycle!: number;
  @Column('uuid', { name: 'feedback_id' }) feedbackId!: string;
  @Column('integer') revision!: number;
  @Column('text') channel!: string;
  @Column('text', { nullable: true }) language!: string | null;
  @Column('text') state!: Reply['state'];
  @Column('timestamptz', { name: 'requested_at' }) requestedAt!: Date;
  @Column('timestamptz', { name: 'settled_at', nullable: true }) settledAt!: Date | null;
  @Column('text', { nullable: true }) reason!: string | null;
  @Column('text', { nullable: true }) message!: string | null;
  @Column('text', { name: 'external_id', nullable: true }) externalId!: string | null;
  /** Of the loop, where what came of it was noted */
  @Column('integer', { name: 'noted_version', nullable: true }) notedVersion!: number | null;
}

export const replyOfRow = (row: ReplyEntity): Reply => ({
  ...{ replyId: row.replyId, kind: row.kind, loopId: row.loopId, cycle: row.cycle, feedbackId: row.feedbackId },
  ...{ revision: row.revision, channel: row.channel, state: row.state, requestedAt: row.requestedAt },
  ...(row.version !== null && { version: row.version }),
  ...(row.language !== null && { language: row.language }),
  ...(row.settledAt && { settledAt: row.settledAt }),
  ...(row.reason !== null && { reason: row.reason }),
  ...(row.message !== null && { message: row.message }),
  ...(row.externalId !== null && { externalId: row.externalId }),
});
