import { Injectable } from '@nestjs/common';
import { sha256 } from '@closeloop/contracts';
import { currentTraceparent, Problem, type ApiKeyVerifier } from '@closeloop/platform';
import { LoopConfig } from '../loop.config.js';

/** Whom a key belongs to. */
interface KeyHolder {
  readonly keyId: string;
  readonly source: string;
}

interface Known {
  readonly holder: KeyHolder | undefined;
  /** Milliseconds of the process; the clock of the machine may be set back */
  readonly until: number;
}

const knownForMs = 30_000;
const unknownForMs = 5_000;
const maxKnown = 10_000;
const answerWithinMs = 3_000;

/**
 * Asks ingestion, which owns the API keys, whose a presented key is. What it said is kept for 30 s (5 s for an unknown
 * key), under the key's SHA-256: a revoked key is refused after that time at the latest.
 */
@Injectable()
export class IngestionKeysClient implements ApiKeyVerifier {
  private readonly known = new Map<string, Known>();
  private readonly asked = new Map<string, Promise<KeyHolder | undefined>>();

  constructor(private readonly config: LoopConfig) {}

  /** @throws Problem `store-unavailable` while ingestion does not answer and the key is not known */
  async verify(key: string): Promise<KeyHolder | undefined> {
    const hash = sha256(key);
    const known = this.known.get(hash);
    if (known && known.until > performance.now()) return known.holder;
    // many requests with one key ask once
    let asked = this.asked.get(hash);
    if (!asked) {
      asked = this.ask(key, hash).finally(() => this.asked.delete(hash));
      this.asked.set(hash, asked);
    }
    return asked;
  }

  private async ask(key: string, hash: string): Promise<KeyHolder | undefined> {
    let holder: KeyHolder | undefined;
    const traceparent = currentTraceparent();
    try {
      const response = await fetch(new URL('/v1/api-keys/self', this.config.ingestionUrl), {
        headers: { authorization: `Bearer ${key}`, ...(traceparent !== undefined && { traceparent }) },
        redirect: 'error',
        signal: AbortSignal.timeout(answerWithinMs),
      });
      if (response.status === 401) await response.body?.cancel();
      else if (response.status === 200) holder = holderOf(await response.json());
      else throw new Error(`ingestion answered ${response.status}`);
    } catch (cause) {
      throw new Problem('store-unavailable', 'API keys cannot be checked at the moment.', {
        headers: { 'retry-after': '2' },
        cause,
      });
    }
    this.remember(hash, { holder, until: performance.now() + (holder ? knownForMs : unknownForMs) });
    return holder;
  }

  private remember(hash: string, known: Known): void {
    this.known.delete(hash);
    this.known.set(hash, known);
    // the oldest answer goes: a stream of made-up keys must not fill the memory
    if (this.known.size > maxKnown) this.known.delete(this.known.keys().next().value!);
  }
}

function holderOf(body: unknown): KeyHolder {
  const { keyId, source } = (body ?? {}) as Partial<KeyHolder>;
  if (typeof keyId !== 'string' || typeof source !== 'string') throw new Error('ingestion gave no keyId and source');
  return { keyId, source };
}
