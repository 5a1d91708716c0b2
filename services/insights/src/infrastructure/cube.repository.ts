import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { cubes, dailyMeasures } from '../domain/cube.js';
import { CubeCounts } from '../domain/cube-counts.js';
import { measures } from '../domain/loop-fact.js';
import { advisoryLocks } from './advisory-locks.js';
import { columnsAs } from './fact.columns.js';
import { liveSchema, monthOf, nextSchema } from './model-tables.js';

const keys = ['cube', 'measure', 'day', 'd1', 'd2', 'd3', 'question', 'scale', 'bucket'] as const;
const key = keys.join(', ');

/** Those by topic, location and product, of which a day has few rows */
const judged = cubes.filter(({ dimensions }) =>
  dimensions.some((each) => each === 'topic' || each === 'location' || each === 'product'),
);
/**
 * What days hold that emerging issues are found by, each as one number: a sum, so that what is counted later is added to it, whatever the day
 * holds already.
 * @param counts a table of counts
 */
export const dayDigests = (counts: string): string => `
  select day, sum(hashtextextended(cube || ' ' || d1 || ' ' || d2 || ' ' || d3, 0)::numeric * n) digest
  from ${counts} where cube in (${judged.map(({ id }) => id).join(', ')}) and measure = ${measures.sentiment}
  group by day`;

@Injectable()
export class CubeRepository extends CubeCounts {
  constructor(private readonly dataSource: DataSource) {
    super();
  }

  override async takeIn(): Promise<void> {
    const [row] = await this.dataSource.query<{ waits: boolean }[]>(
      `select exists (select from ${liveSchema}.pending_count) or exists (select from rebuild where ended_at is null) waits`,
    );
    if (!row!.waits) return;
    await this.dataSource.transaction(async (transaction) => {
      // a frozen replica must not hold those who ask
      await transaction.query(
        `select set_config('idle_in_transaction_session_timeout', '5000', true), pg_advisory_xact_lock($1)`,
        [advisoryLocks.cubes],
      );
      const [rebuild] = await transaction.query<object[]>('select from rebuild where ended_at is null');
      // Both at once: while one is compared with the other, what they do not have yet is the same.
      for (const schema of rebuild ? [liveSchema, nextSchema] : [liveSchema]) await takeInto(transaction, schema);
    });
  }
}

/**
 * Lets the cubes of a generation take in what waits.
 * @param withDigests whether it has digests of its days, as it has in all but the oldest installations
 */
export async function takeInto(transaction: EntityManager, schema: string, withDigests = true): Promise<void> {
  const addTo = (table: string, given: string): string =>
    `insert into ${schema}.${table} as known (${key}, n) select * from ${given} order by ${key}
     on conflict (${key}) do update set n = known.n + excluded.n returning ${key}, n`;
  const empty = await transaction.query<(Record<(typeof keys)[number], number> & { table: string })[]>(
    `with taken as (
       delete from ${schema}.pending_count returning *
     ), given as (
       select ${columnsAs('one', keys)}, sum(one.n)::bigint n
       from taken, unnest(${columnsAs('taken', [...keys, 'n'])}) as one (${key}, n)
       group by ${columnsAs('one', keys)} having sum(one.n) <> 0
     ), monthly as (
       select ${key.replace('day', `${monthOf('day')} as day`)}, sum(n)::bigint n
       from given where measure <> all($1::smallint[]) group by 1, 2, 3, 4, 5, 6, 7, 8, 9 having sum(n) <> 0
     ), days as (
       ${addTo('cube_day', 'given')}
     ), months as (
       ${addTo('cube_month', 'monthly')}
     )${withDigests ? `, digests as (${addDigests(schema, 'given')} returning day, digest)` : ''}
     select 'cube_day' as table, ${key} from days where n = 0
     union all select 'cube_month', ${key} from months where n = 0
     ${withDigests ? `union all select 'day_digest', 0, 0, day, 0, 0, 0, 0, 0, 0 from digests where digest = 0` : ''}`,
    [dailyMeasures],
  );
  // what has come to nothing is no row: the same facts are the same rows, whatever was before
  for (const table of new Set(empty.map((row) => row.table))) {
    const rows = empty.filter((row) => row.table === table);
    if (table === 'day_digest') {
      await transaction.query(`delete from ${schema}.day_digest where day = any($1) and digest = 0`, [
        rows.map(({ day }) => day),
      ]);
      continue;
    }
    await transaction.query(
      `delete from ${schema}.${table} known using unnest(${keys.map((_, at) => `$${at + 1}::int[]`).join(', ')}) as given (${key})
       where (${columnsAs('known', keys)}) = (${columnsAs('given', keys)}) and known.n = 0`,
      keys.map((name) => rows.map((row) => row[name])),
    );
  }
}

/** Adds what `counts` has to the digests of its days. */
export const addDigests = (schema: string, counts: string): string =>
  `insert into ${schema}.day_digest as known (day, digest) ${dayDigests(counts)} order by day
   on conflict (day) do update set digest = known.digest + excluded.digest`;
