import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

const plain = 0;
const aes256Gcm = 1;
const fingerprintBytes = 8;
const ivBytes = 12;
const tagBytes = 16;

/**
 * Seals what must be readable later (a secret to check signatures with) by AES-256-GCM. The place it is kept at is
 * authenticated with it, so that a row's secret cannot be put into another row. Without a key it is kept as it is.
 *
 * Layout: 0, then the value; or 1, the key's fingerprint (8 bytes), the nonce (12), the tag (16), then the ciphertext.
 */
export class SecretBox {
  private readonly keys: readonly { readonly key: Buffer; readonly fingerprint: Buffer }[];

  /** @param keys 32 bytes each; the first one seals, all of them open. */
  constructor(keys: readonly Buffer[]) {
    this.keys = keys.map((key) => ({
      key,
      fingerprint: createHash('sha256')
        .update('closeloop:webhook-secrets')
        .update(key)
        .digest()
        .subarray(0, fingerprintBytes),
    }));
  }

  /** Whether there is a key to seal with. */
  get seals(): boolean {
    return this.keys.length > 0;
  }

  seal(value: Uint8Array, place: string): Buffer {
    const current = this.keys[0];
    if (!current) return Buffer.concat([Buffer.of(plain), value]);
    const iv = randomBytes(ivBytes);
    const cipher = createCipheriv('aes-256-gcm', current.key, iv).setAAD(Buffer.from(place));
    const ciphertext = Buffer.concat([cipher.update(value), cipher.final()]);
    return Buffer.concat([Buffer.of(aes256Gcm), current.fingerprint, iv, cipher.getAuthTag(), ciphertext]);
  }

  /** The value; undefined when none of the keys opens it, or it was sealed for another place. */
  open(sealed: Buffer, place: string): Buffer | undefined {
    if (sealed[0] === plain) return sealed.subarray(1);
    if (sealed[0] !== aes256Gcm) return undefined;
    const part = (from: number, length: number): Buffer => sealed.subarray(from, from + length);
    const fingerprint = part(1, fingerprintBytes);
    const key = this.keys.find((candidate) => candidate.fingerprint.equals(fingerprint))?.key;
    if (!key) return undefined;
    const iv = part(1 + fingerprintBytes, ivBytes);
    const tag = part(1 + fingerprintBytes + ivBytes, tagBytes);
    try {
      const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: tagBytes });
      decipher.setAAD(Buffer.from(place)).setAuthTag(tag);
      const ciphertext = sealed.subarray(1 + fingerprintBytes + ivBytes + tagBytes);
      return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
    } catch {
      return undefined;
    }
  }
}

/** Whether a sealed value is more than the value itself. */
export const isSealed = (sealed: Buffer): boolean => sealed[0] !== plain;
