import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { TokenVerifier } from '@closeloop/platform';
import { Injectable } from '@nestjs/common';
import { decodeJwt } from 'jose';
import { ConsoleConfig } from '../console.config.js';
import { Issuer, SignInRefused, type IssuedTokens } from '../domain/issuer.js';
import { fateOf, type Session } from '../domain/session.js';

/** For how long requests that came with the old cookie get what one of them renewed, milliseconds. */
const sharedMs = 30_000;

/** Begins, renews and ends sessions. */
@Injectable()
export class Sessions {
  readonly #renewing = new Map<string, Promise<Session | undefined>>();

  constructor(
    private readonly tokens: TokenVerifier,
    private readonly issuer: Issuer,
    private readonly config: ConsoleConfig,
  ) {}

  /** A session of the person whom a token names. @throws SignInRefused where the services would not take the token */
  async begin(issued: IssuedTokens): Promise<Session> {
    return this.#session(issued, { csrf: randomBytes(24).toString('base64url'), expires: this.#end() });
  }

  /** The session as it is to be used now; undefined when it is over. */
  async current(session: Session): Promise<Session | undefined> {
    switch (fateOf(session, secondsNow())) {
      case 'good':
        return session;
      case 'over':
        return undefined;
      case 'renew':
        return this.#renewed(session);
    }
  }

  /** Whether a request says what only a page of ours can know. */
  isFromPage(session: Session, said: unknown): boolean {
    if (typeof said !== 'string') return false;
    const [given, known] = [said, session.csrf].map((text) => createHash('sha256').update(text).digest());
    return timingSafeEqual(given!, known!);
  }

  /** Issuers give a refresh token's successor once: a page that asks for six things at once renews once. */
  #renewed(session: Session): Promise<Session | undefined> {
    const key = createHash('sha256').update(session.refreshToken!).digest('base64url');
    const known = this.#renewing.get(key);
    if (known) return known;
    const renewing = this.#renew(session);
    this.#renewing.set(key, renewing);
    const forget = () => void this.#renewing.delete(key);
    renewing.then(() => setTimeout(forget, sharedMs).unref(), forget);
    return renewing;
  }

  async #renew(session: Session): Promise<Session | undefined> {
    try {
      const issued = await this.issuer.renew(session.refreshToken!);
      return await this.#session(
        { ...(session.idToken !== undefined && { idToken: session.idToken }), ...issued },
        session,
      );
    } catch (error) {
      if (error instanceof SignInRefused) return undefined;
      throw error;
    }
  }

  async #session(
    { token, refreshToken, idToken }: IssuedTokens,
    { csrf, expires }: Pick<Session, 'csrf' | 'expires'>,
  ): Promise<Session> {
    const verified = await this.tokens.verify(token);
    if (verified.kind === 'refused') throw new SignInRefused(verified.reason);
    const { principal } = verified;
    if (principal.kind !== 'person') throw new SignInRefused('The token is not of a person.');
    const { exp, name } = decodeJwt(token);
    return {
      ...{ subject: principal.subject, roles: principal.roles, teams: principal.teams, token, csrf, expires },
      tokenExpires: exp!,
      ...(typeof name === 'string' && { name }),
      ...(refreshToken !== undefined && { refreshToken }),
      ...(idToken !== undefined && { idToken }),
    };
  }

  #end(): number {
    return secondsNow() + this.config.sessionHours * 3_600;
  }
}

const secondsNow = () => Math.floor(Date.now() / 1000);
