import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Loops, their history, what is settled of which feedback, and the one table that holds people's words. */
export class LoopTables1764000000000 implements MigrationInterface {
  readonly name = 'LoopTables1764000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table loop (
        loop_id uuid primary key,
        version integer not null,
        state text not null,
        cycle integer not null,
        level integer not null,
        team text not null,
        priority text not null,
        owner text,
        waiting boolean not null,
        feedback integer not null check (feedback >= 0),
        customer uuid,
        sla_policy text not null,
        historic boolean not null,
        received_at timestamptz not null,
        opened_at timestamptz not null,
        first_responded_at timestamptz,
        resolved_at timestamptz,
        closed_at timestamptz
        -- room for the next version beside the old one: a step then touches no index
      ) with (fillfactor = 80);
      -- closed_at, not state, says what is open: a step of an open loop then leaves every index alone
      create index loop_open_by_team on loop (team, opened_at, loop_id) where closed_at is null;
      create index loop_open_by_customer on loop (customer, opened_at) where closed_at is null and customer is not null;
      create index loop_by_time on loop (opened_at, loop_id);
      comment on column loop.customer is 'derived key; the customer''s own key is not kept';
      comment on column loop.feedback is 'feedback in it that its source has not deleted';

      create table loop_history (
        loop_id uuid not null,
        version integer not null,
        change text not null,
        at timestamptz not null,
        actor_kind text not null,
        actor_id text,
        state text not null,
        cycle integer not null,
        team text not null,
        priority text not null,
        owner text,
        feedback_id uuid,
        revision integer,
        detail json,
        primary key (loop_id, version)
      );
      comment on table loop_history is 'append-only; ids, never words';
      create function refuse_change() returns trigger language plpgsql as $$
        begin raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation'; end $$;
      create trigger loop_history_is_append_only before update or delete or truncate on loop_history
        for each statement execute function refuse_change();

      create table feedback (
        feedback_id uuid primary key,
        source text not null,
        revision integer not null,
        tag_revision integer not null,
        route_revision integer not null,
        settlement integer not null,
        outcome text not null,
        loop_id uuid,
        place text,
        team text,
        sentiment text,
        rating double precision,
        received_at timestamptz not null,
        check ((loop_id is null) = (place is null))
      ) with (fillfactor = 90);
      -- the one that opened a loop is in the loop's first event
      create index feedback_joined on feedback (loop_id) where place = 'joined';
      comment on table feedback is 'the highest settled revision of each, where it belongs, and how often it was settled';

      create table settlement (
        feedback_id uuid not null,
        revision integer not null,
        tag_revision integer not null,
        route_revision integer not null,
        content_hash bytea not null,
        settlement integer not null,
        outcome text not null,
        loop_id uuid not null,
        version integer not null,
        at timestamptz not null,
        team text,
        sentiment text,
        primary key (feedback_id, revision, tag_revision, route_revision, content_hash)
      );
      comment on table settlement is 'its key is the dedupe key: the first committed wins, and is what a replay sends again';

      create table customer (customer uuid primary key);
      comment on table customer is 'rows to lock: one decision to join at a time for each customer';

      create table words (
        words_id uuid primary key,
        kind text not null check (kind in ('feedback', 'response', 'reason', 'evidence', 'draft')),
        loop_id uuid not null,
        version integer,
        feedback_id uuid,
        revision integer,
        agent text,
        at timestamptz not null,
        body json not null
      );
      -- a feedback's words have its id; these indexes are of the few others
      create index words_by_loop on words (loop_id) where kind <> 'feedback';
      create index words_by_feedback on words (feedback_id) where kind = 'evidence';
      comment on table words is 'the one erasable table: what customers and agents wrote';

      create table evidence (
        source text not null,
        idempotency_key text not null,
        request_hash text not null,
        feedback_id uuid not null,
        kind text not null,
        type text not null,
        at timestamptz not null,
        status integer not null,
        answer json not null,
        primary key (source, idempotency_key)
      );
      comment on table evidence is 'what connectors said for customers, and what they were answered';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop table evidence, words, customer, settlement, feedback, loop_history, loop;
      drop function refuse_change();
    `);
  }
}
