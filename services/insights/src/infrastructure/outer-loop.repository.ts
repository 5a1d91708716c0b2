import { Injectable } from '@nestjs/common';
import {
  insightChanged,
  insightEventId,
  insightRaised,
  noticeEventId,
  noticeIdOf,
  noticeRequested,
} from '@closeloop/contracts';
import { Outbox } from '@closeloop/messaging';
import { AuditLog, personal } from '@closeloop/platform';
import { DataSource, type EntityManager, type SelectQueryBuilder } from 'typeorm';
import { vocabularies, type Vocabulary } from '../domain/dimension.js';
import { toldOf, type Improvement, type LoopRule } from '../domain/improvement.js';
import { changedData, raisedData, type Evidence, type Insight, type InsightEvent } from '../domain/insight.js';
import {
  OuterLoopStore,
  type Audited,
  type ImprovementFilter,
  type InsightFilter,
  type KnownEvidence,
  type OuterLoopTransaction,
  type Place,
  type ShownImprovement,
} from '../domain/outer-loop-store.js';
import { type Ownership, type OwnershipRule } from '../domain/ownership.js';
import { changesChannel } from './changes.channel.js';
import { ImprovementEntity, improvementOf, improvementRow } from './improvement.entity.js';
import { eventOf, historyRow, InsightEntity, InsightHistoryEntity, insightOf, insightRow } from './insight.entity.js';
import { liveSchema } from './model-tables.js';

/** A frozen replica must not hold what it has locked: the server gives it up after this long. */
const idleInTransactionMs = 5_000;
/** Notices of one statement. */
const chunk = 1_000;

@Injectable()
export class OuterLoopRepository extends OuterLoopStore {
  constructor(
    private readonly dataSource: DataSource,
    private readonly outbox: Outbox,
    private readonly auditLog: AuditLog,
  ) {
    super();
  }

  override async run<T>(work: (tx: OuterLoopTransaction, now: Date) => Promise<T>): Promise<T> {
    this.outbox.assertRoom();
    const result = await this.dataSource.transaction(async (manager) => {
      const [row] = await manager.query<{ now: Date }[]>(
        `select date_trunc('milliseconds', clock_timestamp()) as now,
            set_config('idle_in_transaction_session_timeout', $1, true)`,
        [String(idleInTransactionMs)],
      );
      return work(new PostgresOuterLoop(manager, this.outbox, this.auditLog), row!.now);
    });
    this.outbox.wake();
    return result;
  }

  override ownership(): Promise<Ownership> {
    return ownershipIn(this.dataSource.manager);
  }

  override async insights({ states, team, raisedBy, reader, after, limit }: InsightFilter): Promise<Insight[]> {
    const query = this.dataSource.manager.createQueryBuilder(InsightEntity, 'insight');
    if (states) query.andWhere('insight.state = any(:states)', { states });
    if (team !== undefined) query.andWhere('insight.team = :team', { team });
    if (raisedBy !== undefined) query.andWhere('insight.raiser = :raisedBy', { raisedBy });
    if (reader) {
      query.andWhere(
        `(insight.team = any(:teams) or insight.raiserTeam = any(:teams)
          or (insight.raiserKind = 'agent' and insight.raiser = :subject))`,
        { teams: reader.teams, subject: reader.subject },
      );
    }
    return (await paged(query, 'insight.raisedAt', 'insight.insightId', after, limit).getMany()).map(insightOf);
  }

  override async insight(insightId: string): Promise<Insight | undefined> {
    const row = await this.dataSource.manager.findOneBy(InsightEntity, { insightId });
    return row ? insightOf(row) : undefined;
  }

  override async history(insightId: string, after: number): Promise<InsightEvent[]> {
    const rows = await this.dataSource.manager
      .createQueryBuilder(InsightHistoryEntity, 'event')
      .where('event.insightId = :insightId and event.version > :after', { insightId, after })
      .orderBy('event.version')
      .getMany();
    return rows.map(eventOf);
  }

