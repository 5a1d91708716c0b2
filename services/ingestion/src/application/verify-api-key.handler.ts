import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { parseApiKey, secretMatches } from '../domain/api-key.js';
import { ApiKeys, type ApiKeyCredentials } from './api-keys.js';

/** How long what is known of a key is believed, in milliseconds: a key revoked in another process works no longer than this. */
export const keyCacheMs = 10_000;
/** How often the keys that were used are written down, in milliseconds. */
const markUsedMs = 60_000;
/** Most keys held in memory. Ids that do not exist count too: guesses must not reach the database each time. */
const maxCachedKeys = 10_000;

interface CachedKey {
  readonly credentials: Promise<ApiKeyCredentials | undefined>;
  readonly until: number;
}

/** Tells whose a presented API key is. */
@Injectable()
export class VerifyApiKey implements BeforeApplicationShutdown {
  private readonly logger = new Logger(VerifyApiKey.name);
  private readonly cache = new Map<string, CachedKey>();
  private readonly used = new Set<string>();
  private markTimer: NodeJS.Timeout | undefined;

  constructor(private readonly keys: ApiKeys) {}

  /**
   * The key's id and the source it is scoped to; undefined for an unknown, wrong or revoked key.
   * @throws what the database throws when it cannot be asked.
   */
  async verify(key: string): Promise<{ keyId: string; source: string } | undefined> {
    const parsed = parseApiKey(key);
    if (!parsed) return undefined;
    const credentials = await this.credentialsOf(parsed.id);
    if (!credentials || credentials.revoked || !secretMatches(parsed.secret, credentials.secretHash)) return undefined;
    this.noteUse(parsed.id);
    return { keyId: parsed.id, source: credentials.source };
  }

  /** Forgets what is known of a key: the next request asks the database. */
  forget(id: string): void {
    this.cache.delete(id);
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearTimeout(this.markTimer);
    await this.writeUses();
  }

  private credentialsOf(id: string): Promise<ApiKeyCredentials | undefined> {
    const now = performance.now();
    const known = this.cache.get(id);
    if (known && known.until > now) return known.credentials;
    // the promise is kept, so that many requests at once ask once
    const credentials = this.keys.credentials(id);
    const entry: CachedKey = { credentials, until: now + keyCacheMs };
    this.cache.delete(id);
    this.cache.set(id, entry);
    if (this.cache.size > maxCachedKeys) this.cache.delete(this.cache.keys().next().value!);
    credentials.catch(() => {
      if (this.cache.get(id) === entry) this.cache.delete(id);
    });
    return credentials;
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
      this.logger.warn(`the use of ${ids.length} API keys could not be noted: ${String(error)}`);
    }
  }
}
