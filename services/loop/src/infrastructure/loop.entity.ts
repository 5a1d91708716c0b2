import { type Channel, type LoopState, type Priority } from '@closeloop/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { type Loop } from '../domain/loop.js';
import { type Clocks } from '../domain/sla/clocks.js';

@Entity('loop')
export class LoopEntity {
  @PrimaryColumn('uuid', { name: 'loop_id' }) loopId!: string;
  @Column('integer') version!: number;
  @Column('text') state!: LoopState;
  @Column('integer') cycle!: number;
  @Column('integer') level!: number;
  @Column('text') team!: string;
  @Column('text') home!: string;
  @Column('text') priority!: Priority;
  @Column('text', { nullable: true }) owner!: string | null;
  @Column('boolean') waiting!: boolean;
  @Column('integer') feedback!: number;
  @Column('uuid', { nullable: true }) customer!: string | null;
  @Column('boolean') touched!: boolean;
  /** Names with spaces between them */
  @Column('text') topics!: string;
  @Column('text', { nullable: true }) channel!: Channel | null;
  @Column('json', { nullable: true }) segments!: string[] | null;
  @Column('text', { name: 'sla_policy' }) slaPolicy!: string;
  @Column('boolean') historic!: boolean;
  @Column('timestamptz', { name: 'received_at' }) receivedAt!: Date;
  @Column('timestamptz', { name: 'opened_at' }) openedAt!: Date;
  @Column('timestamptz', { name: 'first_responded_at', nullable: true }) firstRespondedAt!: Date | null;
  @Column('timestamptz', { name: 'resolved_at', nullable: true }) resolvedAt!: Date | null;
  @Column('timestamptz', { name: 'closed_at', nullable: true }) closedAt!: Date | null;
  @Column('timestamptz', { name: 'expires_at', nullable: true }) expiresAt!: Date | null;
  /** Null where no clock runs; then all that follow are */
  @Column('text', { nullable: true }) terms!: string | null;
  @Column('timestamptz', { name: 'cycle_started_at', nullable: true }) cycleStartedAt!: Date | null;
  @Column('timestamptz', { name: 'cycle_responded_at', nullable: true }) cycleRespondedAt!: Date | null;
  /** bigint, as the driver gives it */
  @Column('bigint', { name: 'cycle_responded_worked_ms', nullable: true }) cycleRespondedWorkedMs!: string | null;
  @Column('bigint', { name: 'paused_ms', nullable: true }) pausedMs!: string | null;
  @Column('timestamptz', { name: 'waiting_since', nullable: true }) waitingSince!: Date | null;
  @Column('smallint', { nullable: true }) told!: number | null;
  /** Follows from the loop and its terms: to sort and find by */
  @Column('timestamptz', { name: 'limit_at', nullable: true }) limitAt!: Date | null;
}

/** The columns as plain SQL selects them where hydrating entities would cost too much. */
export const loopColumns = `loop_id "loopId", version, state, cycle, level, team, home, priority, owner, waiting,
  feedback, touched, topics, channel, segments, customer, sla_policy "slaPolicy", historic, received_at "receivedAt",
  opened_at "openedAt", first_responded_at "firstRespondedAt", resolved_at "resolvedAt", closed_at "closedAt",
  expires_at "expiresAt", terms, cycle_started_at "cycleStartedAt", cycle_responded_at "cycleRespondedAt",
  cycle_responded_worked_ms "cycleRespondedWorkedMs", paused_ms "pausedMs", waiting_since "waitingSince", told, limit_at "limitAt"`;

export const loopOf = (row: LoopEntity): Loop => ({
  ...{ loopId: row.loopId, version: row.version, state: row.state, cycle: row.cycle, level: row.level },
  ...{ team: row.team, home: row.home, priority: row.priority, waiting: row.waiting, feedback: row.feedback },
  ...{ touched: row.touched, topics: row.topics === '' ? [] : row.topics.split(' ') },
  ...{ slaPolicy: row.slaPolicy, historic: row.historic, receivedAt: row.receivedAt, openedAt: row.openedAt },
  ...(row.owner !== null && { owner: row.owner }),
  ...(row.customer !== null && { customer: row.customer }),
  ...(row.channel !== null && { channel: row.channel }),
  ...(row.segments && { segments: row.segments }),
  ...(row.firstRespondedAt && { firstRespondedAt: row.firstRespondedAt }),
  ...(row.resolvedAt && { resolvedAt: row.resolvedAt }),
  ...(row.closedAt && { closedAt: row.closedAt }),
  ...(row.expiresAt && { expiresAt: row.expiresAt }),
  ...(row.terms !== null && { clocks: clocksOf(row, row.terms) }),
});

const clocksOf = (row: LoopEntity, terms: string): Clocks => ({
  ...{ terms, startedAt: row.cycleStartedAt!, pausedMs: Number(row.pausedMs), told: row.told! },
  ...(row.cycleRespondedAt && {
    responded: { at: row.cycleRespondedAt, workedMs: Number(row.cycleRespondedWorkedMs) },
  }),
  ...(row.waitingSince && { waitingSince: row.waitingSince }),
});
