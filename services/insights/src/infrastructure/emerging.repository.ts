import { AuditLog } from '@closeloop/platform';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { CubeCounts } from '../domain/cube-counts.js';
import type { Carrier } from '../domain/emerging/carrier.js';
import {
  EmergingStore,
  type Digests,
  type Dismissal,
  type EmergingFilter,
  type EmergingWork,
  type EvidenceItem,
  type KeptIssue,
  type ShownIssue,
} from '../domain/emerging/emerging-store.js';
import type { Series, SeriesKey } from '../domain/emerging/series.js';
import { advisoryLocks } from './advisory-locks.js';
import { liveSchema } from './model-tables.js';

/** Feedback that a list shows of each */
const shownFeedback = 5;
/** Series that are read at one go */
const fetchedSeries = 500;
/** Everywhere, by place, by product, by both; where none was given it is no place of its own. */
const widths = `grouping sets ((), (location), (product), (location, product))
  having (grouping(location) = 1 or location <> 0) and (grouping(product) = 1 or product <> 0)`;

interface IssueRow {
  readonly emerging_id: string;
  readonly topic: string | null;
  readonly location: string | null;
  readonly product: string | null;
  readonly since: number;
  readonly found_on: number;
  readonly last_day: number;
  readonly observed: number;
  readonly expected: number;
  readonly ratio_low: number;
  readonly ratio_high: number;
  readonly p: number;
  readonly q: number;
  readonly state: 'open' | 'over';
  readonly team: string | null;
  readonly insight_id: string | null;
  readonly dismissed_at: Date | null;
  readonly carried_by: readonly Carrier[];
}

interface ShownRow extends IssueRow {
  readonly feedback: { feedbackId: string; loopId: string | null; at: string; excerpt: string | null }[] | null;
}

const issueOf = (row: IssueRow) => ({
  ...{ emergingId: row.emerging_id, since: row.since, foundOn: row.found_on, lastDay: row.last_day },
  ...{ key: { topic: row.topic, location: row.location, product: row.product } },
  ...{ observed: row.observed, expected: row.expected, ratio: row.observed / row.expected },
  ...{ interval: [row.ratio_low, row.ratio_high] as const, p: row.p, q: row.q },
  carriedBy: row.carried_by,
});

const keptOf = (row: IssueRow): KeptIssue => ({
  ...issueOf(row),
  ...{ state: row.state, seen: row.insight_id !== null || row.dismissed_at !== null },
});

const shownOf = (row: ShownRow): ShownIssue => ({
  ...issueOf(row),
  ...{ state: row.dismissed_at ? 'dismissed' : row.state, team: row.team, insightId: row.insight_id },
  feedback: (row.feedback ?? []).map((item): EvidenceItem => ({ ...item, at: new Date(item.at) })),
});

/** Columns that judging decides, and their types */
const judgedColumns = {
  ...{ emerging_id: 'uuid', topic: 'text', location: 'text', product: 'text', since: 'int', found_on: 'int' },
  ...{ last_day: 'int', observed: 'int', expected: 'float8', ratio_low: 'float8', ratio_high: 'float8' },
  ...{ p: 'float8', q: 'float8', state: 'text', carried_by: 'jsonb' },
} as const satisfies Partial<Record<keyof IssueRow, string>>;
const judgedNames = Object.keys(judgedColumns);

const rowOf = (issue: KeptIssue): Record<keyof typeof judgedColumns, unknown> => ({
  ...{ emerging_id: issue.emergingId, since: issue.since, found_on: issue.foundOn, last_day: issue.lastDay },
  ...{ topic: issue.key.topic, location: issue.key.location, product: issue.key.product },
  ...{ observed: issue.observed, expected: issue.expected, p: issue.p, q: issue.q, state: issue.state },
  ...{ ratio_low: issue.interval[0], ratio_high: issue.interval[1] },
  carried_by: issue.carriedBy,
});

const instantOf = (day: string): string => `to_timestamp(${day}::float8 * 86400)`;
/** Feedback behind `issue` */
const facts = `
  ${liveSchema}.feedback_fact fact
  left join dictionary location on location.id = fact.location
  left join dictionary product on product.id = fact.product
  left join dictionary team on team.id = fact.team`;
const behind = `
  fact.at >= ${instantOf('issue.since')} and fact.at < ${instantOf('(issue.last_day + 1)')} and not fact.deleted
  and (issue.topic is null or exists (
    select from dictionary topic where topic.value = issue.topic and topic.id = any(fact.topics)
  ))
  and (issue.location is null or location.value = issue.location)
  and (issue.product is null or product.value = issue.product)`;

