import { type ActorKind, type Channel, type LoopClocks, type LoopState, type Priority } from '@closeloop/contracts';
import { jsonArray, jsonTexts } from '@closeloop/platform';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import {
  type EvidenceType,
  type FeedbackRef,
  type LoopEvent,
  type Overdue,
  type Pause,
  type StandingAnswers,
} from '../domain/loop.js';
import { clocksOf } from '../domain/loop-changed.js';
import { type ClockName, type Target } from '../domain/sla/settings.js';
import { type SlaBook } from '../domain/sla/sla-book.js';
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
  restarts?: true;
  terms?: string;
  topics?: readonly string[];
  segments?: readonly string[];
  target?: Target;
  clock?: ClockName;
  workedMs?: number;
  pausedMs?: number;
  takenOverFrom?: string;
  replyId?: string;
  /** RFC 3339 */
  lost?: { first?: string; ofCycle?: { at: string; workedMs?: number } };
}

/** An event of a loop, and the loop after it. Append-only: a trigger refuses anything else. */
@Entity('loop_history')
export class LoopHistoryEntity {
  @PrimaryColumn('uuid', { name: 'loop_id' }) loopId!: string;
  @PrimaryColumn('integer') version!: number;
  @Column('text') change!: LoopEvent['change'];
  @Column('timestamptz') at!: Date;
  @Column('text', { name: 'actor_kind' }) actorKind!: ActorKind;
  @Column('text', { name: 'actor_id', nullable: true }) actorId!: string | null;
  @Column('text') state!: LoopState;
  @Column('integer') cycle!: number;
  /** Null before levels were kept here */
  @Column('integer', { nullable: true }) level!: number | null;
  @Column('text') team!: string;
  @Column('text') priority!: Priority;
  @Column('text', { nullable: true }) owner!: string | null;
  @Column('uuid', { name: 'feedback_id', nullable: true }) feedbackId!: string | null;
  @Column('integer', { nullable: true }) revision!: number | null;
  @Column('json', { nullable: true }) detail!: HistoryDetail | null;
  /** What its clocks showed, as it was told; null where none ran, and before they were kept here */
  @Column('json', { nullable: true }) clocks!: LoopClocks | null;
}

function detailOf(event: LoopEvent): HistoryDetail | null {
  switch (event.change) {
    case 'opened':
      return {
        ...{ slaPolicy: event.slaPolicy, receivedAt: event.receivedAt.toISOString() },
        ...(event.historic && { historic: true }),
        ...(event.customer !== undefined && { customer: event.customer }),
        ...(event.terms !== undefined && { terms: event.terms }),
        ...(event.topics && event.topics.length > 0 && { topics: event.topics }),
        ...(event.channel !== undefined && { channel: event.channel }),
        ...(event.segments && event.segments.length > 0 && { segments: event.segments }),
      };
    case 'responded':
      return {
        channel: event.channel,
        ...(event.workedMs !== undefined && { workedMs: event.workedMs }),
        ...(event.takenOverFrom !== undefined && { takenOverFrom: event.takenOverFrom }),
      };
    case 'reply-sent':
      return { replyId: event.replyId };
    case 'reply-failed':
      return { replyId: event.replyId, ...(event.lost && { lost: lostDetail(event.lost) }), ...pauseOf(event) };
    case 'resumed':
    case 'dismissed':
    case 'withdrawn':
      return someOf(pauseOf(event));
    case 'resolved':
      return { dueAt: event.dueAt.toISOString(), ...pauseOf(event) };
    case 'expired':
      return { dueAt: event.dueAt.toISOString() };
    case 'confirmed':
      return { evidence: event.evidence, ...pauseOf(event) };
    case 'objected':
      return { evidence: event.evidence };
    case 'joined':
      return event.topics ? { topics: event.topics } : null;
    case 'revised':
      return someOf({ ...(event.returns && { returns: true }), ...(event.topics && { topics: event.topics }) });
    case 'noted':
      return someOf({ ...(event.leaves && { leaves: true }), ...(event.returns && { returns: true }) });
    case 'warned':
    case 'breached':
    case 'escalated':
      return event.target && event.clock && event.dueAt
        ? { target: event.target, clock: event.clock, dueAt: event.dueAt.toISOString() }
        : null;
    case 'assigned':
    case 'priority-set':
      return someOf({
        ...('restarts' in event && event.restarts && { restarts: true }),
        ...(event.terms !== undefined && { terms: event.terms }),
      });
    case 'terms-set':
      return { terms: event.terms };
    default:
      return null;
  }
}

const lostDetail = ({ first, ofCycle }: StandingAnswers): NonNullable<HistoryDetail['lost']> => ({
  ...(first && { first: first.toISOString() }),
  ...(ofCycle && { ofCycle: { ...ofCycle, at: ofCycle.at.toISOString() } }),
});
const lostOf = ({ first, ofCycle }: NonNullable<HistoryDetail['lost']>): StandingAnswers => ({
  ...(first !== undefined && { first: new Date(first) }),
  ...(ofCycle && { ofCycle: { ...ofCycle, at: new Date(ofCycle.at) } }),
});

const pauseOf = ({ pausedMs }: Pause): Pause => (pausedMs === undefined ? {} : { pausedMs });
const someOf = (detail: HistoryDetail): HistoryDetail | null => (Object.keys(detail).length > 0 ? detail : null);

const feedbackOf = (event: LoopEvent): FeedbackRef | undefined => ('feedback' in event ? event.feedback : undefined);

export const historyColumns = `loop_id, version, change, at, actor_kind, actor_id, state, cycle, team, priority, owner,
  feedback_id, revision, detail, level, clocks`;
