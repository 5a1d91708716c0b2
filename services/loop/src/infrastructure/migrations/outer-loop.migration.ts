import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What customers are told of improvements, and what teams are told of insights. */
export class OuterLoop1764820000000 implements MigrationInterface {
  readonly name = 'OuterLoop1764820000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table notice_message (improvement_id uuid primary key, text text not null);
      comment on table notice_message is 'what the customers of an improvement are told: the first that was committed';

      create table notice (
        notice_id uuid primary key,
        improvement_id uuid not null references notice_message,
        loop_id uuid not null,
        state text not null check (state in ('pending', 'handed-over', 'sent', 'skipped')),
        reason text,
        requested_at timestamptz not null,
        due_at timestamptz not null,
        expires_at timestamptz not null,
        attempts integer not null default 0,
        customer uuid,
        asked_at timestamptz,
        settled_at timestamptz,
        way text,
        failed text[] not null default '{}',
        language text,
        feedback_id uuid,
        check ((state = 'skipped') = (reason is not null)),
        check ((state in ('sent', 'skipped')) = (settled_at is not null))
      ) with (fillfactor = 80);
      create index notice_due on notice (due_at) where state = 'pending';
      create index notice_asked on notice (customer, asked_at) where asked_at is not null;
      create index notice_of_customer on notice (improvement_id, customer) where customer is not null;
      comment on table notice is 'one for each loop of an improvement that is done; of a customer''s one is sent';
      comment on column notice.failed is 'ways that were tried and lead to nobody';

      create table insight_told (
        insight_id uuid not null,
        version integer not null,
        team text not null,
        at timestamptz not null,
        body json not null,
        primary key (insight_id, version)
      );
      comment on table insight_told is 'an insight as its team hears of it: raised to the one that is to answer it, answered to the one that raised it';
      alter table delivery add about text not null default 'loop' check (about in ('loop', 'insight'));
      comment on column delivery.loop_id is 'of the loop, or of the insight that it is about';
      update endpoint set changes = array_append(changes, 'insight') where 'mine-to-act' = any(selected) and changes is not null;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      delete from delivery where about = 'insight';
      alter table delivery drop about;
      update endpoint set changes = array_remove(changes, 'insight') where changes is not null;
      drop table insight_told, notice, notice_message;
    `);
  }
}
