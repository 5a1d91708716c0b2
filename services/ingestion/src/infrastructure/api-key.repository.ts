import { AuditLog, personal } from '@closeloop/platform';
import { Injectable } from '@nestjs/common';
import { DataSource, In } from 'typeorm';
import { type Actor, nameOf } from '../domain/actor.js';
import { ApiKeys, type ApiKeyCredentials, type ApiKeyView, type NewApiKey } from '../domain/api-keys.js';
import { ApiKeyEntity } from './api-key.entity.js';

@Injectable()
export class ApiKeyRepository extends ApiKeys {
  constructor(
    private readonly database: DataSource,
    private readonly audit: AuditLog,
  ) {
    super();
  }

  async add(key: NewApiKey): Promise<ApiKeyView> {
    return this.database.transaction(async (tx) => {
      await tx.insert(ApiKeyEntity, {
        id: key.id,
        secretHash: key.secretHash,
        source: key.source,
        name: key.name ?? null,
        createdBy: nameOf(key.actor),
      });
      await this.audit.append(tx, {
        ...{ actor: key.actor, action: 'api-key.created', resource: { kind: 'api-key', id: key.id } },
        after: { source: key.source, name: personal(key.name) },
      });
      return viewOf(await tx.findOneByOrFail(ApiKeyEntity, { id: key.id }));
    });
  }

  async list(): Promise<ApiKeyView[]> {
    const keys = await this.database.getRepository(ApiKeyEntity).find({ order: { createdAt: 'ASC', id: 'ASC' } });
    return keys.map(viewOf);
  }

  async credentials(id: string): Promise<ApiKeyCredentials | undefined> {
    const key = await this.database.getRepository(ApiKeyEntity).findOneBy({ id });
    return key ? { secretHash: key.secretHash, source: key.source, revoked: key.revokedAt !== null } : undefined;
  }

  async revoke(id: string, actor: Actor): Promise<ApiKeyView | undefined> {
    return this.database.transaction(async (tx) => {
      const changed = await tx
        .createQueryBuilder()
        .update(ApiKeyEntity)
        .set({ revokedAt: () => 'now()', revokedBy: nameOf(actor) })
        .where('id = :id and revoked_at is null', { id })
        .execute();
      const key = await tx.findOneBy(ApiKeyEntity, { id });
      if (changed.affected) {
        await this.audit.append(tx, {
          ...{ actor, action: 'api-key.revoked', resource: { kind: 'api-key', id } },
          ...{ before: { source: key?.source, revoked: false }, after: { revoked: true } },
        });
      }
      return key ? viewOf(key) : undefined;
    });
  }

  async markUsed(ids: readonly string[]): Promise<void> {
    await this.database
      .createQueryBuilder()
      .update(ApiKeyEntity)
      .set({ lastUsedAt: () => 'now()' })
      .where({ id: In([...ids]) })
      .execute();
  }
}

const viewOf = ({ secretHash: _, ...view }: ApiKeyEntity): ApiKeyView => view;
