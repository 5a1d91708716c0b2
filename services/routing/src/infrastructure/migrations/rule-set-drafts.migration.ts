import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Drafts, who did what to a rule set and why, and that one is active at the end of every transaction. A draft becomes a version by being
 * copied in one step: what was said of versions before, that they come whole and never change, stays so.
 */
export class RuleSetDrafts1764600000000 implements MigrationInterface {
  readonly name = 'RuleSetDrafts1764600000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table audit_entry drop constraint audit_entry_action_check;
      alter table audit_entry add constraint audit_entry_action_check check (action in (
        'team-created', 'team-removed', 'rule-set-created', 'rule-set-edited', 'rule-set-deleted', 'rule-set-activated',
        'reroute-begun', 'reroute-stopped'));

      alter table rule_set add column from_version integer references rule_set (version);
      comment on column rule_set.from_version is 'the version whose rules it has again';

      create table rule_set_draft (
        number integer generated always as identity primary key,
        edition integer not null default 1 check (edition >= 1),
        based_on integer references rule_set (version),
        rules json,
        created_at timestamptz not null default clock_timestamp(),
        created_by text not null,
        version integer unique references rule_set (version),
        check ((version is null) = (rules is not null))
      );
      comment on column rule_set_draft.version is 'what it became; null while it is a draft';

      create table rule_set_step (
        id bigint generated always as identity primary key,
        draft integer,
        version integer references rule_set (version),
        step text not null check (step in ('created', 'edited', 'activated', 'retired')),
        at timestamptz not null default clock_timestamp(),
        by text not null,
        reason text check (length(reason) between 1 and 2000),
        check ((draft is null) <> (version is null))
      );
      comment on column rule_set_step.draft is 'its number; what was done before it became a version, or was deleted';
      create index rule_set_step_draft on rule_set_step (draft) where draft is not null;
      create index rule_set_step_version on rule_set_step (version) where version is not null;
      insert into rule_set_step (version, step, at, by)
        select version, step, at, by from (
          select version, 'created', created_at, created_by, 1 from rule_set
          union all select version, 'activated', created_at, created_by, 2 from rule_set
          union all select before.version, 'retired', before.retired_at, next.created_by, 3
            from rule_set before join rule_set next on next.version = before.version + 1
        ) steps (version, step, at, by, number) order by at, version, number;

      create function one_rule_set_is_active() returns trigger language plpgsql as $$
      begin
        if not exists (select from rule_set where state = 'active') then
          raise exception 'one rule set is active at any time' using errcode = 'restrict_violation';
        end if;
        return null;
      end $$;
      create constraint trigger one_rule_set_is_active after update on rule_set
        deferrable initially deferred for each row execute function one_rule_set_is_active();
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop trigger one_rule_set_is_active on rule_set;
      drop function one_rule_set_is_active;
      drop table rule_set_step, rule_set_draft;
      alter table rule_set drop column from_version;
      alter table audit_entry drop constraint audit_entry_action_check;
      alter table audit_entry add constraint audit_entry_action_check
        check (action in ('team-created', 'team-removed', 'rule-set-activated')) not valid;
    `);
  }
}
