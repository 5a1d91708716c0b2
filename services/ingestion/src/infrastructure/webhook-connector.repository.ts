import { randomUUID } from 'node:crypto';
import { type AuditLog, isSealed, Problem, type SecretBox } from '@closeloop/platform';
import { Logger } from '@nestjs/common';
import { type DataSource, type EntityManager, In } from 'typeorm';
import { type Actor, nameOf } from '../domain/actor.js';
import {
  type NewWebhookConnector,
  WebhookConnectors,
  type WebhookConnectorView,
  type WebhookCredentials,
} from '../domain/webhook-connectors.js';
import { WebhookConnectorEntity, WebhookSecretEntity } from './webhook-connector.entity.js';

export class WebhookConnectorRepository extends WebhookConnectors {
  private readonly logger = new Logger(WebhookConnectorRepository.name);

  /** @param mustSeal refuse to keep a secret when there is no key to seal it with */
  constructor(
    private readonly database: DataSource,
    private readonly box: SecretBox,
    private readonly mustSeal: boolean,
    private readonly audit: AuditLog,
  ) {
    super();
  }

  async add({ key, actor, ...connector }: NewWebhookConnector): Promise<WebhookConnectorView | undefined> {
    this.assertMayKeepSecrets();
    return this.database.transaction(async (tx) => {
      const inserted = await tx
        .createQueryBuilder()
        .insert()
        .into(WebhookConnectorEntity)
        .values({
          name: connector.name,
          source: connector.source,
          mapping: connector.mapping,
          createdBy: nameOf(actor),
        })
        .orIgnore()
        .returning('name')
        .execute();
      if ((inserted.raw as unknown[]).length === 0) return undefined;
      const secret = await this.keep(tx, connector.name, key);
      await this.audit.append(tx, {
        ...{ actor, action: 'webhook-connector.created', resource: { kind, id: connector.name } },
        after: { source: connector.source, mapping: connector.mapping, secret },
      });
      return viewOf(tx, connector.name);
    });
  }

  async list(): Promise<WebhookConnectorView[]> {
    return viewsOf(this.database.manager);
  }

  async credentials(name: string): Promise<WebhookCredentials | undefined> {
    const connector = await this.database.getRepository(WebhookConnectorEntity).findOneBy({ name });
    if (!connector) return undefined;
    const secrets = await this.database.getRepository(WebhookSecretEntity).findBy({ connector: name });
    return {
      source: connector.source,
      mapping: connector.mapping,
      secrets: secrets.map(({ id, sealed, expiresAt }) => {
        const key = this.box.open(sealed, placeOf(name, id));
        if (!key) {
          this.logger.error(`a secret of the webhook connector ${name} cannot be opened with WEBHOOK_SECRETS_KEY`);
          // the sender tries again later, and then it may be mended
          throw new Problem('store-unavailable', 'The secrets of this webhook cannot be read at the moment.', {
            headers: { 'retry-after': '60' },
          });
        }
        return { key, expiresAt };
      }),
    };
  }

  async rotate(
    name: string,
    { key, overlapSeconds, actor }: { key: Uint8Array; overlapSeconds: number; actor: Actor },
  ): Promise<WebhookConnectorView | undefined> {
    this.assertMayKeepSecrets();
    return this.database.transaction(async (tx) => {
      const connector = await tx.findOne(WebhookConnectorEntity, {
        where: { name },
        lock: { mode: 'pessimistic_write' },
      });
      if (!connector) return undefined;
      await tx.query('delete from webhook_secret where connector = $1 and expires_at <= now()', [name]);
      const valid = await tx.find(WebhookSecretEntity, { where: { connector: name }, order: { createdAt: 'ASC' } });
      await tx.query(
        `update webhook_secret set expires_at = least(expires_at, now() + make_interval(secs => $2)) where connector = $1`,
        [name, overlapSeconds],
      );
      const id = await this.keep(tx, name, key);
      const before = valid.map((secret) => secret.id);
      await this.audit.append(tx, {
        ...{ actor, action: 'webhook-connector.rotated', resource: { kind, id: name } },
        ...{ before: { secrets: before }, after: { secrets: [...before, id], overlapSeconds } },
      });
      return viewOf(tx, name);
    });
  }

  async remove(name: string, actor: Actor): Promise<boolean> {
    return this.database.transaction(async (tx) => {
      const connector = await tx.findOne(WebhookConnectorEntity, {
        where: { name },
        lock: { mode: 'pessimistic_write' },
      });
      if (!connector) return false;
      await tx.delete(WebhookConnectorEntity, { name });
      await this.audit.append(tx, {
        ...{ actor, action: 'webhook-connector.deleted', resource: { kind, id: name } },
        before: { source: connector.source, mapping: connector.mapping },
      });
      return true;
    });
  }

  private async keep(tx: EntityManager, connector: string, key: Uint8Array): Promise<string> {
    const id = randomUUID();
    await tx.insert(WebhookSecretEntity, {
      id,
      connector,
      sealed: this.box.seal(key, placeOf(connector, id)),
      // now() is the transaction's start: secrets of two rotations differ
      createdAt: () => 'clock_timestamp()',
    });
    return id;
  }

  private assertMayKeepSecrets(): void {
    if (this.box.seals) return;
    if (this.mustSeal) {
      throw new Problem(
        'forbidden',
        'This installation has no WEBHOOK_SECRETS_KEY, so it keeps no webhook secrets. Set it to 32 random bytes in base64.',
      );
    }
    this.logger.warn('a webhook secret is kept unsealed, because WEBHOOK_SECRETS_KEY is not set');
  }
}

/** Of what is changed, as the audit log calls it */
const kind = 'webhook-connector';

const placeOf = (connector: string, secretId: string): string => JSON.stringify([connector, secretId]);

async function viewOf(tx: EntityManager, name: string): Promise<WebhookConnectorView> {
  return (await viewsOf(tx, name))[0]!;
}

async function viewsOf(tx: EntityManager, name?: string): Promise<WebhookConnectorView[]> {
  const connectors = await tx.find(WebhookConnectorEntity, {
    ...(name === undefined ? {} : { where: { name } }),
    order: { name: 'ASC' },
  });
  const secrets = await tx.find(WebhookSecretEntity, {
    where: { connector: In(connectors.map((connector) => connector.name)) },
    order: { createdAt: 'DESC' },
  });
  return connectors.map((connector) => ({
    ...connector,
    secrets: secrets
      .filter((secret) => secret.connector === connector.name)
      .map(({ id, createdAt, expiresAt, sealed }) => ({ id, createdAt, expiresAt, sealed: isSealed(sealed) })),
  }));
}
