import { createHmac, timingSafeEqual } from 'node:crypto';

/** How far a message's timestamp may be from now, either way, in seconds: a recorded message cannot be sent again later. */
const replayWindowSeconds = 5 * 60;

const secretPrefix = 'whsec_';
/** Standard Webhooks asks for secrets of 24 to 64 bytes. */
const minSecretBytes = 24;
const maxSecretBytes = 64;

export type SignatureRefusal = 'headers-missing' | 'timestamp-unreadable' | 'too-old' | 'too-new' | 'no-match';

export interface SignedMessage {
  /** `webhook-id` */
  readonly id: string | undefined;
  /** `webhook-timestamp`: seconds since 1970 */
  readonly timestamp: string | undefined;
  /** `webhook-signature`: `v1,<base64>`, several by spaces */
  readonly signatures: string | undefined;
  /** The bytes as they came: a body parsed and written again need not be the one that was signed. */
  readonly body: Uint8Array;
}

/** The key bytes of a secret written `whsec_<base64>`, or undefined for anything else and for one too short to trust. */
export function keyOfSecret(secret: string): Buffer | undefined {
  if (!secret.startsWith(secretPrefix)) return undefined;
  const encoded = secret.slice(secretPrefix.length);
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return undefined;
  const key = Buffer.from(encoded, 'base64');
  return key.length >= minSecretBytes && key.length <= maxSecretBytes ? key : undefined;
}

/** A key written as a secret: `whsec_<base64>`. */
export const secretOfKey = (key: Uint8Array): string => `${secretPrefix}${Buffer.from(key).toString('base64')}`;

/** The signature of a message with a key, as it stands in `webhook-signature`: `v1,<base64>`. */
export const signatureOf = (
  { id, timestamp, body }: { readonly id: string; readonly timestamp: string; readonly body: Uint8Array },
  key: Uint8Array,
): string => `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64')}`;

/**
 * Checks a message against Standard Webhooks v1: HMAC-SHA256 over `id.timestamp.body` with any of the keys must be one
 * of the signatures. Every key is tried against every signature, each in constant time.
 * @param now seconds since 1970
 * @returns undefined for an authentic message, else why not.
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function refusalOf(
  message: SignedMessage,
  keys: readonly Uint8Array[],
  now: number,
): SignatureRefusal | undefined {
  const { id, timestamp, signatures, body } = message;
  if (!id || !timestamp || !signatures) return 'headers-missing';
  if (!/^\d{1,12}$/.test(timestamp)) return 'timestamp-unreadable';
  const age = now - Number(timestamp);
  if (age > replayWindowSeconds) return 'too-old';
  if (age < -replayWindowSeconds) return 'too-new';

  const presented = signatures
    .split(' ')
    .filter((signature) => signature.startsWith('v1,'))
    .map((signature) => Buffer.from(signature));
  let authentic = false;
  for (const key of keys) {
    const expected = Buffer.from(signatureOf({ id, timestamp, body }, key));
    for (const signature of presented) {
      if (signature.length === expected.length && timingSafeEqual(signature, expected)) authentic = true;
    }
  }
  return authentic ? undefined : 'no-match';
}
