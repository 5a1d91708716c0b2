import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a loop's clocks showed at each step, so that it can be told again as it was. */
export class ClocksInHistory1764810000000 implements MigrationInterface {
  readonly name = 'ClocksInHistory1764810000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table loop_history add column clocks json');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table loop_history drop column clocks');
  }
}
