import type { MigrationInterface, QueryRunner } from 'typeorm';
import { firstSettings } from './first-sla-settings.js';

/** Clocks of loops, and what is promised. Loops that are open when this runs have no clock until promises are applied to them. */
export class Sla1764700000000 implements MigrationInterface {
  readonly name = 'Sla1764700000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table sla_settings (
        version integer primary key,
        created_at timestamptz not null,
        created_by text not null,
        reason text,
        document json not null
      );
      comment on table sla_settings is 'what is promised, version by version; the highest is active';
      create trigger sla_settings_is_append_only before update or delete or truncate on sla_settings
        for each statement execute function refuse_change();

      alter table loop
        add column home text,
        add column touched boolean not null default false,
        add column topics text not null default '',
        add column channel text,
        add column segments json,
        add column terms text,
        add column cycle_started_at timestamptz,
        add column cycle_responded_at timestamptz,
        add column cycle_responded_worked_ms bigint,
        add column paused_ms bigint,
        add column waiting_since timestamptz,
        add column told smallint;
      update loop set home = team,
        touched = exists (select from loop_history h where h.loop_id = loop.loop_id and h.actor_kind in ('agent', 'customer'));
      alter table loop alter column home set not null;
      comment on column loop.home is 'the team whose chain it climbs';
      comment on column loop.topics is 'names, with spaces between them';
      comment on column loop.terms is 'which promise of which version: <version>/<policy>/<variant>/<calendar>';
      comment on column loop.told is 'of this cycle: a bit for each warning and each breach';
      create index loop_open_by_owner on loop (owner) where closed_at is null and owner is not null;

      alter table loop_history add column level integer;
    `);
    await runner.query(
      `insert into sla_settings (version, created_at, created_by, document) values (1, now(), 'seed', $1)`,
      [JSON.stringify(firstSettings)],
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop table sla_settings;
      drop index loop_open_by_owner;
      alter table loop drop column home, drop column touched, drop column topics, drop column channel, drop column segments,
        drop column terms, drop column cycle_started_at, drop column cycle_responded_at,
        drop column cycle_responded_worked_ms, drop column paused_ms, drop column waiting_since, drop column told;
      alter table loop_history drop column level;
    `);
  }
}
