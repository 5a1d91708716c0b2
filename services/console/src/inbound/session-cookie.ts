import { Injectable } from '@nestjs/common';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { Sessions } from '../application/sessions.js';
import { ConsoleConfig } from '../console.config.js';
import { chunked, cookiesIn, joined, setCookie } from '../domain/cookies.js';
import { type SignInAttempt } from '../domain/issuer.js';
import { endOf, type Session } from '../domain/session.js';
import { Seal } from '../domain/seal.js';

/** How long a person may take at the issuer, seconds. */
const attemptSeconds = 600;

/** The cookies of this console: who is signed in, and who is just signing in. */
@Injectable()
export class SessionCookie {
  readonly #names: { readonly session: string; readonly attempt: string };

  constructor(
    private readonly seal: Seal,
    private readonly sessions: Sessions,
    private readonly config: ConsoleConfig,
  ) {
    // with the prefix a browser takes it only for this very host, over https
    const prefix = config.isSecure ? '__Host-' : '';
    this.#names = { session: `${prefix}closeloop`, attempt: `${prefix}closeloop-sign-in` };
  }

  /** Who asks; undefined when nobody is signed in. A session that was renewed goes into the answer. */
  async read(request: FastifyRequest, reply: FastifyReply): Promise<Session | undefined> {
    const sealed = joined(this.#names.session, cookiesIn(request.headers.cookie));
    if (sealed === undefined) return undefined;
    const opened = await this.seal.open<Session>('session', sealed);
    const session = opened && (await this.sessions.current(opened.value));
    if (!session) this.clear(reply);
    else if (opened.isOld || session !== opened.value) await this.write(reply, session);
    return session;
  }

  /** @returns false where the session is too large for cookies */
  async write(reply: FastifyReply, session: Session): Promise<boolean> {
    const end = endOf(session);
    const maxAge = Math.max(0, end - Math.floor(Date.now() / 1000));
    const sealed = await this.seal.seal('session', session, end);
    const cookies = chunked(this.#names.session, sealed, { ...this.#attributes, maxAge });
    if (cookies) void reply.header('set-cookie', cookies);
    return cookies !== undefined;
  }

  clear(reply: FastifyReply): void {
    void reply.header('set-cookie', chunked(this.#names.session, '', { ...this.#attributes, maxAge: 0 }));
  }

  async writeAttempt(reply: FastifyReply, attempt: SignInAttempt): Promise<void> {
    const sealed = await this.seal.seal('sign-in-attempt', attempt, Math.floor(Date.now() / 1000) + attemptSeconds);
    const attributes = { ...this.#attributes, maxAge: attemptSeconds };
    void reply.header('set-cookie', setCookie(this.#names.attempt, sealed, attributes));
  }

  /** Once: the answer takes the cookie away. */
  async takeAttempt(request: FastifyRequest, reply: FastifyReply): Promise<SignInAttempt | undefined> {
    const sealed = cookiesIn(request.headers.cookie).get(this.#names.attempt);
    void reply.header('set-cookie', setCookie(this.#names.attempt, '', { ...this.#attributes, maxAge: 0 }));
    return sealed === undefined ? undefined : (await this.seal.open<SignInAttempt>('sign-in-attempt', sealed))?.value;
  }

  /** Lax: who follows a link in a mail is still signed in; what changes something is guarded by its own token. */
  get #attributes() {
    return { secure: this.config.isSecure, sameSite: 'Lax' as const };
  }
}
