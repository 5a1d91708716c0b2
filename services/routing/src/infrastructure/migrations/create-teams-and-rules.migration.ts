import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Teams, versioned rule sets, and what the database itself guarantees about them: triage stays, exactly the teams that the active rules
 * name are there, at most one rule set is active, and what was active once is not written again.
 */
export class CreateTeamsAndRules1764000000000 implements MigrationInterface {
  readonly name = 'CreateTeamsAndRules1764000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table team (
        name text primary key check (name ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
        display_name text not null check (length(display_name) between 1 and 200),
        created_at timestamptz not null default now(),
        created_by text not null
      );

      create table rule_set (
        version integer primary key check (version >= 1),
        state text not null check (state in ('active', 'retired')),
        created_at timestamptz not null default now(),
        created_by text not null,
        retired_at timestamptz,
        check ((state = 'retired') = (retired_at is not null))
      );
      create unique index rule_set_one_active on rule_set (state) where state = 'active';

      create table rule (
        rule_set_version integer not null references rule_set (version),
        position integer not null check (position >= 0),
        name text not null check (length(name) between 1 and 200 and name <> 'default'),
        condition text not null,
        team text not null,
        priority text not null check (priority in ('low', 'medium', 'high', 'critical')),
        sla_policy text not null check (length(sla_policy) between 1 and 100),
        labels text[] not null default '{}',
        loop text not null check (loop in ('open', 'join', 'none')),
        include_historic boolean not null default false,
        primary key (rule_set_version, position),
        unique (rule_set_version, name)
      );

      create table audit_entry (
        id bigint generated always as identity primary key,
        at timestamptz not null default now(),
        actor text not null,
        action text not null check (action in ('team-created', 'team-removed', 'rule-set-activated')),
        subject text not null
      );

      create function team_stays() returns trigger language plpgsql as $$
      begin
        if tg_op = 'TRUNCATE' then
          raise exception 'teams are not truncated: triage stays' using errcode = 'restrict_violation';
        end if;
        if tg_op = 'UPDATE' and new.name = old.name then
          return new;
        end if;
        if old.name = 'triage' then
          raise exception 'team triage gets what no rule names, so it stays' using errcode = 'restrict_violation';
        end if;
        if exists (select from rule join rule_set on version = rule_set_version and state = 'active' where team = old.name) then
          raise exception 'team % is named by the active rules', old.name using errcode = 'restrict_violation';
        end if;
        return case tg_op when 'DELETE' then old else new end;
      end $$;
      create trigger team_stays before delete or update on team for each row execute function team_stays();
      create trigger team_is_not_truncated before truncate on team for each statement execute function team_stays();

      -- No foreign key: a retired rule may name a team that has gone since. The lock holds off the removal of a team until the rules
      -- that name it are committed, and seen by team_stays().
      create function rule_fits() returns trigger language plpgsql as $$
      begin
        if not exists (select from rule_set where version = new.rule_set_version and xmin = pg_current_xact_id()::xid) then
          raise exception 'a rule comes with its rule set: make the next version' using errcode = 'restrict_violation';
        end if;
        perform from team where name = new.team for key share;
        if not found then
          raise exception 'there is no team %', new.team using errcode = 'foreign_key_violation';
        end if;
        return new;
      end $$;
      create trigger rule_fits before insert on rule for each row execute function rule_fits();

      create function rule_is_final() returns trigger language plpgsql as $$
      begin
        raise exception 'a rule set does not change: make the next version' using errcode = 'restrict_violation';
      end $$;
      create trigger rule_is_final before update or delete on rule for each row execute function rule_is_final();
      create trigger rule_is_not_truncated before truncate on rule for each statement execute function rule_is_final();

      create function rule_set_retires() returns trigger language plpgsql as $$
      begin
        if tg_op = 'UPDATE' and old.state = 'active' and new.state = 'retired' and new.version = old.version then
          return new;
        end if;
        raise exception 'a rule set can only be retired, by the next one' using errcode = 'restrict_violation';
      end $$;
      create trigger rule_set_retires before update or delete on rule_set for each row execute function rule_set_retires();
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop table rule, rule_set, team, audit_entry;
      drop function team_stays, rule_fits, rule_is_final, rule_set_retires;
    `);
  }
}
