import type { MigrationInterface, QueryRunner } from 'typeorm';

/** When a loop is due, for lists that show first what is to be done first. */
export class LoopDue1764740000000 implements MigrationInterface {
  readonly name = 'LoopDue1764740000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table loop add column limit_at timestamptz;
      comment on column loop.limit_at is 'the earliest limit that is still to be kept, on either clock; null where none is';
      -- until its next step a loop is due by what its clock comes to next: a warning is a little before the limit
      update loop set limit_at = d.due_at from deadline d
        where d.loop_id = loop.loop_id and d.kind = 'clock' and loop.closed_at is null;
      create index loop_open_by_due on loop (coalesce(limit_at, 'infinity'), loop_id) where closed_at is null;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index loop_open_by_due; alter table loop drop column limit_at');
  }
}
