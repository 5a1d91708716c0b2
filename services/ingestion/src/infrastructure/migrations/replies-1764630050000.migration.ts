import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Who sends replies for a source, and what became of each reply. */
export class Replies1764630050000 implements MigrationInterface {
  readonly name = 'Replies1764630050000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table reply_sender (
        source text primary key,
        kind text not null check (kind in ('file', 'webhook')),
        url text,
        changed_at timestamptz not null default now(),
        changed_by text not null,
        check ((kind = 'webhook') = (url is not null))
      );
      create table reply_sender_secret (
        id uuid primary key,
        source text not null references reply_sender (source) on delete cascade,
        sealed bytea not null,
        created_at timestamptz not null default clock_timestamp(),
        expires_at timestamptz
      );
      create index reply_sender_secret_source on reply_sender_secret (source);

      create table reply (
        reply_id uuid primary key,
        place bigint generated always as identity,
        kind text not null,
        source text not null,
        loop_id uuid not null,
        feedback_id uuid not null,
        revision integer not null,
        asked_at timestamptz not null,
        state text not null check (state in ('requested', 'sending', 'sent', 'failed')),
        attempts integer not null default 0,
        due_at timestamptz,
        settled_at timestamptz,
        reason text,
        message text,
        external_id text,
        check ((due_at is null) = (state in ('sent', 'failed')))
      ) with (fillfactor = 90);
      create index reply_due on reply (due_at) where due_at is not null;
      create index reply_open_of_feedback on reply (feedback_id, place) where due_at is not null;
      comment on table reply is 'its words are in feedback_body, part reply:<id>, until it is sent or has failed';
      comment on column reply.due_at is 'when it is tried next; while it is sent: until when nobody else tries; null once settled';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table reply, reply_sender_secret, reply_sender');
  }
}
