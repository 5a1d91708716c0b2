import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Feedback of the last days as it was routed, loops that people have moved, what was learned from these, and periods that are routed anew. */
export class RehearsalTables1764600000001 implements MigrationInterface {
  readonly name = 'RehearsalTables1764600000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table kept_feedback (
        feedback_id uuid primary key,
        revision integer not null,
        tag_revision integer not null,
        route_revision integer not null,
        received_at timestamptz not null,
        feedback json,
        tags json,
        route json,
        check ((feedback is null) = (tags is null) and (feedback is null) = (route is null))
      );
      comment on table kept_feedback is
        'the highest revision of each feedback of the last days, the one table here with words; without them once it was deleted';
      create index kept_feedback_received_at on kept_feedback (received_at, feedback_id);

      create table known_loop (
        loop_id uuid primary key,
        version integer not null,
        team text not null,
        changed_at timestamptz not null default clock_timestamp()
      );
      comment on column known_loop.version is 'of the loop, when it came to that team';
      create index known_loop_changed_at on known_loop (changed_at);
      create table loop_member (
        loop_id uuid not null references known_loop on delete cascade,
        feedback_id uuid not null,
        primary key (loop_id, feedback_id)
      );

      create table moved_loop (
        loop_id uuid primary key,
        version integer not null,
        team text not null,
        at timestamptz not null,
        topics text[],
        learned boolean not null default false,
        noted_at timestamptz not null default clock_timestamp()
      );
      comment on table moved_loop is 'loops that a person has moved to another team, the last move of each';
      create index moved_loop_not_learned on moved_loop (noted_at) where not learned;

      create table fallback (
        topic text primary key,
        team text not null,
        n integer not null,
        to_team integer not null,
        confidence double precision not null check (confidence between 0 and 1)
      );
      create table fallback_version (
        only_one boolean primary key default true check (only_one),
        version integer not null,
        learned_at timestamptz
      );
      insert into fallback_version (version) values (0);

      create table reroute (
        reroute_id uuid primary key,
        rule_set_version integer not null references rule_set (version),
        from_time timestamptz not null,
        to_time timestamptz not null,
        per_second integer not null,
        reason text not null,
        asked_by text not null,
        asked_at timestamptz not null default clock_timestamp(),
        state text not null default 'running' check (state in ('running', 'done', 'stopped')),
        stopped_because text check (stopped_because in ('asked', 'other-rules-active')),
        ended_at timestamptz,
        next_at timestamptz not null default clock_timestamp(),
        place_at timestamptz,
        place_id uuid,
        looked_at integer not null default 0,
        rerouted integer not null default 0,
        moved integer not null default 0
      );
      comment on column reroute.place_at is 'with place_id: the last feedback that was looked at';
      create index reroute_running on reroute (next_at) where state = 'running';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'drop table reroute, fallback_version, fallback, moved_loop, loop_member, known_loop, kept_feedback',
    );
  }
}
