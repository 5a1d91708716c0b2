import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** What became of each dead letter, the way that feedback came, and how both are found by time. */
export class Operator1764100000000 implements MigrationInterface {
  readonly name = 'Operator1764100000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table dead_letter
        add source text,
        add settled_at timestamptz,
        add replayed_at timestamptz,
        add replayed_by text,
        add replays integer not null default 0,
        add failed_as uuid,
        add discarded_at timestamptz,
        add discarded_by text,
        add discard_reason text;
      comment on column dead_letter.source is 'of the feedback; null where nobody can tell';
      comment on column dead_letter.settled_at is 'when an outcome of the same revision closed it';
      comment on column dead_letter.failed_as is 'the letter that its last replay became';

      update dead_letter set source = feedback.source from feedback where feedback.feedback_id = dead_letter.feedback_id;
      update dead_letter set settled_at = coalesce(feedback.settled_at, now())
      from feedback
      where feedback.feedback_id = dead_letter.feedback_id and exists (
        select 1 from unnest(string_to_array(nullif(feedback.resolved, ''), ',')) as resolved (range)
        where dead_letter.revision between split_part(range, '-', 1)::int
          and coalesce(nullif(split_part(range, '-', 2), ''), range)::int);

      create index dead_letter_died_at on dead_letter (died_at, letter_id);
      create index dead_letter_unsettled on dead_letter (died_at, letter_id) where settled_at is null;
      create index dead_letter_failed_as on dead_letter (failed_as) where failed_as is not null;

      alter table feedback add trail text;
      comment on column feedback.trail is 'the way that its settled revisions came, the last one first';

      -- rows come in the order of time and stay: a few bytes for each megabyte of them
      create index feedback_revision_received_at on feedback_revision using brin (received_at);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop index feedback_revision_received_at;
      alter table feedback drop trail;
      drop index dead_letter_died_at, dead_letter_unsettled, dead_letter_failed_as;
      alter table dead_letter
        drop source, drop settled_at, drop replayed_at, drop replayed_by, drop replays, drop failed_as, drop discarded_at,
        drop discarded_by, drop discard_reason;
    `);
  }
}