  override async improvements(filter: ImprovementFilter): Promise<ShownImprovement[]> {
    const { states, owner, team, reader, after, limit } = filter;
    const query = this.dataSource.manager.createQueryBuilder(ImprovementEntity, 'improvement');
    if (states) query.andWhere('improvement.state = any(:states)', { states });
    if (owner !== undefined) query.andWhere('improvement.owner = :owner', { owner });
    if (team !== undefined) query.andWhere('improvement.team = :team', { team });
    if (reader) {
      query.andWhere('(improvement.team = any(:teams) or improvement.owner = :subject)', {
        teams: reader.teams,
        subject: reader.subject,
      });
    }
    return this.shown(await paged(query, 'improvement.createdAt', 'improvement.improvementId', after, limit).getMany());
  }

  override async improvement(improvementId: string): Promise<ShownImprovement | undefined> {
    const row = await this.dataSource.manager.findOneBy(ImprovementEntity, { improvementId });
    return (await this.shown(row ? [row] : []))[0];
  }

  private async shown(rows: readonly ImprovementEntity[]): Promise<ShownImprovement[]> {
    if (rows.length === 0) return [];
    const ids = rows.map(({ improvementId }) => improvementId);
    const counted = await this.dataSource.query<{ id: string; what: string; count: number }[]>(
      `select improvement_id id, 'loops' what, count(*)::int from improvement_loop
          where improvement_id = any($1::uuid[]) group by improvement_id
        union all
        select improvement_id, 'told:' || coalesce(reason, state), count(*)::int from notice
          where improvement_id = any($1::uuid[]) group by improvement_id, coalesce(reason, state)`,
      [ids],
    );
    const linked = await this.dataSource.query<{ id: string; insightId: string }[]>(
      `select improvement_id id, insight_id "insightId" from insight where improvement_id = any($1::uuid[])
        order by raised_at, insight_id`,
      [ids],
    );
    return rows.map((row) => {
      const own = counted.filter(({ id }) => id === row.improvementId);
      const told = own.flatMap(({ what, count }) =>
        what.startsWith('told:') ? [[what.slice('told:'.length), count] as const] : [],
      );
      return {
        improvement: improvementOf(row),
        loops: own.find(({ what }) => what === 'loops')?.count ?? 0,
        insights: linked.flatMap(({ id, insightId }) => (id === row.improvementId ? [insightId] : [])),
        told: toldOf(Object.fromEntries(told)),
      };
    });
  }

  override async loopsOf(improvementId: string, after: string | undefined, limit: number): Promise<string[]> {
    const rows = await this.dataSource.query<{ loopId: string }[]>(
      `select loop_id "loopId" from improvement_loop where improvement_id = $1 and ($2::uuid is null or loop_id > $2)
        order by loop_id limit $3`,
      [improvementId, after ?? null, limit],
    );
    return rows.map(({ loopId }) => loopId);
  }

  override async now(): Promise<Date> {
    const [row] = await this.dataSource.query<{ now: Date }[]>('select clock_timestamp() as now');
    return row!.now;
  }
}

/** Newest first, after a place. */
function paged<T extends object>(
  query: SelectQueryBuilder<T>,
  time: string,
  id: string,
  after: Place | undefined,
  limit: number,
): SelectQueryBuilder<T> {
  if (after) query.andWhere(`(${time}, ${id}) < (:at, :id)`, after);
  return query.orderBy(time, 'DESC').addOrderBy(id, 'DESC').limit(limit);
}

async function ownershipIn(manager: EntityManager): Promise<Ownership> {
  const [row] = await manager.query<{ version: number; defaultTeam: string; rules: OwnershipRule[] }[]>(
    'select version, default_team "defaultTeam", rules from ownership order by version desc limit 1',
  );
  return row!;
}

class PostgresOuterLoop implements OuterLoopTransaction {
  constructor(
    private readonly manager: EntityManager,
    private readonly outbox: Outbox,
    private readonly auditLog: AuditLog,
  ) {}

  ownership(): Promise<Ownership> {
    return ownershipIn(this.manager);
  }

  async saveOwnership({ version, defaultTeam, rules }: Ownership, by: string, at: Date): Promise<boolean> {
    const rows = await this.manager.query<unknown[]>(
      `insert into ownership (version, default_team, rules, at, by) values ($1, $2, $3, $4, $5)
        on conflict do nothing returning version`,
      [version, defaultTeam, JSON.stringify(rules), at, by],
    );
    return rows.length > 0;
  }

