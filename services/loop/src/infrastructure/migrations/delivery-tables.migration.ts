import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Where teams hear of their loops, and what is to be told to whom. */
export class DeliveryTables1764620000100 implements MigrationInterface {
  readonly name = 'DeliveryTables1764620000100';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table endpoint (
        endpoint_id uuid primary key,
        team text not null,
        kind text not null check (kind in ('webhook', 'slack', 'email')),
        url text,
        addresses text[],
        selected text[] not null,
        changes text[],
        digest jsonb,
        next_digest_at timestamptz,
        paused_at timestamptz,
        paused_by text,
        failures integer not null default 0,
        open_until timestamptz,
        created_at timestamptz not null default clock_timestamp(),
        created_by text not null,
        deleted_at timestamptz,
        check ((digest is null) = (next_digest_at is null))
      ) with (fillfactor = 80);
      create index endpoint_by_team on endpoint (team);
      comment on column endpoint.url is 'of Slack its origin alone: the rest is a secret';
      comment on column endpoint.changes is 'what was selected, unfolded; null: everything';
      comment on column endpoint.failures is 'in a row; a rest follows from them';

      create table endpoint_secret (
        secret_id uuid primary key,
        endpoint_id uuid not null references endpoint on delete cascade,
        sealed bytea not null,
        created_at timestamptz not null default clock_timestamp(),
        expires_at timestamptz
      );
      create index endpoint_secret_by_endpoint on endpoint_secret (endpoint_id);
      comment on table endpoint_secret is 'keys that sign webhooks, and addresses of Slack; as SecretBox writes them';

      create table delivery (
        delivery_id uuid primary key,
        endpoint_id uuid not null,
        team text not null,
        loop_id uuid not null,
        version integer not null,
        state text not null default 'pending' check (state in ('pending', 'sent', 'given-up')),
        -- in milliseconds, as a page's end is told
        created_at timestamptz not null default date_trunc('milliseconds', clock_timestamp()),
        due_at timestamptz not null default clock_timestamp(),
        give_up_at timestamptz not null default clock_timestamp() + interval '3 days',
        settled_at timestamptz,
        lease uuid,
        attempts integer not null default 0,
        log jsonb not null default '[]'
      ) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
      create index delivery_due on delivery (endpoint_id, due_at) where state = 'pending';
      create index delivery_by_loop on delivery (loop_id, version);
      create index delivery_by_team on delivery (team, created_at, delivery_id);
      create index delivery_by_time on delivery (created_at, delivery_id);
      comment on table delivery is 'a step of a loop for an endpoint: keys, and how it went; the words are read when it is sent';

      -- steps come in the order of time: a few bytes for a whole range of them
      create index loop_history_by_time on loop_history using brin (at);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index loop_history_by_time; drop table delivery, endpoint_secret, endpoint');
  }
}
