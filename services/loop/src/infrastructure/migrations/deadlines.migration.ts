import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the loops that were resolved before this migration get for a confirmation window, milliseconds. */
export const firstWindowMs = 14 * 86_400_000;

/** When a resolved loop expires, and the deadlines of all loops by the time when they are due. */
export class Deadlines1764500000000 implements MigrationInterface {
  readonly name = 'Deadlines1764500000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table loop add column expires_at timestamptz;
      comment on column loop.expires_at is 'until when the customer may answer the follow-up; only in resolved';
      create table deadline (
        loop_id uuid not null,
        kind text not null,
        due_at timestamptz not null,
        primary key (loop_id, kind)
        -- rows go when they are due: their places in the index of times are to be cleaned by their number alone
      ) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);
      create index deadline_by_time on deadline (due_at);
      comment on table deadline is 'follows from the loops; written under the lock of the loop, read by the time it is due';
    `);
    await runner.query(
      `with resolved as (
         update loop set expires_at = resolved_at + $1::bigint * interval '1 ms' where state = 'resolved'
         returning loop_id, expires_at
       )
       insert into deadline (loop_id, kind, due_at) select loop_id, 'expiry', expires_at from resolved`,
      [firstWindowMs],
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table deadline; alter table loop drop column expires_at');
  }
}
