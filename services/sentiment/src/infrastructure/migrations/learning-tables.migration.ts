import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Tagged feedback as it stands, what people have said of it, what was learned from that, and which of it is active. */
export class LearningTables1764600000000 implements MigrationInterface {
  readonly name = 'LearningTables1764600000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table tagged_feedback (
        feedback_id uuid primary key,
        revision integer not null,
        tag_revision integer not null,
        received_at timestamptz not null,
        feedback json,
        tags json,
        check ((feedback is null) = (tags is null))
      );
      comment on table tagged_feedback is 'the highest revision of each feedback; without words once it was deleted';
      create index tagged_feedback_received_at on tagged_feedback (received_at, feedback_id) where feedback is not null;

      create table correction (
        feedback_id uuid not null,
        revision integer not null,
        tag_revision integer not null,
        by text not null,
        at timestamptz not null,
        said json not null,
        language text not null,
        feedback json,
        primary key (feedback_id, revision, tag_revision)
      );
      comment on column correction.feedback is 'what was judged; null once the feedback was deleted';
      create index correction_at on correction (at) where feedback is not null;

      create table own_model (
        version text primary key,
        base text not null,
        made_at timestamptz not null default clock_timestamp(),
        made_by text not null,
        compared_with text,
        corrections integer not null,
        rated integer not null,
        trials json not null
      );
      comment on column own_model.base is 'the model that ships over which it was learned';
      comment on column own_model.compared_with is 'the version that was active when it was tried; null: what ships alone';
      create table own_model_part (
        version text not null references own_model,
        name text not null,
        bytes bytea not null,
        primary key (version, name)
      );

      create table model_activation (
        id integer generated always as identity primary key,
        version text references own_model,
        at timestamptz not null default clock_timestamp(),
        by text not null,
        reason text not null,
        rollback boolean not null
      );
      comment on table model_activation is 'the last one holds; version null: what ships alone';

      create table learning_run (
        id integer generated always as identity primary key,
        at timestamptz not null default clock_timestamp(),
        corrections integer not null,
        version text references own_model
      );
      comment on column learning_run.version is 'null: nothing was better than what was active';

      create table retag (
        retag_id uuid primary key,
        version text references own_model,
        model text not null,
        from_time timestamptz not null,
        to_time timestamptz not null,
        per_second integer not null,
        asked_by text not null,
        asked_at timestamptz not null default clock_timestamp(),
        state text not null default 'running' check (state in ('running', 'done', 'stopped')),
        ended_at timestamptz,
        next_at timestamptz not null default clock_timestamp(),
        place_at timestamptz,
        place_id uuid,
        looked_at integer not null default 0,
        retagged integer not null default 0,
        changed integer not null default 0,
        left_human integer not null default 0,
        failed integer not null default 0
      );
      comment on column retag.place_at is 'with place_id: the last feedback that was looked at';
      comment on column retag.changed is 'of those retagged: with another sentiment, intent, urgency or topics';
      create index retag_running on retag (next_at) where state = 'running';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'drop table retag, learning_run, model_activation, own_model_part, own_model, correction, tagged_feedback',
    );
  }
}
