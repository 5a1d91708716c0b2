import { type LoopState, type Priority } from '@closeloop/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { type Loop } from '../domain/loop.js';

@Entity('loop')
export class LoopEntity {
  @PrimaryColumn('uuid', { name: 'loop_id' }) loopId!: string;
  @Column('integer') version!: number;
  @Column('text') state!: LoopState;
  @Column('integer') cycle!: number;
  @Column('integer') level!: number;
  @Column('text') team!: string;
  @Column('text') priority!: Priority;
  @Column('text', { nullable: true }) owner!: string | null;
  @Column('boolean') waiting!: boolean;
  @Column('integer') feedback!: number;
  @Column('uuid', { nullable: true }) customer!: string | null;
  @Column('text', { name: 'sla_policy' }) slaPolicy!: string;
  @Column('boolean') historic!: boolean;
  @Column('timestamptz', { name: 'received_at' }) receivedAt!: Date;
  @Column('timestamptz', { name: 'opened_at' }) openedAt!: Date;
  @Column('timestamptz', { name: 'first_responded_at', nullable: true }) firstRespondedAt!: Date | null;
  @Column('timestamptz', { name: 'resolved_at', nullable: true }) resolvedAt!: Date | null;
  @Column('timestamptz', { name: 'closed_at', nullable: true }) closedAt!: Date | null;
  @Column('timestamptz', { name: 'expires_at', nullable: true }) expiresAt!: Date | null;
}

/** The columns as plain SQL selects them where hydrating entities would cost too much. */
export const loopColumns = `loop_id "loopId", version, state, cycle, level, team, priority, owner, waiting, feedback,
  customer, sla_policy "slaPolicy", historic, received_at "receivedAt", opened_at "openedAt",
  first_responded_at "firstRespondedAt", resolved_at "resolvedAt", closed_at "closedAt",
  expires_at "expiresAt"`;

export const loopOf = (row: LoopEntity): Loop => ({
  ...{ loopId: row.loopId, version: row.version, state: row.state, cycle: row.cycle, level: row.level },
  ...{ team: row.team, priority: row.priority, waiting: row.waiting, feedback: row.feedback },
  ...{ slaPolicy: row.slaPolicy, historic: row.historic, receivedAt: row.receivedAt, openedAt: row.openedAt },
  ...(row.owner !== null && { owner: row.owner }),
  ...(row.customer !== null && { customer: row.customer }),
  ...(row.firstRespondedAt && { firstRespondedAt: row.firstRespondedAt }),
  ...(row.resolvedAt && { resolvedAt: row.resolvedAt }),
  ...(row.closedAt && { closedAt: row.closedAt }),
  ...(row.expiresAt && { expiresAt: row.expiresAt }),
});