  async known({ loopIds, feedbackIds }: Pick<Evidence, 'loopIds' | 'feedbackIds'>): Promise<KnownEvidence> {
    const loops = await this.manager.query<{ loopId: string; team: string; since: Date }[]>(
      `select l.loop_id "loopId", t.value team, coalesce(f.received_at, l.opened_at) since
        from ${liveSchema}.loop_fact l join dictionary t on t.id = l.team
          left join ${liveSchema}.feedback_fact f on f.feedback_id = l.opened_by
        where l.loop_id = any($1::uuid[]) order by l.loop_id`,
      [loopIds],
    );
    const feedback = await this.manager.query<{ feedbackId: string; team: string | null; since: Date }[]>(
      `select f.feedback_id "feedbackId", t.value team, f.received_at since
        from ${liveSchema}.feedback_fact f left join dictionary t on t.id = f.team
        where f.feedback_id = any($1::uuid[]) and not f.deleted order by f.feedback_id`,
      [feedbackIds],
    );
    const first = Math.min(...[...loops, ...feedback].map(({ since }) => since.getTime()));
    return {
      loops: loops.map(({ loopId, team }) => ({ loopId, team })),
      feedback: feedback.map(({ feedbackId, team }) => ({ feedbackId, ...(team !== null && { team }) })),
      ...(Number.isFinite(first) && { since: new Date(first) }),
    };
  }

