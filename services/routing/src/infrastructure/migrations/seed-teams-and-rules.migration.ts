import type { MigrationInterface, QueryRunner } from 'typeorm';
import { seedRules, seedTeams } from './seed.js';

/** The teams and the first rule set of a business of hotels and flights; people replace them with their own. */
export class SeedTeamsAndRules1764000000001 implements MigrationInterface {
  readonly name = 'SeedTeamsAndRules1764000000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `insert into team (name, display_name, created_by)
       select name, display_name, 'seed' from unnest($1::text[], $2::text[]) as seed (name, display_name)`,
      [seedTeams.map(({ name }) => name), seedTeams.map(({ displayName }) => displayName)],
    );
    await runner.query(`insert into rule_set (version, state, created_by) values (1, 'active', 'seed')`);
    for (const [position, rule] of seedRules.entries()) {
      await runner.query(
        `insert into rule (rule_set_version, position, name, condition, team, priority, sla_policy, labels, loop, include_historic)
         values (1, $1, $2, $3, $4, $5, $6, $7, $8, $9)`,
        [
          position,
          rule.name,
          rule.when,
          rule.team,
          rule.priority,
          rule.slaPolicy,
          rule.labels,
          rule.loop,
          rule.includeHistoric,
        ],
      );
    }
  }

  /** Goes with the tables. */
  async down(): Promise<void> {}
}
