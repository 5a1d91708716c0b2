/** So many events a second for long, and so many at once. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** A bucket at one moment; `at` is in milliseconds of a clock that only goes forward. */
export interface Bucket {
  readonly tokens: number;
  readonly at: number;
}

export type Taking =
  | { readonly taken: true; readonly bucket: Bucket }
  /** Milliseconds until the same asking would succeed. */
  | { readonly taken: false; readonly bucket: Bucket; readonly waitMs: number };

export const fullBucket = (rate: Rate, at: number): Bucket => ({ tokens: rate.burst, at });

/** The bucket with what ran in since. */
export function refill(bucket: Bucket, rate: Rate, at: number): Bucket {
  const elapsedMs = Math.max(0, at - bucket.at);
  return { tokens: Math.min(rate.burst, bucket.tokens + (elapsedMs / 1000) * rate.perSecond), at };
}

/**
 * Takes tokens for `events` at once, or none. More events than the bucket holds are let through when it is full, and paid
 * off before the next: a request is refused for coming too soon, never for being of a size that is allowed.
 */
export function take(bucket: Bucket, rate: Rate, events: number, at: number): Taking {
  const now = refill(bucket, rate, at);
  const needed = Math.min(events, rate.burst);
  // a bucket that was waited for is full, whatever the last bit of a floating-point number says
  if (now.tokens + 1e-6 >= needed) return { taken: true, bucket: { tokens: now.tokens - events, at } };
  return { taken: false, bucket: now, waitMs: Math.ceil(((needed - now.tokens) / rate.perSecond) * 1000) };
}
