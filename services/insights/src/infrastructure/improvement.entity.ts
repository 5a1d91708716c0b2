import { Column, Entity, PrimaryColumn } from 'typeorm';
import { type Aim, type Improvement, type ImprovementState, type LoopRule } from '../domain/improvement.js';

@Entity('improvement')
export class ImprovementEntity {
  @PrimaryColumn('uuid', { name: 'improvement_id' }) improvementId!: string;
  @Column('integer') version!: number;
  @Column('text') state!: ImprovementState;
  @Column('text') title!: string;
  @Column('text') team!: string;
  @Column('text') owner!: string;
  /** As text: a day has no zone */
  @Column('date') due!: string;
  @Column('text') action!: string;
  @Column('jsonb') metric!: Aim;
  @Column('jsonb', { nullable: true }) rule!: LoopRule | null;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('text', { name: 'created_by' }) createdBy!: string;
  @Column('timestamptz', { name: 'started_at', nullable: true }) startedAt!: Date | null;
  @Column('timestamptz', { name: 'ended_at', nullable: true }) endedAt!: Date | null;
  @Column('text', { nullable: true }) message!: string | null;
}

export const improvementOf = (row: ImprovementEntity): Improvement => ({
  ...{ improvementId: row.improvementId, version: row.version, state: row.state, title: row.title, team: row.team },
  ...{ owner: row.owner, due: row.due, action: row.action, metric: row.metric },
  ...{ createdAt: row.createdAt, createdBy: row.createdBy },
  ...(row.rule && { rule: row.rule }),
  ...(row.startedAt && { startedAt: row.startedAt }),
  ...(row.endedAt && { endedAt: row.endedAt }),
  ...(row.message !== null && { message: row.message }),
});

export const improvementRow = (improvement: Improvement): ImprovementEntity => ({
  ...improvement,
  rule: improvement.rule ?? null,
  startedAt: improvement.startedAt ?? null,
  endedAt: improvement.endedAt ?? null,
  message: improvement.message ?? null,
});