  async lockRaising(insightId: string): Promise<void> {
    await this.manager.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [insightId]);
  }

  async lockInsights(insightIds: readonly string[]): Promise<Map<string, Insight>> {
    const rows = await this.manager
      .createQueryBuilder(InsightEntity, 'insight')
      .where('insight.insightId = any(:insightIds)', { insightIds })
      .orderBy('insight.insightId')
      .setLock('pessimistic_write')
      .getMany();
    return new Map(rows.map((row) => [row.insightId, insightOf(row)]));
  }

  async saveInsight(insight: Insight, event: InsightEvent): Promise<void> {
    const { insightId, version, state, team } = insight;
    const row = insightRow(insight);
    if (event.change === 'raised') await this.manager.insert(InsightEntity, row);
    else await this.manager.update(InsightEntity, { insightId }, row);
    await this.manager.insert(InsightHistoryEntity, historyRow(insight, event));
    const told = { id: insightEventId(insightId, version), subject: insightId, time: event.at.toISOString() };
    await this.outbox.append(this.manager, [
      event.change === 'raised'
        ? { ...told, event: insightRaised, data: raisedData(insight) }
        : { ...told, event: insightChanged, data: changedData(insight, event) },
    ]);
    // `team`: who hears of it
    const news = { insightId, version, change: event.change, state, owner: team, at: event.at.toISOString() };
    const ears = [...new Set([team, ...(insight.raisedBy.team === undefined ? [] : [insight.raisedBy.team])])];
    await this.manager.query('select pg_notify($1, $2)', [
      changesChannel,
      JSON.stringify(ears.map((each) => ({ event: 'insight', data: { ...news, team: each } }))),
    ]);
  }

  async lockImprovement(improvementId: string): Promise<Improvement | undefined> {
    const row = await this.manager.findOne(ImprovementEntity, {
      where: { improvementId },
      lock: { mode: 'pessimistic_write' },
    });
    return row ? improvementOf(row) : undefined;
  }

  async insightsOf(improvementId: string): Promise<string[]> {
    const rows = await this.manager.query<{ insightId: string }[]>(
      'select insight_id "insightId" from insight where improvement_id = $1 order by insight_id',
      [improvementId],
    );
    return rows.map(({ insightId }) => insightId);
  }

  async saveImprovement(improvement: Improvement): Promise<void> {
    const row = improvementRow(improvement);
    if (improvement.version === 1) await this.manager.insert(ImprovementEntity, row);
    else await this.manager.update(ImprovementEntity, { improvementId: row.improvementId }, row);
  }

  async loopCount(improvementId: string): Promise<number> {
    const [row] = await this.manager.query<{ count: number }[]>(
      'select count(*)::int from improvement_loop where improvement_id = $1',
      [improvementId],
    );
    return row!.count;
  }

  async loopsBesides(improvementId: string, loopIds: readonly string[]): Promise<string[]> {
    const rows = await this.manager.query<{ loopId: string }[]>(
      `select distinct given.loop_id "loopId" from unnest($2::uuid[]) given(loop_id)
        where not exists (select from improvement_loop i where i.improvement_id = $1 and i.loop_id = given.loop_id)
        order by given.loop_id`,
      [improvementId, loopIds],
    );
    return rows.map(({ loopId }) => loopId);
  }

  async loopsLike(
    { topic, product, location, from, to }: LoopRule,
    improvementId: string,
    limit: number,
  ): Promise<string[]> {
    const valueOf = (vocabulary: Vocabulary, value: string): string =>
      `(select id from dictionary where vocabulary = ${vocabularies.indexOf(vocabulary) + 1} and value = ${value})`;
    const rows = await this.manager.query<{ loopId: string }[]>(
      `select distinct l.loop_id "loopId"
        from ${liveSchema}.feedback_fact f
          join ${liveSchema}.feedback_place p using (feedback_id)
          join ${liveSchema}.loop_fact l on l.loop_id = p.loop_id
        where not f.deleted and l.state <> 'withdrawn'
          and ($1::text is null or f.topics && (
            select array_agg(id) from dictionary where vocabulary = ${vocabularies.indexOf('topic') + 1}
              and (value = $1 or starts_with(value, $1 || '/'))))
          and ($2::text is null or f.product = ${valueOf('product', '$2')})
          and ($3::text is null or f.location = ${valueOf('location', '$3')})
          and ($4::timestamptz is null or f.at >= $4) and ($5::timestamptz is null or f.at < $5)
          and not exists (select from improvement_loop i where i.improvement_id = $6 and i.loop_id = l.loop_id)
        order by l.loop_id limit $7`,
      [
        ...[topic ?? null, product ?? null, location ?? null],
        ...[from === undefined ? null : `${from}T00:00:00Z`, to === undefined ? null : `${to}T00:00:00Z`],
        ...[improvementId, limit],
      ],
    );
    return rows.map(({ loopId }) => loopId);
  }

  async attach(improvementId: string, loopIds: readonly string[], how: string, at: Date): Promise<void> {
    if (loopIds.length === 0) return;
    await this.manager.query(
      `insert into improvement_loop (improvement_id, loop_id, how, at)
        select $1, loop_id, $3, $4 from unnest($2::uuid[]) given(loop_id) on conflict do nothing`,
      [improvementId, loopIds, how, at],
    );
  }

  async requestNotices(improvement: Improvement & { readonly message: string }, at: Date): Promise<void> {
    const { improvementId, message: text } = improvement;
    const rows = await this.manager.query<{ loopId: string }[]>(
      'select loop_id "loopId" from improvement_loop where improvement_id = $1 order by loop_id',
      [improvementId],
    );
    for (let start = 0; start < rows.length; start += chunk) {
      const notices = rows
        .slice(start, start + chunk)
        .map(({ loopId }) => ({ noticeId: noticeIdOf(improvementId, loopId), loopId }));
      await this.manager.query(
        `insert into notice (notice_id, improvement_id, loop_id, state)
          select id, $1, loop_id, 'pending' from unnest($2::uuid[], $3::uuid[]) given(id, loop_id)`,
        [improvementId, notices.map(({ noticeId }) => noticeId), notices.map(({ loopId }) => loopId)],
      );
      await this.outbox.append(
        this.manager,
        notices.map(({ noticeId, loopId }) => ({
          ...{ event: noticeRequested, id: noticeEventId('requested', noticeId), subject: loopId },
          ...{ time: at.toISOString(), data: { noticeId, improvementId, loopId, text, at: at.toISOString() } },
        })),
      );
    }
  }

  async audit({ by, action, resource, before, after, words = {} }: Audited): Promise<void> {
    const said = Object.fromEntries(Object.entries(words).map(([name, text]) => [name, personal(text)]));
    await this.auditLog.append(this.manager, {
      ...{ actor: { kind: 'person', subject: by.subject, roles: by.roles }, action, resource },
      ...(before && { before }),
      after: { ...after, ...said },
    });
  }
}
