import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whose each feedback is: the team of its loop, or of its route where it has none. Keys only. */
export class WhoseFeedback1764660000000 implements MigrationInterface {
  readonly name = 'WhoseFeedback1764660000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table feedback_place (
        feedback_id uuid primary key,
        settlement integer not null,
        loop_id uuid,
        team text,
        check (loop_id is null or team is null)
      );
      comment on column feedback_place.settlement is 'the one that said so: only a higher one says something else';
      comment on column feedback_place.team is 'of a feedback without a loop';
      create index feedback_place_loop on feedback_place (loop_id) where loop_id is not null;

      create table known_loop (
        loop_id uuid primary key,
        version integer not null,
        team text not null
      );
      comment on table known_loop is 'who has each loop; goes with the last feedback in it';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table known_loop, feedback_place');
  }
}
