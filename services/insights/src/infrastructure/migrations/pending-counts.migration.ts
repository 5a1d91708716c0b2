import type { MigrationInterface, QueryRunner } from 'typeorm';
import { takeInto } from '../cube.repository.js';
import { liveSchema, nextSchema, pendingCount } from '../model-tables.js';

/** Counts that the cubes do not have yet, in each generation of the read model that is there. */
export class PendingCounts1764840000000 implements MigrationInterface {
  readonly name = 'PendingCounts1764840000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const schema of [liveSchema, nextSchema]) {
      const [there] = (await runner.query(
        'select to_regclass($1) is not null cubes, to_regclass($2) is not null pending',
        [`${schema}.cube_day`, `${schema}.pending_count`],
      )) as { cubes: boolean; pending: boolean }[];
      // an installation whose first generation is made by this build has it already
      if (there!.cubes && !there!.pending) await runner.query(pendingCount(schema));
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const schema of [liveSchema, nextSchema]) {
      const [there] = (await runner.query('select to_regclass($1) is not null pending', [
        `${schema}.pending_count`,
      ])) as { pending: boolean }[];
      if (!there!.pending) continue;
      await takeInto(runner.manager, schema, false);
      await runner.query(`drop table ${schema}.pending_count`);
    }
  }
}