@Injectable()
export class EmergingRepository extends EmergingStore {
  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: AuditLog,
    private readonly counted: CubeCounts,
  ) {
    super();
  }

  /** The lock is the connection's, not a transaction's: what takes a while is not to hold one open. */
  override async exclusively<T>(work: (store: EmergingWork) => Promise<T>): Promise<T | undefined> {
    const runner = this.dataSource.createQueryRunner();
    await runner.connect();
    try {
      const [row] = (await runner.query('select pg_try_advisory_lock($1) mine', [advisoryLocks.judging])) as {
        mine: boolean;
      }[];
      if (!row!.mine) return undefined;
      try {
        return await work(new PostgresWork(this.dataSource, this.counted));
      } finally {
        await runner.query('select pg_advisory_unlock($1)', [advisoryLocks.judging]);
      }
    } finally {
      await runner.release();
    }
  }

  override list({ open, teams, days, limit }: EmergingFilter): Promise<ShownIssue[]> {
    return this.shown(
      `($2::text[] is null or issue.team = any($2)) and (not $3 or issue.state = 'open' and issue.dismissed_at is null)
       and ($4::int is null or issue.last_day >= $4) and ($5::int is null or issue.since < $5)`,
      `issue.state = 'over' or issue.dismissed_at is not null, issue.last_day desc, issue.observed - issue.expected desc, issue.emerging_id`,
      [shownFeedback, teams ?? null, open, days?.[0] ?? null, days?.[1] ?? null],
      limit,
    );
  }

  override untold(foundFrom: number, feedback: number): Promise<ShownIssue[]> {
    return this.shown(
      `issue.found_on >= $3 and issue.state = 'open' and issue.insight_id is null and issue.dismissed_at is null`,
      'issue.found_on, issue.emerging_id',
      [feedback, null, foundFrom],
    );
  }

  override async told(emergingId: string, insightId: string): Promise<void> {
    await this.dataSource.query('update emerging_issue set insight_id = $2 where emerging_id = $1', [
      emergingId,
      insightId,
    ]);
  }

  override async dismiss(emergingId: string, { reason, by }: Dismissal): Promise<ShownIssue | undefined> {
    await this.dataSource.transaction(async (tx) => {
      const [rows] = await tx.query<[{ team: string | null }[], number]>(
        `update emerging_issue set dismissed_at = clock_timestamp(), dismissed_by = $2, dismissed_because = $3
         where emerging_id = $1 and dismissed_at is null returning team`,
        [emergingId, by.subject, reason],
      );
      if (rows.length === 0) return;
      await this.audit.append(tx, {
        ...{ actor: by, action: 'emerging.dismissed', resource: { kind: 'emerging', id: emergingId } },
        after: { team: rows[0]!.team, reason },
      });
    });
    const [issue] = await this.shown('issue.emerging_id = $3', 'issue.emerging_id', [shownFeedback, null, emergingId]);
    return issue;
  }

  /** $1: feedback of each, $2: teams of it */
  private async shown(where: string, order: string, parameters: unknown[], limit?: number): Promise<ShownIssue[]> {
    const rows = await this.dataSource.query<ShownRow[]>(
      `select issue.*, (
         select json_agg(json_build_object('feedbackId', feedback_id, 'loopId', loop_id, 'at', at, 'excerpt', excerpt)
           order by at desc, feedback_id)
         from (
           select fact.feedback_id, place.loop_id, fact.at, words.excerpt
           from ${facts}
           left join ${liveSchema}.feedback_place place on place.feedback_id = fact.feedback_id
           left join ${liveSchema}.feedback_words words on words.feedback_id = fact.feedback_id
           where ${behind} and ($2::text[] is null or team.value = any($2))
           order by fact.at desc, fact.feedback_id limit $1
         ) newest
       ) feedback
       from emerging_issue issue where ${where} order by ${order} limit ${limit ?? 'all'}`,
      parameters,
    );
    return rows.map(shownOf);
  }
}

class PostgresWork implements EmergingWork {
  constructor(
    private readonly dataSource: DataSource,
    private readonly counted: CubeCounts,
  ) {}

  async today(): Promise<number> {
    const [row] = await this.dataSource.query<{ today: number }[]>(
      'select floor(extract(epoch from clock_timestamp()) / 86400)::int today',
    );
    return row!.today;
  }

  async digests(today: number): Promise<Digests> {
    await this.counted.takeIn();
    const rows = await this.dataSource.query<{ day: number; digest: string }[]>(
      `select day, digest::text from ${liveSchema}.day_digest where day < $1`,
      [today],
    );
    return new Map(rows.map(({ day, digest }) => [day, digest]));
  }

