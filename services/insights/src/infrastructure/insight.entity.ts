import { type InsightAbout, type InsightState } from '@closeloop/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { type Insight, type InsightActor, type InsightEvent } from '../domain/insight.js';

@Entity('insight')
export class InsightEntity {
  @PrimaryColumn('uuid', { name: 'insight_id' }) insightId!: string;
  @Column('integer') version!: number;
  @Column('text') state!: InsightState;
  @Column('text') title!: string;
  @Column('text') claim!: string;
  @Column('text', { nullable: true }) topic!: string | null;
  @Column('text', { nullable: true }) touchpoint!: string | null;
  @Column('text', { name: 'journey_stage', nullable: true }) journeyStage!: InsightAbout['journeyStage'] | null;
  @Column('text', { nullable: true }) location!: string | null;
  @Column('text', { nullable: true }) product!: string | null;
  @Column('text') team!: string;
  @Column('text', { name: 'raiser_kind' }) raiserKind!: InsightActor['kind'];
  @Column('text') raiser!: string;
  @Column('text', { name: 'raiser_team', nullable: true }) raiserTeam!: string | null;
  @Column('timestamptz', { name: 'raised_at' }) raisedAt!: Date;
  @Column('uuid', { name: 'loop_ids', array: true }) loopIds!: string[];
  @Column('uuid', { name: 'feedback_ids', array: true }) feedbackIds!: string[];
  @Column('timestamptz', { nullable: true }) since!: Date | null;
  @Column('timestamptz', { name: 'answered_at', nullable: true }) answeredAt!: Date | null;
  @Column('text', { nullable: true }) reason!: string | null;
  @Column('uuid', { name: 'into_id', nullable: true }) into!: string | null;
  @Column('uuid', { name: 'improvement_id', nullable: true }) improvementId!: string | null;
  @Column('timestamptz', { name: 'improving_at', nullable: true }) improvingAt!: Date | null;
}

/** A fact of an insight's history. */
@Entity('insight_history')
export class InsightHistoryEntity {
  @PrimaryColumn('uuid', { name: 'insight_id' }) insightId!: string;
  @PrimaryColumn('integer') version!: number;
  @Column('text') change!: InsightEvent['change'];
  @Column('timestamptz') at!: Date;
  @Column('text', { name: 'actor_kind' }) actorKind!: InsightActor['kind'];
  @Column('text') actor!: string;
  /** What else its event says */
  @Column('jsonb') detail!: object;
}

export const insightOf = (row: InsightEntity): Insight => ({
  ...{ insightId: row.insightId, version: row.version, state: row.state, title: row.title, claim: row.claim },
  about: {
    ...(row.topic !== null && { topic: row.topic }),
    ...(row.touchpoint !== null && { touchpoint: row.touchpoint }),
    ...(row.journeyStage != null && { journeyStage: row.journeyStage }),
    ...(row.location !== null && { location: row.location }),
    ...(row.product !== null && { product: row.product }),
  },
  team: row.team,
  raisedBy: { kind: row.raiserKind, id: row.raiser, ...(row.raiserTeam !== null && { team: row.raiserTeam }) },
  raisedAt: row.raisedAt,
  evidence: { loopIds: row.loopIds, feedbackIds: row.feedbackIds, ...(row.since && { since: row.since }) },
  ...(row.answeredAt && { answeredAt: row.answeredAt }),
  ...(row.reason !== null && { reason: row.reason }),
  ...(row.into !== null && { into: row.into }),
  ...(row.improvementId !== null && { improvementId: row.improvementId }),
  ...(row.improvingAt && { improvingAt: row.improvingAt }),
});

export function insightRow(insight: Insight): InsightEntity {
  const { about, raisedBy, evidence } = insight;
  return {
    ...{ insightId: insight.insightId, version: insight.version, state: insight.state, title: insight.title },
    ...{ claim: insight.claim, topic: about.topic ?? null, touchpoint: about.touchpoint ?? null },
    ...{ journeyStage: about.journeyStage ?? null, location: about.location ?? null, product: about.product ?? null },
    ...{ team: insight.team, raiserKind: raisedBy.kind, raiser: raisedBy.id, raiserTeam: raisedBy.team ?? null },
    ...{ raisedAt: insight.raisedAt, loopIds: [...evidence.loopIds], feedbackIds: [...evidence.feedbackIds] },
    ...{ since: evidence.since ?? null, answeredAt: insight.answeredAt ?? null, reason: insight.reason ?? null },
    ...{ into: insight.into ?? null, improvementId: insight.improvementId ?? null },
    improvingAt: insight.improvingAt ?? null,
  };
}

export function historyRow({ insightId }: Insight, event: InsightEvent): InsightHistoryEntity {
  const { version, change, at, actor, ...detail } = event;
  return { insightId, version, change, at, actorKind: actor.kind, actor: actor.id, detail };
}

export function eventOf({ version, change, at, actorKind, actor, detail }: InsightHistoryEntity): InsightEvent {
  return { ...detail, version, change, at, actor: { kind: actorKind, id: actor } } as InsightEvent;
}
