import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { apiKeyIdBytes, apiKeyOf, apiKeySecretBytes } from '../domain/api-key.js';
import { type Actor } from '../domain/actor.js';
import { ApiKeys, type ApiKeyView } from '../domain/api-keys.js';

@Injectable()
export class CreateApiKey {
  constructor(private readonly keys: ApiKeys) {}

  /** A new key for one source. `key` is the only time that the secret is seen. */
  async create(of: { source: string; name?: string; actor: Actor }): Promise<ApiKeyView & { key: string }> {
    const { id, key, secretHash } = apiKeyOf(randomBytes(apiKeyIdBytes), randomBytes(apiKeySecretBytes));
    const view = await this.keys.add({ id, secretHash, source: of.source, name: of.name, actor: of.actor });
    return { ...view, key };
  }
}
