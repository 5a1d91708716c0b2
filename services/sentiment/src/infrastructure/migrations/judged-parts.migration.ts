import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Of each correction of what the tagger said: which parts it had right, so that its accuracy can be told week by week. */
export class JudgedParts1764720000000 implements MigrationInterface {
  readonly name = 'JudgedParts1764720000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table correction add column judged json;
      comment on column correction.judged is 'part: whether the tagger had it as the person says; null where a person had spoken before, and for what was corrected before this column was'
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table correction drop column judged');
  }
}