/** Their types as parameters $1 to $16. */
export const historyTypes = `$1::uuid[], $2::int[], $3::text[], $4::timestamptz[], $5::text[], $6::text[], $7::text[],
  $8::int[], $9::text[], $10::text[], $11::text[], $12::uuid[], $13::int[], ${jsonArray('$14')}, $15::int[], ${jsonArray('$16')}`;
/** A parameter for each column. */
export const historyValues = (steps: readonly Step[], book: SlaBook): unknown[] => [
  steps.map(({ loop }) => loop.loopId),
  steps.map(({ event }) => event.version),
  steps.map(({ event }) => event.change),
  steps.map(({ event }) => event.at.toISOString()),
  steps.map(({ event }) => event.actor.kind),
  steps.map(({ event }) => event.actor.id ?? null),
  steps.map(({ loop }) => loop.state),
  steps.map(({ loop }) => loop.cycle),
  steps.map(({ loop }) => loop.team),
  steps.map(({ loop }) => loop.priority),
  steps.map(({ loop }) => loop.owner ?? null),
  steps.map(({ event }) => feedbackOf(event)?.feedbackId ?? null),
  steps.map(({ event }) => feedbackOf(event)?.revision ?? null),
  jsonTexts(
    steps.map(({ event }) => {
      const detail = detailOf(event);
      return detail && JSON.stringify(detail);
    }),
  ),
  steps.map(({ loop }) => loop.level),
  jsonTexts(
    steps.map(({ loop, event }) => {
      const clocks = clocksOf(loop, event.at, book);
      return clocks ? JSON.stringify(clocks) : null;
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
  const whose = { team: row.team, ...(row.owner !== null && { owner: row.owner }) };
  const overdue = (): Overdue => ({ target: detail.target!, clock: detail.clock!, dueAt: new Date(detail.dueAt!) });
  const feedback = (): FeedbackRef => ({ feedbackId: row.feedbackId!, revision: row.revision! });
  switch (row.change) {
    case 'opened':
      return {
        ...{ ...base, change: 'opened', loopId: row.loopId, feedback: feedback() },
        ...{ team: row.team, priority: row.priority },
        ...{ slaPolicy: detail.slaPolicy!, historic: detail.historic ?? false },
        receivedAt: new Date(detail.receivedAt!),
        ...(detail.customer !== undefined && { customer: detail.customer }),
        ...(detail.terms !== undefined && { terms: detail.terms }),
        ...(detail.topics && { topics: detail.topics }),
        ...(detail.channel !== undefined && { channel: detail.channel as Channel }),
        ...(detail.segments && { segments: detail.segments }),
      };
    case 'acknowledged':
      return { ...base, change: 'acknowledged', owner: row.owner! };
    case 'responded':
      return {
        ...{ ...base, change: 'responded', channel: detail.channel!, owner: row.owner! },
        ...(detail.workedMs !== undefined && { workedMs: detail.workedMs }),
        ...(detail.takenOverFrom !== undefined && { takenOverFrom: detail.takenOverFrom }),
      };
    case 'reply-sent':
      return { ...base, change: 'reply-sent', replyId: detail.replyId! };
    case 'reply-failed':
      return {
        ...{ ...base, change: 'reply-failed', replyId: detail.replyId! },
        ...(detail.lost && { lost: lostOf(detail.lost) }),
        ...pauseOf(detail),
      };
    case 'resolved':
      return { ...base, change: 'resolved', dueAt: dueAtOf(row), ...pauseOf(detail) };
    case 'expired':
      return { ...base, change: 'expired', dueAt: dueAtOf(row) };
    case 'confirmed':
    case 'objected': {
      const verdict = {
        ...{ ...base, evidence: detail.evidence! },
        ...(row.feedbackId !== null && { feedback: feedback() }),
      };
      return row.change === 'confirmed'
        ? { ...verdict, change: 'confirmed', ...pauseOf(detail) }
        : { ...verdict, change: 'objected', ...whose };
    }
    case 'withdrawn':
      return { ...base, change: 'withdrawn', feedback: feedback(), ...pauseOf(detail) };
    case 'split':
      return { ...base, change: 'split', feedback: feedback() };
    case 'joined':
      return { ...base, change: 'joined', feedback: feedback(), ...(detail.topics && { topics: detail.topics }) };
    case 'revised':
      return {
        ...{ ...base, change: 'revised', feedback: feedback() },
        ...(detail.returns && { returns: true }),
        ...(detail.topics && { topics: detail.topics }),
      };
    case 'noted':
      return {
        ...{ ...base, change: 'noted', feedback: feedback() },
        ...(detail.leaves && { leaves: true }),
        ...(detail.returns && { returns: true }),
      };
    case 'assigned':
      return {
        ...{ ...base, change: 'assigned', ...whose },
        ...(detail.restarts && { restarts: true }),
        ...(detail.terms !== undefined && { terms: detail.terms }),
      };
    case 'priority-set':
      return {
        ...{ ...base, change: 'priority-set', priority: row.priority },
        ...(detail.terms !== undefined && { terms: detail.terms }),
      };
    case 'terms-set':
      return { ...base, change: 'terms-set', terms: detail.terms! };
    case 'escalated':
      return { ...base, change: 'escalated', ...whose, ...(detail.target && overdue()) };
    case 'warned':
    case 'breached':
      return { ...base, change: row.change, ...overdue() };
    case 'resumed':
    case 'dismissed':
      return { ...base, change: row.change, ...pauseOf(detail) };
    case 'waited':
    case 'reopened':
      return { ...base, change: row.change };
  }
}
