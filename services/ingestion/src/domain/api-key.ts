import { timingSafeEqual } from 'node:crypto';
import { sha256 } from '@closeloop/contracts';

/** What a key is made of: `clk_<id>_<secret>`. The id is public (lists, logs, audit); the secret is 256 random bits. */
const keyPattern = /^clk_([0-9a-f]{16})_([0-9a-f]{64})$/;

export interface ParsedApiKey {
  readonly id: string;
  readonly secret: string;
}

/** The two parts of a presented key, or undefined for anything that no key of ours looks like. */
export function parseApiKey(key: string): ParsedApiKey | undefined {
  const match = keyPattern.exec(key);
  return match ? { id: match[1]!, secret: match[2]! } : undefined;
}

/** Random bytes that an id and a secret are made of. */
export const apiKeyIdBytes = 8;
export const apiKeySecretBytes = 32;

export interface DrawnApiKey {
  readonly id: string;
  /** The whole key, to be shown once and kept nowhere. */
  readonly key: string;
  readonly secretHash: string;
}

/** The key that these random bytes make. */
export function apiKeyOf(idBytes: Buffer, secretBytes: Buffer): DrawnApiKey {
  const id = idBytes.toString('hex');
  const secret = secretBytes.toString('hex');
  return { id, key: `clk_${id}_${secret}`, secretHash: hashSecret(secret) };
}

/**
 * Hexadecimal SHA-256. A slow hash (bcrypt, argon2) makes a guess expensive where people choose the secret; this one is
 * 256 random bits, which no number of guesses finds, so it would only make each request expensive.
 */
const hashSecret = (secret: string): string => sha256(secret);

/** Whether the secret is the one that the hash was made of; takes the same time for every wrong one. */
export const secretMatches = (secret: string, secretHash: string): boolean =>
  timingSafeEqual(Buffer.from(hashSecret(secret), 'hex'), Buffer.from(secretHash, 'hex'));
