import type { MigrationInterface, QueryRunner } from 'typeorm';
import { liveSchema, modelTables } from '../model-tables.js';

/** The read model's first generation, the dictionary of values that all generations share, and its rebuilds. */
export class ReadModel1764800000000 implements MigrationInterface {
  readonly name = 'ReadModel1764800000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table dictionary (
        id integer primary key generated always as identity,
        vocabulary smallint not null,
        value text not null,
        unique (vocabulary, value)
      );
      create table rebuild (
        rebuild_id uuid primary key,
        asked_by text not null,
        started_at timestamptz not null default clock_timestamp(),
        ended_at timestamptz,
        state text not null default 'filling' check (state in ('filling', 'done', 'given-up')),
        report json
      );
      create unique index rebuild_one on rebuild ((true)) where ended_at is null;
      ${modelTables(liveSchema)}
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop schema if exists model_next cascade;
      drop schema ${liveSchema} cascade;
      drop table rebuild, dictionary;
    `);
  }
}
