import { AuditLog, connectionOf, ENVIRONMENT, SERVICE_NAME, type Env } from '@closeloop/platform';
import { Inject, Injectable } from '@nestjs/common';
import pg from 'pg';
import { DataSource, type EntityManager } from 'typeorm';
import { CubeCounts } from '../domain/cube-counts.js';
import {
  RebuildStore,
  type Rebuild,
  type RebuildActor,
  type RebuildState,
  type TableComparison,
  type TableSizes,
} from '../domain/rebuild-store.js';
import { advisoryLocks } from './advisory-locks.js';
import { feedbackNames } from './fact.columns.js';
import { liveSchema, modelTables, nextSchema } from './model-tables.js';

/** Each table with what of it is compared, its key first. */
const compared: Readonly<Record<string, readonly string[]>> = {
  feedback_fact: feedbackNames,
  feedback_words: ['feedback_id', 'excerpt', 'order_id', 'order_value', 'order_currency'],
  feedback_place: ['feedback_id', 'settlement', 'loop_id'],
  loop_step: [
    ...['loop_id', 'version', 'change', 'note', 'at', 'state', 'cycle', 'team', 'priority', 'owner', 'opened_by'],
    'clocks::jsonb',
  ],
  loop_fact: [
    ...['loop_id', 'version', 'opened_at', 'opened_by', 'state', 'cycle', 'team', 'priority', 'owner', 'responses'],
    ...['responded_at', 'resolved_at', 'closed_at', 'measures', 'buckets'],
  ],
  cube_day: ['cube', 'measure', 'day', 'd1', 'd2', 'd3', 'question', 'scale', 'bucket', 'n'],
  cube_month: ['cube', 'measure', 'day', 'd1', 'd2', 'd3', 'question', 'scale', 'bucket', 'n'],
  day_digest: ['day', 'digest'],
};
const shownExamples = 5;
/** How long the change of generations waits for those who read the old one, and how often it is tried */
const tries = 10;

interface RebuildRow {
  readonly rebuild_id: string;
  readonly asked_by: string;
  readonly started_at: Date;
  readonly ended_at: Date | null;
  readonly state: RebuildState;
  readonly report: TableComparison[] | null;
}

const rebuildOf = (row: RebuildRow): Rebuild => ({
  ...{ rebuildId: row.rebuild_id, state: row.state, askedBy: row.asked_by, startedAt: row.started_at },
  ...(row.ended_at && { endedAt: row.ended_at }),
  ...(row.report && { comparison: row.report }),
});

