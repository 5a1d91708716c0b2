import { messagingTables } from '@closeloop/messaging';
import { auditTables, type DatabaseDefinition } from '@closeloop/platform';
import { AuditLog1764650000000 } from './infrastructure/migrations/audit-log.migration.js';
import { CreateTeamsAndRules1764000000000 } from './infrastructure/migrations/create-teams-and-rules.migration.js';
import { RehearsalTables1764600000001 } from './infrastructure/migrations/rehearsal-tables.migration.js';
import { RuleSetDrafts1764600000000 } from './infrastructure/migrations/rule-set-drafts.migration.js';
import { SeedTeamsAndRules1764000000001 } from './infrastructure/migrations/seed-teams-and-rules.migration.js';
import { RuleEntity } from './infrastructure/rule.entity.js';
import { TeamEntity } from './infrastructure/team.entity.js';

/** Teams and rule sets, and what the rehearsal keeps beside them; outbox and positions are the rehearsal's alone. */
export const routingDatabase: DatabaseDefinition = {
  entities: [TeamEntity, RuleEntity],
  migrations: [
    ...messagingTables,
    ...auditTables,
    CreateTeamsAndRules1764000000000,
    SeedTeamsAndRules1764000000001,
    RuleSetDrafts1764600000000,
    RehearsalTables1764600000001,
    AuditLog1764650000000,
  ],
};
