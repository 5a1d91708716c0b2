import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What was to be said to customers, and whether it reached them. */
export class Replies1764630000000 implements MigrationInterface {
  readonly name = 'Replies1764630000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table reply (
        reply_id uuid primary key,
        kind text not null,
        loop_id uuid not null,
        version integer,
        cycle integer not null,
        feedback_id uuid not null,
        revision integer not null,
        channel text not null,
        language text,
        state text not null check (state in ('requested', 'sent', 'failed')),
        requested_at timestamptz not null,
        settled_at timestamptz,
        reason text,
        message text,
        external_id text,
        noted_version integer,
        check ((state = 'requested') = (settled_at is null))
      ) with (fillfactor = 90);
      create index reply_by_loop on reply (loop_id);
      comment on table reply is 'its words are in words, under (loop_id, version), or are a form''s';
      comment on column reply.version is 'of the loop, where it answered; null for what is no answer';
      comment on column reply.noted_version is 'of the loop, where what came of it was noted';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table reply');
  }
}
