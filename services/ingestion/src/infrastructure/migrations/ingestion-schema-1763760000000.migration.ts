import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Acceptance and ledger. There are no foreign keys: one transaction writes what belongs together, and it is the hot path. */
export class IngestionSchema1763760000000 implements MigrationInterface {
  readonly name = 'IngestionSchema1763760000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table feedback (
        feedback_id uuid primary key,
        source text not null,
        accepted_revision integer not null,
        content_hash bytea not null,
        updated_at timestamptz,
        deleted_at timestamptz,
        accepted_at timestamptz not null,
        settled_revision integer not null default 0,
        settlement integer not null default 0,
        outcome text,
        loop_id uuid,
        team text,
        sentiment text,
        settled_at timestamptz,
        resolved text not null default '',
        dead text not null default '',
        dead_revision integer not null default 0
      );
      comment on column feedback.updated_at is 'latest that any revision gave';
      comment on column feedback.deleted_at is 'set while the latest revision is a tombstone';
      comment on column feedback.resolved is 'revisions that the loop service has spoken of, such as 1-3,5';
      comment on column feedback.dead is 'revisions that have a dead letter';
      comment on column feedback.dead_revision is 'highest of dead that is not in resolved';
      create index feedback_unsettled on feedback (accepted_at)
        where settled_revision < accepted_revision and dead_revision < accepted_revision;
      create index feedback_dead on feedback (source) where dead_revision > 0;

      create table feedback_revision (
        feedback_id uuid not null,
        revision integer not null,
        kind text not null,
        content_hash bytea not null,
        received_at timestamptz not null,
        primary key (feedback_id, revision)
      );

      create table feedback_body (
        feedback_id uuid not null,
        part text not null,
        body bytea,
        key bytea,
        details text,
        primary key (feedback_id, part)
      );
      comment on table feedback_body is
        'all personal data there is here: canonical JSON by revision, and dead letters as they came by letter id';

      create table accepted_request (
        source text not null,
        key_hash bytea not null,
        fingerprint text not null,
        results text not null,
        answered_at timestamptz not null,
        primary key (source, key_hash)
      );
      create index accepted_request_answered_at on accepted_request (answered_at);

      create table dead_letter (
        letter_id uuid primary key,
        feedback_id uuid,
        revision integer,
        topic text not null,
        "partition" integer not null,
        "offset" bigint not null,
        "group" text not null,
        reason text not null,
        attempts integer not null,
        died_at timestamptz not null,
        recorded_at timestamptz not null
      );
      create index dead_letter_feedback_id on dead_letter (feedback_id);

      create table loop_state (
        loop_id uuid primary key,
        version integer not null,
        state text not null,
        cycle integer not null,
        team text not null,
        priority text not null,
        source text not null,
        changed_at timestamptz not null
      );
      comment on column loop_state.source is 'of the feedback that opened it; empty until known';

      create table tally (
        measure text not null,
        source text not null,
        value text not null,
        team text not null,
        sentiment text not null,
        slot smallint not null,
        count bigint not null,
        primary key (measure, source, value, team, sentiment, slot)
      ) with (fillfactor = 50);
      comment on table tally is 'counts; the sum over the slots is the count, each connection writes to one slot';

      create table ledger_progress (
        slot smallint primary key,
        settled_at timestamptz not null,
        settled_up_to timestamptz not null
      ) with (fillfactor = 50);
      comment on column ledger_progress.settled_up_to is 'latest acceptance that is settled';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop table feedback, feedback_revision, feedback_body, accepted_request, dead_letter, loop_state, tally, ledger_progress
    `);
  }
}
