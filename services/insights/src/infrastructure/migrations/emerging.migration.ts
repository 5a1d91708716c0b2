import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Emerging issues, and what the days held by which they were found. Days since 1970-01-01 (UTC). */
export class Emerging1764820000000 implements MigrationInterface {
  readonly name = 'Emerging1764820000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table emerging_issue (
        emerging_id uuid primary key,
        topic text,
        location text,
        product text,
        since integer not null,
        found_on integer not null,
        last_day integer not null,
        observed integer not null,
        expected double precision not null,
        ratio_low double precision not null,
        ratio_high double precision not null,
        p double precision not null,
        q double precision not null,
        state text not null check (state in ('open', 'over')),
        carried_by jsonb not null,
        team text,
        insight_id uuid,
        dismissed_at timestamptz,
        dismissed_by text,
        dismissed_because text
      );
      create index emerging_issue_last_day on emerging_issue (last_day, emerging_id);
      create table emerging_day (
        day integer primary key,
        digest text not null
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table emerging_issue, emerging_day');
  }
}
