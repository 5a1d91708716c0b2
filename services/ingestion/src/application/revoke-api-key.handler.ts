import { Injectable } from '@nestjs/common';
import { type Actor } from '../domain/actor.js';
import { ApiKeys, type ApiKeyView } from '../domain/api-keys.js';
import { VerifyApiKey } from './verify-api-key.handler.js';

@Injectable()
export class RevokeApiKey {
  constructor(
    private readonly keys: ApiKeys,
    private readonly verifier: VerifyApiKey,
  ) {}

  /** Revokes a key for good: at once in this process, within the cache's time in others. Undefined for an unknown id. */
  async revoke(id: string, actor: Actor): Promise<ApiKeyView | undefined> {
    const view = await this.keys.revoke(id, actor);
    this.verifier.forget(id);
    return view;
  }
}
