import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What customers are asked after a loop is resolved. Nobody is asked about what was resolved before this migration. */
export class FollowUps1764640000000 implements MigrationInterface {
  readonly name = 'FollowUps1764640000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table follow_up (
        follow_up_id uuid primary key,
        loop_id uuid not null,
        cycle integer not null,
        state text not null check (state in ('pending', 'handed-over', 'answered', 'skipped', 'void')),
        reason text,
        requested_at timestamptz not null,
        due_at timestamptz not null,
        expires_at timestamptz not null,
        attempts integer not null default 0,
        customer uuid,
        asked_at timestamptz,
        handed_over_at timestamptz,
        way text,
        question text,
        language text,
        feedback_id uuid,
        answered_at timestamptz,
        score integer,
        outcome text,
        version integer,
        unique (loop_id, cycle),
        check ((state = 'skipped') = (reason is not null)),
        check ((state = 'answered') = (answered_at is not null))
      ) with (fillfactor = 80);
      create index follow_up_due on follow_up (due_at) where state = 'pending';
      create index follow_up_asked on follow_up (customer, asked_at) where asked_at is not null;
      create index follow_up_by_time on follow_up (requested_at, follow_up_id);
      comment on table follow_up is 'one question for each cycle of a loop that is resolved; written under the lock of the loop';
      comment on column follow_up.asked_at is 'when handing over was first begun: the cap counts from there';
      comment on column follow_up.customer is 'derived key of whom the cap counts';
      comment on column follow_up.version is 'of the event of the loop that the answer gave';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table follow_up');
  }
}