@Injectable()
export class RebuildRepository extends RebuildStore {
  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: AuditLog,
    private readonly counted: CubeCounts,
    @Inject(SERVICE_NAME) private readonly service: string,
    @Inject(ENVIRONMENT) private readonly env: Env,
  ) {
    super();
  }

  override start(rebuildId: string, actor: RebuildActor): Promise<Rebuild | undefined> {
    return this.changing(async (manager) => {
      const rows = await manager.query<RebuildRow[]>(
        `insert into rebuild (rebuild_id, asked_by) values ($1, $2) on conflict do nothing returning *`,
        [rebuildId, actor.subject],
      );
      if (!rows[0]) return undefined;
      await manager.query(`drop schema if exists ${nextSchema} cascade; ${modelTables(nextSchema)}`);
      await this.note(manager, actor, 'started', rebuildId);
      return rebuildOf(rows[0]);
    });
  }

  override async find(rebuildId: string): Promise<Rebuild | undefined> {
    const [row] = await this.dataSource.query<RebuildRow[]>('select * from rebuild where rebuild_id = $1', [rebuildId]);
    return row && rebuildOf(row);
  }

  override async current(): Promise<Rebuild | undefined> {
    const [row] = await this.dataSource.query<RebuildRow[]>('select * from rebuild where ended_at is null');
    return row && rebuildOf(row);
  }

  override async sizes(): Promise<TableSizes[]> {
    const rows = await this.dataSource.query<{ schemaname: string; relname: string; n: number }[]>(
      // parts count with their table
      `select schemaname, regexp_replace(relname, '_([0-9]+|default)$', '') as relname, sum(n_live_tup)::float8 as n
       from pg_stat_user_tables where schemaname = any($1) group by 1, 2`,
      [[liveSchema, nextSchema]],
    );
    const sizeOf = (schema: string, table: string): number =>
      rows.find(({ schemaname, relname }) => schemaname === schema && relname === table)?.n ?? 0;
    return Object.keys(compared).map((table) => ({
      ...{ table, live: sizeOf(liveSchema, table), next: sizeOf(nextSchema, table) },
    }));
  }

  override async compare(rebuildId: string): Promise<void> {
    // By a connection of its own: it takes as long as it takes.
    const client = new pg.Client({ ...connectionOf(this.service, this.env), statement_timeout: 0, query_timeout: 0 });
    client.on('error', () => undefined);
    await client.connect();
    try {
      await client.query('update rebuild set report = null where rebuild_id = $1', [rebuildId]);
      // What live events count from here on waits in both.
      await this.counted.takeIn();
      // Both are written in the same transactions: one snapshot sees them at one moment.
      await client.query('begin isolation level repeatable read read only');
      const report: TableComparison[] = [];
      for (const [table, columns] of Object.entries(compared)) report.push(await comparisonOf(client, table, columns));
      await client.query('commit');
      await client.query('update rebuild set report = $2 where rebuild_id = $1 and ended_at is null', [
        rebuildId,
        JSON.stringify(report),
      ]);
    } finally {
      await client.end();
    }
  }

  override adopt(rebuildId: string, actor: RebuildActor): Promise<boolean> {
    return this.changing(async (manager) => {
      if (!(await ended(manager, rebuildId, 'done'))) return false;
      await manager.query(`
        alter schema ${liveSchema} rename to model_before;
        alter schema ${nextSchema} rename to ${liveSchema};
        drop schema model_before cascade;
      `);
      await this.note(manager, actor, 'adopted', rebuildId);
      return true;
    });
  }

  override giveUp(rebuildId: string, actor: RebuildActor): Promise<boolean> {
    return this.changing(async (manager) => {
      if (!(await ended(manager, rebuildId, 'given-up'))) return false;
      await manager.query(`drop schema ${nextSchema} cascade`);
      await this.note(manager, actor, 'given-up', rebuildId);
      return true;
    });
  }

  /** While nobody writes or takes counts in. Who reads a table keeps it from being dropped: then it is tried again. */
  private async changing<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.dataSource.transaction(async (manager) => {
          await manager.query('select pg_advisory_xact_lock($1), pg_advisory_xact_lock($2)', [
            advisoryLocks.model,
            advisoryLocks.cubes,
          ]);
          return work(manager);
        });
      } catch (error) {
        const { code } = error as { code?: string };
        if (attempt >= tries || !['55P03', '40P01'].includes(code ?? '')) throw error;
      }
    }
  }

  private note(manager: EntityManager, { subject, roles }: RebuildActor, what: string, id: string): Promise<void> {
    return this.audit.append(manager, {
      ...{ actor: { kind: 'person', subject, roles }, action: `rebuild.${what}`, resource: { kind: 'rebuild', id } },
    });
  }
}

async function ended(manager: EntityManager, rebuildId: string, state: RebuildState): Promise<boolean> {
  const [row] = await manager.query<{ done: boolean }[]>(
    `with ended as (update rebuild set ended_at = clock_timestamp(), state = $2
       where rebuild_id = $1 and ended_at is null returning 1)
     select exists (select from ended) done`,
    [rebuildId, state],
  );
  return row!.done;
}

/** Counts and checksums first; only where these differ, row by row. */
async function comparisonOf(client: pg.Client, table: string, columns: readonly string[]): Promise<TableComparison> {
  const rowOf = `row(${columns.join(', ')})::text`;
  const sumOf = async (schema: string) => {
    const { rows } = await client.query<{ n: number; checksum: string }>(
      `select count(*)::float8 as n, coalesce(sum(hashtextextended(${rowOf}, 0)), 0)::text as checksum from ${schema}.${table}`,
    );
    return rows[0]!;
  };
  const [live, next] = [await sumOf(liveSchema), await sumOf(nextSchema)];
  const sizes = { table, live: live.n, next: next.n };
  if (live.n === next.n && live.checksum === next.checksum) {
    return { ...sizes, same: true, onlyLive: 0, onlyNext: 0, examples: [] };
  }
  const only = async (one: string, other: string) => {
    const { rows } = await client.query<{ n: number; examples: string[] | null }>(
      `with only_one as (select ${rowOf} as r from ${one}.${table} except all select ${rowOf} from ${other}.${table})
       select (select count(*) from only_one)::float8 as n,
         (select array_agg(r) from (select r from only_one order by r limit ${shownExamples}) first) as examples`,
    );
    return rows[0]!;
  };
  const [onlyLive, onlyNext] = [await only(liveSchema, nextSchema), await only(nextSchema, liveSchema)];
  // of words nobody is shown more than whose they are
  const shown = (rows: string[] | null): string[] =>
    (rows ?? []).map((row) => (table === 'feedback_words' ? row.slice(1, 37) : row));
  return {
    ...{ ...sizes, same: false, onlyLive: onlyLive.n, onlyNext: onlyNext.n },
    examples: [
      ...shown(onlyLive.examples).map((row) => `- ${row}`),
      ...shown(onlyNext.examples).map((row) => `+ ${row}`),
    ],
  };
}
