import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * Where events wait whose topic is not there or not ours to write to, so that nothing waits behind them. And what lies in the outbox lies as
 * it is: what lives for milliseconds is not worth being compressed.
 */
export class Messaging1764620000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table outbox set (toast_tuple_target = 8160)');
    await runner.query(`
      create table outbox_parked (
        shard smallint not null,
        id bigint not null,
        topic text not null,
        key bytea,
        headers bytea not null,
        value bytea,
        parked_at timestamptz not null default clock_timestamp(),
        primary key (shard, topic, id)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table outbox_parked');
    await runner.query('alter table outbox reset (toast_tuple_target)');
  }
}
