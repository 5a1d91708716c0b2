import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { ConsoleConfig } from '../console.config.js';

/** Codes at once; the oldest goes. */
const most = 1_000;

/**
 * Codes of links to sign in by. Each works once, for some minutes, in the process that made it: a restart ends them all, which is the
 * safe side. For development; in production people sign in at the issuer.
 */
@Injectable()
export class OneTimeCodes {
  readonly #tokens = new Map<string, { readonly token: string; readonly until: number }>();
  readonly #lifetimeMs: number;

  constructor({ signInLinkMinutes }: ConsoleConfig) {
    this.#lifetimeMs = signInLinkMinutes * 60_000;
  }

  /** A code that a person's token can be had for. */
  make(token: string): { readonly code: string; readonly until: Date } {
    const code = randomBytes(24).toString('base64url');
    const until = Date.now() + this.#lifetimeMs;
    this.#tokens.set(code, { token, until });
    for (const [old, { until: end }] of this.#tokens) {
      if (this.#tokens.size <= most && end > Date.now()) break;
      this.#tokens.delete(old);
    }
    return { code, until: new Date(until) };
  }

  /** The token, once; undefined for a code that is over, used, or was never made. */
  take(code: string): string | undefined {
    const found = this.#tokens.get(code);
    this.#tokens.delete(code);
    return found && found.until > Date.now() ? found.token : undefined;
  }
}
