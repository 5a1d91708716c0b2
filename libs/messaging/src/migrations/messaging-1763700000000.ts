import { type MigrationInterface, type QueryRunner } from 'typeorm';
import { Messaging1764620000000 } from './messaging-1764620000000.js';

/** Into how many shards the outbox is split by key; a constant, because a key must not change its shard with rows unsent. */
export const outboxShards = 4;

/** Name of the notification that rows were committed into the outbox. */
export const outboxChannel = 'closeloop_outbox';

/** What the messaging layer keeps in the database of a stateful service. */
class Messaging1763700000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`create sequence outbox_id as bigint cache 1`);
    // Rows live for milliseconds: a page is full of dead ones soon, and must be cleaned by their number alone.
    await runner.query(`
      create table outbox (
        shard smallint not null,
        id bigint not null,
        topic text not null,
        key bytea,
        headers bytea not null,
        value bytea,
        primary key (shard, id)
      ) with (
        autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000,
        autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 100000,
        autovacuum_vacuum_cost_delay = 0
      )`);
    await runner.query(`
      create table outbox_lease (
        shard smallint primary key,
        holder uuid,
        expires_at timestamptz not null default '-infinity'
      ) with (fillfactor = 50)`);
    await runner.query(`insert into outbox_lease (shard) select generate_series(0, $1::int - 1)`, [outboxShards]);
    await runner.query(`
      create table consumer_offset (
        consumer_group text not null,
        topic text not null,
        partition int not null,
        cluster text not null,
        next_offset bigint not null,
        updated_at timestamptz not null default clock_timestamp(),
        primary key (consumer_group, topic, partition)
      ) with (fillfactor = 50)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop table consumer_offset, outbox_lease, outbox`);
    await runner.query(`drop sequence outbox_id`);
  }
}

/** Migrations to be put first into those of a service that has effects or an outbox. */
export const messagingTables = [Messaging1763700000000, Messaging1764620000000];
