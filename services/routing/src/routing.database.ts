import type { DatabaseDefinition } from '@closeloop/platform';
import { AuditEntryEntity } from './infrastructure/audit-entry.entity.js';
import { CreateTeamsAndRules1764000000000 } from './infrastructure/migrations/create-teams-and-rules.migration.js';
import { SeedTeamsAndRules1764000000001 } from './infrastructure/migrations/seed-teams-and-rules.migration.js';
import { RuleEntity, RuleSetEntity } from './infrastructure/rule-set.entity.js';
import { TeamEntity } from './infrastructure/team.entity.js';

/** Teams and rule sets. */
export const routingDatabase: DatabaseDefinition = {
  entities: [TeamEntity, RuleSetEntity, RuleEntity, AuditEntryEntity],
  migrations: [CreateTeamsAndRules1764000000000, SeedTeamsAndRules1764000000001],
};
