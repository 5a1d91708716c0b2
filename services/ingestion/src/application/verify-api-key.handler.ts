import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { describeError } from '@closeloop/platform';
import { parseApiKey, secretMatches } from '../domain/api-key.js';
import { ApiKeys, type ApiKeyCredentials } from '../domain/api-keys.js';
import { ShortMemory } from './short-memory.js';

/** How long what is known of a key is believed, in milliseconds: one revoked in another process works no longer than this. */
const believedMs = 10_000;
/** How often the keys that were used are written down, in milliseconds. */
const markUsedMs = 60_000;

/** Tells whose a presented API key is. */
@Injectable()
export class VerifyApiKey implements BeforeApplicationShutdown {
  private readonly logger = new Logger(VerifyApiKey.name);
  private readonly known: ShortMemory<ApiKeyCredentials | undefined>;
  private readonly used = new Set<string>();
  private markTimer: NodeJS.Timeout | undefined;

  constructor(private readonly keys: ApiKeys) {
    this.known = new ShortMemory((id) => keys.credentials(id), believedMs);
  }

  /**
   * The key's id and the source it is scoped to; undefined for an unknown, wrong or revoked key.
   * @throws what the database throws when it cannot be asked.
   */
  async verify(key: string): Promise<{ keyId: string; source: string } | undefined> {
    const parsed = parseApiKey(key);
    if (!parsed) return undefined;
    const credentials = await this.known.get(parsed.id);
    if (!credentials || credentials.revoked || !secretMatches(parsed.secret, credentials.secretHash)) return undefined;
    this.noteUse(parsed.id);
    return { keyId: parsed.id, source: credentials.source };
  }

  /** Forgets what is known of a key: the next request asks the database. */
  forget(id: string): void {
    this.known.forget(id);
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearTimeout(this.markTimer);
    await this.writeUses();
  }

  private noteUse(id: string): void {
    this.used.add(id);
    this.markTimer ??= setTimeout(() => void this.writeUses(), markUsedMs).unref();
  }

  private async writeUses(): Promise<void> {
    this.markTimer = undefined;
    const ids = [...this.used];
    this.used.clear();
    if (ids.length === 0) return;
    try {
      await this.keys.markUsed(ids);
    } catch (error) {
      // a missed note of use harms nobody; a request must not fail for it
      this.logger.warn(`the use of ${ids.length} API keys could not be noted: ${describeError(error)}`);
    }
  }
}
