import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The settlement of a feedback that stands is in the feedback's own row: a row less for each feedback, and a leaf less of an
 * index over ids that are spread evenly. What was settled before this migration stays where it is.
 *
 * A replica of the version before reads as it did and cannot settle any more, so that the two never differ in what they
 * know: its batches wait for those who replace it.
 */
export class StandingSettlement1764950000000 implements MigrationInterface {
  readonly name = 'StandingSettlement1764950000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table settlement rename to earlier_settlement;
      alter index settlement_pkey rename to earlier_settlement_pkey;
      comment on table earlier_settlement is 'settlements that came too late, that a later one has replaced, or that were before there was told_at in feedback';

      alter table feedback
        add column content_hash bytea,
        add column told_settlement integer,
        add column told_loop_id uuid,
        add column told_version integer,
        add column told_at timestamptz,
        -- not valid: of the rows that are there nothing is to be looked at, they have none of these
        add constraint feedback_told_whole check (num_nulls(content_hash, told_settlement, told_version, told_at) in (0, 4))
          not valid;
      comment on column feedback.told_settlement is 'number of the settlement that stands; lower than settlement where others came too late since';
      comment on column feedback.told_loop_id is 'the loop that it was told by; null where that is loop_id';

      create view settlement as
        select feedback_id, revision, tag_revision, route_revision, content_hash, told_settlement as settlement, outcome,
            coalesce(told_loop_id, loop_id) as loop_id, told_version as version, told_at as at, team, sentiment
          from feedback where told_at is not null
        union all
        select feedback_id, revision, tag_revision, route_revision, content_hash, settlement, outcome, loop_id, version, at,
            team, sentiment
          from earlier_settlement;
      comment on view settlement is 'one for each dedupe key: the first committed wins, and is what a replay sends again';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      insert into earlier_settlement (feedback_id, revision, tag_revision, route_revision, content_hash, settlement, outcome,
          loop_id, version, at, team, sentiment)
        select feedback_id, revision, tag_revision, route_revision, content_hash, told_settlement, outcome,
          coalesce(told_loop_id, loop_id), told_version, told_at, team, sentiment from feedback where told_at is not null;
      drop view settlement;
      alter table feedback drop column content_hash, drop column told_settlement, drop column told_loop_id,
        drop column told_version, drop column told_at;
      alter table earlier_settlement rename to settlement;
      alter index earlier_settlement_pkey rename to settlement_pkey;
      comment on table settlement is 'its key is the dedupe key: the first committed wins, and is what a replay sends again';
    `);
  }
}
