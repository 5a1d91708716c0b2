import type { MigrationInterface, QueryRunner } from 'typeorm';
import { firstOwnership } from '../../domain/ownership.js';

/** Insights and improvements. Owned here: no event brings them back, so that a rebuild of the read models leaves them alone. */
export class OuterLoop1764810000000 implements MigrationInterface {
  readonly name = 'OuterLoop1764810000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table insight (
        insight_id uuid primary key,
        version integer not null,
        state text not null,
        title text not null,
        claim text not null,
        topic text,
        touchpoint text,
        journey_stage text,
        location text,
        product text,
        team text not null,
        raiser_kind text not null,
        raiser text not null,
        raiser_team text,
        raised_at timestamptz not null,
        loop_ids uuid[] not null,
        feedback_ids uuid[] not null,
        since timestamptz,
        answered_at timestamptz,
        reason text,
        into_id uuid,
        improvement_id uuid,
        improving_at timestamptz
      );
      create index insight_by_time on insight (raised_at, insight_id);
      create index insight_by_team on insight (team, raised_at);
      create index insight_by_raiser on insight (raiser, raised_at);
      create index insight_by_improvement on insight (improvement_id) where improvement_id is not null;

      create table insight_history (
        insight_id uuid not null,
        version integer not null,
        change text not null,
        at timestamptz not null,
        actor_kind text not null,
        actor text not null,
        detail jsonb not null,
        primary key (insight_id, version)
      );
      comment on table insight_history is 'append-only';
      create function refuse_change_of_insights() returns trigger language plpgsql as $$
        begin raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation'; end $$;
      create trigger insight_history_is_append_only before update or delete or truncate on insight_history
        for each statement execute function refuse_change_of_insights();

      create table improvement (
        improvement_id uuid primary key,
        version integer not null,
        state text not null check (state in ('planned', 'doing', 'done', 'dropped')),
        title text not null,
        team text not null,
        owner text not null,
        due date not null,
        action text not null,
        metric jsonb not null,
        rule jsonb,
        created_at timestamptz not null,
        created_by text not null,
        started_at timestamptz,
        ended_at timestamptz,
        message text,
        check ((state in ('done', 'dropped')) = (ended_at is not null))
      );
      create index improvement_by_time on improvement (created_at, improvement_id);
      create table improvement_loop (
        improvement_id uuid not null references improvement,
        loop_id uuid not null,
        how text not null check (how in ('hand', 'rule', 'insight')),
        at timestamptz not null,
        primary key (improvement_id, loop_id)
      );

      create table notice (
        notice_id uuid primary key,
        improvement_id uuid not null references improvement,
        loop_id uuid not null,
        state text not null check (state in ('pending', 'sent', 'skipped')),
        reason text,
        way text,
        settled_at timestamptz,
        check ((state = 'skipped') = (reason is not null))
      );
      create index notice_by_improvement on notice (improvement_id, state);
      create index notice_by_loop on notice (loop_id);
      comment on table notice is 'what became of telling the customer of each loop of an improvement that is done';

      create table ownership (
        version integer primary key,
        default_team text not null,
        rules jsonb not null,
        at timestamptz not null default clock_timestamp(),
        by text not null
      );
    `);
    await runner.query(`insert into ownership (version, default_team, rules, by) values (1, $1, $2, 'closeloop')`, [
      firstOwnership.defaultTeam,
      JSON.stringify(firstOwnership.rules),
    ]);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop table ownership, notice, improvement_loop, improvement, insight_history, insight;
      drop function refuse_change_of_insights();
    `);
  }
}