  async judged(): Promise<Digests> {
    const rows = await this.dataSource.query<{ day: number; digest: string }[]>('select day, digest from emerging_day');
    return new Map(rows.map(({ day, digest }) => [day, digest]));
  }

  /** By a cursor: there may be tens of thousands, and their numbers are not all to be in memory twice. */
  series(
    [from, to]: readonly [number, number],
    judgedFrom: number,
    leastOf: number,
    open: readonly SeriesKey[],
  ): Promise<Series[]> {
    return this.dataSource.transaction(async (tx) => {
      await tx.query(
        `declare series no scroll cursor for
         with fact as materialized (
           select floor(extract(epoch from at) / 86400)::int as day, topics, location, product
           from ${liveSchema}.feedback_fact
           where at >= ${instantOf('$1')} and at < ${instantOf('$2')} and not deleted
         ), counted as (
           select day, topic, location, product, count(*)::int n from fact cross join unnest(topics) topic
           group by day, topic, ${widths}
           union all
           select day, null, location, product, count(*)::int from fact group by day, ${widths}
         ), week as (
           select *, sum(n) over (partition by topic, location, product order by day range between 6 preceding and current row) of_seven
           from counted
         ), kept as (
           select topic, location, product, string_agg(day - $1 || ':' || n, ',') counts,
             max(of_seven) filter (where day > $3 - 7) most
           from week group by topic, location, product
         )
         select topic.value topic, location.value location, product.value product, counts
         from kept
         left join dictionary topic on topic.id = kept.topic
         left join dictionary location on location.id = kept.location
         left join dictionary product on product.id = kept.product
         where most >= $4 or exists (
           select from json_to_recordset($5) as given (topic text, location text, product text)
           where given.topic is not distinct from topic.value and given.location is not distinct from location.value
             and given.product is not distinct from product.value
         )
         -- the whole of a place or product before its topics
         order by kept.topic nulls first`,
        [from, to, judgedFrom, leastOf, JSON.stringify(open)],
      );
      const totals = new Map<string, Float64Array>();
      const series: Series[] = [];
      for (;;) {
        const rows = await tx.query<(SeriesKey & { counts: string })[]>(`fetch ${fetchedSeries} from series`);
        for (const { counts: said, ...key } of rows) {
          const counts = new Float64Array(to - from);
          for (const entry of said.split(',')) {
            const colon = entry.indexOf(':');
            counts[Number(entry.slice(0, colon))] = Number(entry.slice(colon + 1));
          }
          const { location, product } = key;
          const place = JSON.stringify([location, product]);
          if (key.topic === null) totals.set(place, counts);
          series.push({ key, counts, scope: { location, product, totals: totals.get(place) ?? counts } });
        }
        if (rows.length < fetchedSeries) return series;
      }
    });
  }

  async issues(): Promise<KeptIssue[]> {
    const rows = await this.dataSource.query<IssueRow[]>(
      'select * from emerging_issue order by found_on, since, topic, location, product',
    );
    return rows.map(keptOf);
  }

  save(from: number, issues: readonly KeptIssue[], days: Digests): Promise<void> {
    return this.dataSource.transaction(async (tx) => {
      await tx.query('delete from emerging_issue where found_on >= $1 and not emerging_id = any($2::uuid[])', [
        ...[from, issues.map(({ emergingId }) => emergingId)],
      ]);
      await tx.query(
        `insert into emerging_issue (${judgedNames.join(', ')})
         select ${judgedNames.join(', ')} from json_to_recordset($1)
           as given (${Object.entries(judgedColumns)
             .map(([name, type]) => `${name} ${type}`)
             .join(', ')})
         on conflict (emerging_id) do update set ${judgedNames
           .slice(1)
           .map((name) => `${name} = excluded.${name}`)
           .join(', ')}`,
        [JSON.stringify(issues.map(rowOf))],
      );
      await nameTeams(tx, from, issues);
      await tx.query('delete from emerging_day where day >= $1', [from]);
      await tx.query('insert into emerging_day (day, digest) select * from unnest($1::int[], $2::text[])', [
        ...[[...days.keys()], [...days.values()]],
      ]);
    });
  }
}

/** The team that most of the feedback behind is of; what is long over keeps its own. */
async function nameTeams(tx: EntityManager, from: number, issues: readonly KeptIssue[]): Promise<void> {
  const moved = issues.filter(({ lastDay, foundOn }) => lastDay >= from || foundOn >= from);
  if (moved.length === 0) return;
  await tx.query(
    `update emerging_issue issue set team = (
       select team.value from ${facts} where ${behind} and team.value is not null
       group by team.value order by count(*) desc, team.value limit 1
     ) where issue.emerging_id = any($1::uuid[])`,
    [moved.map(({ emergingId }) => emergingId)],
  );
}
