import { describe, expect, it } from '@jest/globals';
import { AuditLog, Problem, SecretBox } from '@closeloop/platform';
import { type DataSource } from 'typeorm';
import { WebhookConnectorRepository } from './webhook-connector.repository.js';

const first = Buffer.alloc(32, 1);

describe('a key for secrets', () => {
  it('must be there in production: without a key no secret is kept', async () => {
    const connectors = new WebhookConnectorRepository({} as DataSource, new SecretBox([]), true, new AuditLog({}));
    const connector = {
      name: 'a',
      source: 'a',
      mapping: 'feedback-input.v1',
      key: first,
      actor: { kind: 'person', subject: 'x', roles: [] } as const,
    } as const;
    await expect(connectors.add(connector)).rejects.toThrow(Problem);
    await expect(
      connectors.rotate('a', {
        key: first,
        overlapSeconds: 1,
        actor: { kind: 'person', subject: 'x', roles: [] } as const,
      }),
    ).rejects.toThrow(/WEBHOOK_SECRETS_KEY/);
  });
});
