const multiplier = 0x5bd1e995;

/**
 * Kafka's murmur2 of a key, as a signed 32-bit integer (org.apache.kafka.common.utils.Utils.murmur2).
 * In int32 arithmetic: kafkajs's own goes by 64-bit Longs and takes a quarter of a hop's time.
 */
export function murmur2(key: Uint8Array): number {
  const length = key.length;
  const body = length & ~3;
  let hash = 0x9747b28c ^ length;
  for (let at = 0; at < body; at += 4) {
    let word = key[at]! | (key[at + 1]! << 8) | (key[at + 2]! << 16) | (key[at + 3]! << 24);
    word = Math.imul(word, multiplier);
    word ^= word >>> 24;
    word = Math.imul(word, multiplier);
    hash = Math.imul(hash, multiplier) ^ word;
  }
  const rest = length - body;
  if (rest === 3) hash ^= key[body + 2]! << 16;
  if (rest >= 2) hash ^= key[body + 1]! << 8;
  if (rest >= 1) hash = Math.imul(hash ^ key[body]!, multiplier);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, multiplier);
  return (hash ^ (hash >>> 15)) | 0;
}

/** Which of `count` partitions (or shards) a key belongs to: the same as any Kafka client with the default partitioner says. */
export const partitionOf = (key: Uint8Array, count: number): number => (murmur2(key) & 0x7fffffff) % count;
