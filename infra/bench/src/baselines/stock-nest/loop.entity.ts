import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { type TagsDto } from './feedback.dto.js';

@Entity('loop')
@Index(['team', 'openedAt'], { where: 'closed_at is null' })
@Index(['customer', 'openedAt'], { where: 'closed_at is null and customer is not null' })
export class LoopEntity {
  @PrimaryColumn('uuid', { name: 'loop_id' }) loopId!: string;
  @Column('integer') version!: number;
  @Column('text') state!: string;
  @Column('integer') cycle!: number;
  @Column('text') team!: string;
  @Column('text') priority!: string;
  @Column('text', { nullable: true }) owner?: string;
  @Column('text', { nullable: true }) customer?: string;
  @Column('text') channel!: string;
  @Column('timestamptz', { name: 'received_at' }) receivedAt!: Date;
  @Column('timestamptz', { name: 'opened_at' }) openedAt!: Date;
  @Column('timestamptz', { name: 'respond_by' }) respondBy!: Date;
  @Column('timestamptz', { name: 'first_responded_at', nullable: true }) firstRespondedAt?: Date;
  @Column('timestamptz', { name: 'resolved_at', nullable: true }) resolvedAt?: Date;
  @Column('timestamptz', { name: 'closed_at', nullable: true }) closedAt?: Date;
}

@Entity('loop_feedback')
export class LoopFeedbackEntity {
  @PrimaryColumn('uuid', { name: 'feedback_id' }) feedbackId!: string;
  @Index() @Column('uuid', { name: 'loop_id' }) loopId!: string;
  @Column('text', { nullable: true }) text?: string;
  @Column('jsonb') tags!: TagsDto;
  @Column('jsonb', { nullable: true }) author?: object;
  @Column('double precision', { nullable: true }) rating?: number;
  @Column('timestamptz', { name: 'received_at' }) receivedAt!: Date;
}

@Entity('loop_history')
export class LoopHistoryEntity {
  @PrimaryColumn('uuid', { name: 'loop_id' }) loopId!: string;
  @PrimaryColumn('integer') version!: number;
  @Column('text') change!: string;
  @Column('timestamptz') at!: Date;
  @Column('text') actor!: string;
  @Column('text') state!: string;
  @Column('text') team!: string;
  @Column('text') priority!: string;
  @Column('uuid', { name: 'feedback_id', nullable: true }) feedbackId?: string;
}
