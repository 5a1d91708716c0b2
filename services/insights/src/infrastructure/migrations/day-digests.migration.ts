import type { MigrationInterface, QueryRunner } from 'typeorm';
import { addDigests, takeInto } from '../cube.repository.js';
import { dayDigest, liveSchema, nextSchema } from '../model-tables.js';

/** What each day holds as one number, in each generation of the read model that is there. */
export class DayDigests1764850000000 implements MigrationInterface {
  readonly name = 'DayDigests1764850000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const schema of [liveSchema, nextSchema]) {
      const [there] = (await runner.query(
        'select to_regclass($1) is not null cubes, to_regclass($2) is not null digests',
        [`${schema}.cube_day`, `${schema}.day_digest`],
      )) as { cubes: boolean; digests: boolean }[];
      // an installation whose first generation is made by this build has it already
      if (!there!.cubes || there!.digests) continue;
      await runner.query(dayDigest(schema));
      await runner.query(addDigests(schema, `${schema}.cube_day`));
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const schema of [liveSchema, nextSchema]) {
      const [there] = (await runner.query('select to_regclass($1) is not null digests', [`${schema}.day_digest`])) as {
        digests: boolean;
      }[];
      if (!there!.digests) continue;
      await takeInto(runner.manager, schema);
      await runner.query(`drop table ${schema}.day_digest`);
    }
  }
}
