import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The key of a deadline begins with its time: one index instead of two, and new entries stand side by side in it, while the
 * ids of loops are spread evenly. A replica of the version before cannot write deadlines any more: its batches wait for
 * those who replace it.
 */
export class DeadlineKey1764960000000 implements MigrationInterface {
  readonly name = 'DeadlineKey1764960000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table deadline drop constraint deadline_pkey, add primary key (due_at, loop_id, kind);
      drop index deadline_by_time;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      delete from deadline d using deadline other
        where other.loop_id = d.loop_id and other.kind = d.kind and other.due_at < d.due_at;
      alter table deadline drop constraint deadline_pkey, add primary key (loop_id, kind);
      create index deadline_by_time on deadline (due_at);
    `);
  }
}
