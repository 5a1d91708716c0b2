import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '@closeloop/platform';
import { type Bucket, fullBucket, type Rate, refill, take, type Taking } from '../domain/token-bucket.js';

/** Buckets that are full again are thrown out when there are so many. */
const maxBuckets = 10_000;

/** Who sends: a principal of the guard (its API key counts, or the person), or a webhook connector by its name. */
export type Sender =
  | { readonly kind: 'connector'; readonly keyId: string }
  | { readonly kind: 'person'; readonly subject: string }
  | { readonly kind: 'webhook'; readonly name: string };

/**
 * So many events a second for each sender. Events are counted, not requests: a batch of a thousand is a thousand.
 * Each replica counts for itself, in memory: what all of them let through is the limit times the replicas.
 */
export class RateLimit {
  private readonly buckets = new Map<string, Bucket>();

  constructor(
    private readonly rate: Rate,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /**
   * Counts events of a request that is about to be accepted.
   * @returns the headers RateLimit and RateLimit-Policy for the response (draft-ietf-httpapi-ratelimit-headers).
   * @throws Problem `rate-limited` with Retry-After, and then nothing is counted.
   */
  take(sender: Sender, events: number): Record<string, string> {
    const taking = this.ask(sender, events);
    const headers = this.headersOf(taking.bucket);
    if (taking.taken) return headers;
    throw new Problem(
      'rate-limited',
      `At most ${this.rate.perSecond} events a second, and ${this.rate.burst} at once, may be sent with one key.`,
      { headers: { ...headers, 'retry-after': String(Math.ceil(taking.waitMs / 1000)) } },
    );
  }

  /** Waits until so many events may come: for a stream, which can be slowed down. Rejects when the signal aborts. */
  async pace(sender: Sender, events: number, signal?: AbortSignal): Promise<void> {
    for (let taking = this.ask(sender, events); !taking.taken; taking = this.ask(sender, events)) {
      await sleep(taking.waitMs, undefined, { signal });
    }
  }

  private ask(sender: Sender, events: number): Taking {
    const now = this.now();
    const key = keyOf(sender);
    const taking = take(this.buckets.get(key) ?? fullBucket(this.rate, now), this.rate, events, now);
    this.buckets.set(key, taking.bucket);
    if (this.buckets.size > maxBuckets) this.forgetFull(now);
    return taking;
  }

  private forgetFull(now: number): void {
    for (const [key, bucket] of this.buckets) {
      if (refill(bucket, this.rate, now).tokens >= this.rate.burst) this.buckets.delete(key);
    }
  }

  private headersOf({ tokens }: Bucket): Record<string, string> {
    const window = Math.max(1, Math.ceil(this.rate.burst / this.rate.perSecond));
    const untilFull = Math.ceil((this.rate.burst - tokens) / this.rate.perSecond);
    return {
      'ratelimit-policy': `"events";q=${this.rate.burst};w=${window}`,
      ratelimit: `"events";r=${Math.max(0, Math.floor(tokens))};t=${untilFull}`,
    };
  }
}

const keyOf = (sender: Sender): string => {
  switch (sender.kind) {
    case 'connector':
      return `key:${sender.keyId}`;
    case 'person':
      return `person:${sender.subject}`;
    case 'webhook':
      return `webhook:${sender.name}`;
  }
};
