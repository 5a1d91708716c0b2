import { Injectable, Logger } from '@nestjs/common';
import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';

import { type Principal, type Role, ROLES } from './access.js';
import { IdentityConfig } from './identity.config.js';
import { Problem } from './problem.js';

/** Asymmetric only: with a shared secret, whoever can check a token could make one. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
const ISSUER_TIMEOUT_MS = 5_000;
const KEYS_COOLDOWN_MS = 30_000;
const KEYS_MAX_AGE_MS = 10 * 60_000;
const DISCOVERY_COOLDOWN_MS = 2_000;

export type Verified = { kind: 'person'; principal: Principal } | { kind: 'refused'; reason: string };

/** Checks people's tokens against the configured issuer's published keys. */
@Injectable()
export class TokenVerifier {
  readonly #logger = new Logger('TokenVerifier');
  #keys: Promise<JWTVerifyGetKey> | undefined;
  #refusalTold = false;

  constructor(private readonly config: IdentityConfig) {
    if (config.mode === 'production') {
      for (const [variable, address] of [
        ['OIDC_ISSUER', config.issuer],
        ['OIDC_JWKS_URI', config.jwksUri],
      ] as const) {
        const reason = address === undefined ? undefined : reasonAgainst(address);
        if (reason !== undefined) throw new Error(`${variable} ${reason}; NODE_ENV=production does not trust that.`);
      }
    }
  }

  /**
   * Who the token names, or why it is not accepted.
   * @throws Problem `store-unavailable` (503) when the issuer's keys cannot be read.
   */
  async verify(token: string): Promise<Verified> {
    const { issuer, audience, clockToleranceSeconds } = this.config;
    if (issuer === undefined) {
      if (!this.#refusalTold)
        this.#logger.warn('A token was refused: OIDC_ISSUER is not set, so people cannot be known.');
      this.#refusalTold = true;
      return { kind: 'refused', reason: 'This service is not set up to accept tokens.' };
    }
    try {
      const { payload } = await jwtVerify(token, await this.keysOf(issuer), {
        issuer,
        audience,
        algorithms: ALGORITHMS,
        clockTolerance: clockToleranceSeconds,
        requiredClaims: ['exp', 'sub'],
      });
      const principal = this.principalOf(payload);
      return principal === undefined
        ? { kind: 'refused', reason: 'The token does not say who it is for (sub).' }
        : { kind: 'person', principal };
    } catch (error) {
      const reason = reasonOf(error);
      if (reason !== undefined) return { kind: 'refused', reason };
      this.#logger.warn(`The issuer's keys cannot be read: ${error instanceof Error ? error.message : String(error)}`);
      throw new Problem(
        'store-unavailable',
        'The keys that tokens are checked with cannot be read at the moment. Try again.',
        {
          headers: { 'retry-after': '5' },
          cause: error,
        },
      );
    }
  }

  private principalOf(payload: JWTPayload): Principal | undefined {
    if (typeof payload.sub !== 'string' || payload.sub === '') return undefined;
    const roles = textsAt(payload, this.config.rolesClaim).filter((role): role is Role =>
      ROLES.some((known) => known === role),
    );
    return { kind: 'person', subject: payload.sub, roles, teams: textsAt(payload, this.config.teamsClaim) };
  }

  /** Found once; an attempt that failed is not repeated for two seconds, however many requests ask. */
  private keysOf(issuer: string): Promise<JWTVerifyGetKey> {
    if (this.#keys === undefined) {
      const finding = this.findKeys(issuer);
      this.#keys = finding;
      finding.catch(() => {
        setTimeout(() => {
          if (this.#keys === finding) this.#keys = undefined;
        }, DISCOVERY_COOLDOWN_MS).unref();
      });
    }
    return this.#keys;
  }

  private async findKeys(issuer: string): Promise<JWTVerifyGetKey> {
    const address = this.config.jwksUri ?? (await this.discover(issuer));
    return createRemoteJWKSet(new URL(address), {
      timeoutDuration: ISSUER_TIMEOUT_MS,
      cooldownDuration: KEYS_COOLDOWN_MS,
      cacheMaxAge: KEYS_MAX_AGE_MS,
    });
  }

  /** OpenID Connect Discovery 1.0, section 4. */
  private async discover(issuer: string): Promise<string> {
    const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const response = await fetch(address, { redirect: 'error', signal: AbortSignal.timeout(ISSUER_TIMEOUT_MS) });
    if (!response.ok) throw new Error(`${address} answered ${response.status}`);
    const found = (await response.json()) as { issuer?: unknown; jwks_uri?: unknown };
    if (found.issuer !== issuer) throw new Error(`${address} speaks for another issuer than OIDC_ISSUER`);
    if (typeof found.jwks_uri !== 'string') throw new Error(`${address} has no jwks_uri`);
    if (this.config.mode === 'production' && reasonAgainst(found.jwks_uri) !== undefined) {
      throw new Error(`the jwks_uri of ${address} ${reasonAgainst(found.jwks_uri)}`);
    }
    return found.jwks_uri;
  }
}

/** Why a token is not accepted; undefined when it is not the token that is wrong. */
function reasonOf(error: unknown): string | undefined {
  if (error instanceof errors.JWTExpired) return 'The token has expired.';
  if (error instanceof errors.JWTClaimValidationFailed) return `The token's claim "${error.claim}" is not as expected.`;
  if (error instanceof errors.JOSEAlgNotAllowed) return "The token's algorithm is not accepted.";
  const aboutTheToken =
    error instanceof errors.JWTInvalid ||
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JOSENotSupported;
  return aboutTheToken ? 'The token is not valid.' : undefined;
}

function textsAt(payload: JWTPayload, claim: string): string[] {
  let value: unknown = payload[claim];
  if (value === undefined) {
    value = payload;
    for (const step of claim.split('.')) {
      value =
        typeof value === 'object' && value !== null && Object.hasOwn(value, step)
          ? (value as Record<string, unknown>)[step]
          : undefined;
    }
  }
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.filter((entry): entry is string => typeof entry === 'string') : [];
}

function reasonAgainst(address: string): string | undefined {
  const { protocol, hostname } = new URL(address);
  if (protocol !== 'https:') return 'is not https';
  const loopback =
    hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '[::1]' || hostname.startsWith('127.');
  return loopback ? 'is a loopback address' : undefined;
}
