import { auditTables, type DatabaseDefinition } from '@closeloop/platform';
import { ApiKeyEntity } from './infrastructure/api-key.entity.js';
import { ApiKeys1763800200000 } from './infrastructure/migrations/api-keys-1763800200000.migration.js';
import { AuditLog1764610010000 } from './infrastructure/migrations/audit-log-1764610010000.migration.js';
import { WebhookConnectors1763800300000 } from './infrastructure/migrations/webhook-connectors-1763800300000.migration.js';
import { WebhookConnectorEntity, WebhookSecretEntity } from './infrastructure/webhook-connector.entity.js';

/** Keys, webhook connectors and the audit log; part of ingestion's database. */
export const edgesDatabase: DatabaseDefinition = {
  entities: [ApiKeyEntity, WebhookConnectorEntity, WebhookSecretEntity],
  migrations: [ApiKeys1763800200000, WebhookConnectors1763800300000, ...auditTables, AuditLog1764610010000],
};
