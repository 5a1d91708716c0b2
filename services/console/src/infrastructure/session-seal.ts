import { createHash, hkdfSync } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { EncryptJWT, errors, jwtDecrypt, type JWTPayload } from 'jose';
import { ConsoleConfig } from '../console.config.js';
import { Seal, type Purpose } from '../domain/seal.js';

/**
 * Seals what a browser keeps for us: a JWE of AES-256-GCM, which nobody can read or change. Several secrets open, the first one seals,
 * so that secrets are rotated without signing anybody out.
 */
@Injectable()
export class SessionSeal extends Seal {
  readonly #keys: readonly { readonly id: string; readonly key: Uint8Array }[];

  constructor({ sessionSecrets }: ConsoleConfig) {
    super();
    this.#keys = sessionSecrets.map((secret) => {
      const key = new Uint8Array(hkdfSync('sha256', secret, '', 'closeloop:console-session', 32));
      return { key, id: createHash('sha256').update(key).digest('base64url').slice(0, 11) };
    });
  }

  override async seal(purpose: Purpose, value: object, expires: number): Promise<string> {
    const { id, key } = this.#keys[0]!;
    return new EncryptJWT({ value })
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: id })
      .setAudience(purpose)
      .setExpirationTime(expires)
      .encrypt(key);
  }

  override async open<T extends object>(
    purpose: Purpose,
    sealed: string,
  ): Promise<{ value: T; isOld: boolean } | undefined> {
    let id: string | undefined;
    try {
      const { payload } = await jwtDecrypt<JWTPayload & { value?: T }>(
        sealed,
        ({ kid }) => {
          const found = this.#keys.find((key) => key.id === kid);
          if (!found) throw new errors.JWKSNoMatchingKey();
          id = found.id;
          return found.key;
        },
        {
          audience: purpose,
          requiredClaims: ['exp'],
          keyManagementAlgorithms: ['dir'],
          contentEncryptionAlgorithms: ['A256GCM'],
        },
      );
      return payload.value && { value: payload.value, isOld: id !== this.#keys[0]!.id };
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  }
}
