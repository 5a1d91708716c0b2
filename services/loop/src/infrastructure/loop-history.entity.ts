import { type ActorKind, type LoopChange, type LoopState, type Priority } from '@closeloop/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { arrayLiteral } from './array-literal.js';
import { type EvidenceType, type FeedbackRef, type LoopEvent } from '../domain/loop.js';
import { type Step } from '../domain/settlement.js';
import { firstWindowMs } from './migrations/deadlines.migration.js';

/** What an event says beside its actor and the loop after it. Never a person's words. */
export interface HistoryDetail {
  slaPolicy?: string;
  historic?: true;
  /** RFC 3339 */
  receivedAt?: string;
  customer?: string;
  channel?: string;
  /** RFC 3339 */
  dueAt?: string;
  evidence?: EvidenceType;
  leaves?: true;
  returns?: true;
}

/** An event of a loop, and the loop after it. Append-only: a trigger refuses anything else. */
@Entity('loop_history')
export class LoopHistoryEntity {
  @PrimaryColumn('uuid', { name: 'loop_id' }) loopId!: string;
  @PrimaryColumn('integer') version!: number;
  @Column('text') change!: LoopChange;
  @Column('timestamptz') at!: Date;
  @Column('text', { name: 'actor_kind' }) actorKind!: ActorKind;
  @Column('text', { name: 'actor_id', nullable: true }) actorId!: string | null;
  @Column('text') state!: LoopState;
  @Column('integer') cycle!: number;
  @Column('text') team!: string;
  @Column('text') priority!: Priority;
  @Column('text', { nullable: true }) owner!: string | null;
  @Column('uuid', { name: 'feedback_id', nullable: true }) feedbackId!: string | null;
  @Column('integer', { nullable: true }) revision!: number | null;
  @Column('json', { nullable: true }) detail!: HistoryDetail | null;
}

function detailOf(event: LoopEvent): HistoryDetail | null {
  switch (event.change) {
    case 'opened':
      return {
        ...{ slaPolicy: event.slaPolicy, receivedAt: event.receivedAt.toISOString() },
        ...(event.historic && { historic: true }),
        ...(event.customer !== undefined && { customer: event.customer }),
      };
    case 'responded':
      return { channel: event.channel };
    case 'resolved':
    case 'expired':
      return { dueAt: event.dueAt.toISOString() };
    case 'confirmed':
    case 'objected':
      return { evidence: event.evidence };
    case 'revised':
      return event.returns ? { returns: true } : null;
    case 'noted':
      return event.leaves || event.returns
        ? { ...(event.leaves && { leaves: true }), ...(event.returns && { returns: true }) }
        : null;
    default:
      return null;
  }
}

const feedbackOf = (event: LoopEvent): FeedbackRef | undefined => ('feedback' in event ? event.feedback : undefined);

export const historyColumns = `loop_id, version, change, at, actor_kind, actor_id, state, cycle, team, priority, owner,
  feedback_id, revision, detail`;
/** Their types as parameters $1 to $14. */
export const historyTypes = `$1::uuid[], $2::int[], $3::text[], $4::timestamptz[], $5::text[], $6::text[], $7::text[],
  $8::int[], $9::text[], $10::text[], $11::text[], $12::uuid[], $13::int[], $14::json[]`;
/** An array literal for each column. */
export const historyValues = (steps: readonly Step[]): string[] => [
  arrayLiteral(steps.map(({ loop }) => loop.loopId)),
  arrayLiteral(steps.map(({ event }) => event.version)),
  arrayLiteral(steps.map(({ event }) => event.change)),
  arrayLiteral(steps.map(({ event }) => event.at.toISOString())),
  arrayLiteral(steps.map(({ event }) => event.actor.kind)),
  arrayLiteral(steps.map(({ event }) => event.actor.id ?? null)),
  arrayLiteral(steps.map(({ loop }) => loop.state)),
  arrayLiteral(steps.map(({ loop }) => loop.cycle)),
  arrayLiteral(steps.map(({ loop }) => loop.team)),
  arrayLiteral(steps.map(({ loop }) => loop.priority)),
  arrayLiteral(steps.map(({ loop }) => loop.owner ?? null)),
  arrayLiteral(steps.map(({ event }) => feedbackOf(event)?.feedbackId ?? null)),
  arrayLiteral(steps.map(({ event }) => feedbackOf(event)?.revision ?? null)),
  arrayLiteral(
    steps.map(({ event }) => {
      const detail = detailOf(event);
      return detail && JSON.stringify(detail);
    }),
  ),
];

/** A loop that was resolved before deadlines were kept got one by the migration, as it is here. */
const dueAtOf = ({ at, detail }: LoopHistoryEntity): Date =>
  detail?.dueAt === undefined ? new Date(at.getTime() + firstWindowMs) : new Date(detail.dueAt);

/** The event that a row keeps. */
export function eventOf(row: LoopHistoryEntity): LoopEvent {
  const detail = row.detail ?? {};
  const base = {
    version: row.version,
    at: row.at,
    actor: { kind: row.actorKind, ...(row.actorId !== null && { id: row.actorId }) },
  };
  const feedback = (): FeedbackRef => ({ feedbackId: row.feedbackId!, revision: row.revision! });
  switch (row.change) {
    case 'opened':
      return {
        ...{ ...base, change: 'opened', loopId: row.loopId, feedback: feedback() },
        ...{ team: row.team, priority: row.priority },
        ...{ slaPolicy: detail.slaPolicy!, historic: detail.historic ?? false },
        receivedAt: new Date(detail.receivedAt!),
        ...(detail.customer !== undefined && { customer: detail.customer }),
      };
    case 'acknowledged':
      return { ...base, change: 'acknowledged', owner: row.owner! };
    case 'responded':
      return { ...base, change: 'responded', channel: detail.channel!, owner: row.owner! };
    case 'resolved':
    case 'expired':
      return { ...base, change: row.change, dueAt: dueAtOf(row) };
    case 'confirmed':
    case 'objected':
      return {
        ...{ ...base, change: row.change, evidence: detail.evidence! },
        ...(row.feedbackId !== null && { feedback: feedback() }),
      };
    case 'withdrawn':
    case 'split':
    case 'joined':
      return { ...base, change: row.change, feedback: feedback() };
    case 'revised':
      return { ...base, change: 'revised', feedback: feedback(), ...(detail.returns && { returns: true }) };
    case 'noted':
      return {
        ...{ ...base, change: 'noted', feedback: feedback() },
        ...(detail.leaves && { leaves: true }),
        ...(detail.returns && { returns: true }),
      };
    case 'assigned':
      return { ...base, change: 'assigned', team: row.team, ...(row.owner !== null && { owner: row.owner }) };
    case 'priority-set':
      return { ...base, change: 'priority-set', priority: row.priority };
    case 'settled':
      throw new Error('a settlement without a loop is in no history');
    default:
      return { ...base, change: row.change };
  }
}
