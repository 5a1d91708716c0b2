import { ForPeople, Problem, Public } from '@closeloop/platform';
import { Controller, Get, Headers, HttpCode, Logger, Post, Query, Req, Res } from '@nestjs/common';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { OneTimeCodes } from '../application/one-time-codes.js';
import { Sessions } from '../application/sessions.js';
import { ConsoleConfig } from '../console.config.js';
import { Issuer, SignInRefused, type IssuedTokens } from '../domain/issuer.js';
import { returnPathOf } from '../domain/return-path.js';
import { PageDocument } from './page-document.js';
import { SessionCookie } from './session-cookie.js';

/** Why somebody is sent back to the page where one signs in; the page has the words. */
type Failure = 'link-used' | 'refused' | 'begin-again' | 'issuer-away' | 'too-large';

/** The ways in: a one-time link, or the issuer. */
@Controller()
export class SignInController {
  readonly #logger = new Logger('SignIn');

  constructor(
    private readonly codes: OneTimeCodes,
    private readonly sessions: Sessions,
    private readonly issuer: Issuer,
    private readonly cookie: SessionCookie,
    private readonly page: PageDocument,
    private readonly config: ConsoleConfig,
  ) {}

  /** A link for whoever has a person's token: `npm start` prints one. It works once. */
  @Post('api/sign-in-links')
  @HttpCode(201)
  @ForPeople()
  makeLink(@Headers('authorization') authorization: string): { path: string; expiresAt: Date } {
    if (!this.config.takesSignInLinks)
      throw new Problem('forbidden', 'CONSOLE_SIGN_IN_LINKS is off: sign in at the issuer.');
    const { code, until } = this.codes.make(authorization.replace(/^Bearer +/i, '').trim());
    return { path: `/sign-in?code=${code}`, expiresAt: until };
  }

  /** With the code of a link: signs in. Without: the page that says how to. */
  @Get('sign-in')
  @Public()
  async signIn(
    @Query('code') code: unknown,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    if (code === undefined) return this.page.send(reply);
    // what fetches ahead of a click must not use the link up
    if (request.method === 'HEAD' || request.headers['sec-purpose'] !== undefined) return this.page.send(reply);
    const token = typeof code === 'string' ? this.codes.take(code) : undefined;
    if (token === undefined) return this.#fail(reply, 'link-used');
    await this.#enter(reply, { token }, '/');
  }

  /** On to the issuer. */
  @Get('sign-in/start')
  @Public()
  async start(@Query('return') wanted: unknown, @Res() reply: FastifyReply): Promise<void> {
    if (this.config.oidcClientId === undefined) throw new Problem('not-found', 'CONSOLE_OIDC_CLIENT_ID is not set.');
    try {
      const { url, attempt } = await this.issuer.begin(returnPathOf(wanted));
      await this.cookie.writeAttempt(reply, attempt);
      this.#go(reply, url);
    } catch (error) {
      this.#logger.warn(`The issuer cannot be asked: ${String(error)}`);
      this.#fail(reply, 'issuer-away');
    }
  }

  /** And back. */
  @Get('sign-in/callback')
  @Public()
  async callback(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const attempt = await this.cookie.takeAttempt(request, reply);
    if (!attempt) return this.#fail(reply, 'begin-again');
    let issued: IssuedTokens;
    try {
      issued = await this.issuer.finish(new URL(request.url, this.config.publicUrl), attempt);
    } catch (error) {
      if (error instanceof SignInRefused) return this.#fail(reply, 'refused');
      this.#logger.warn(`The issuer cannot be asked: ${String(error)}`);
      return this.#fail(reply, 'issuer-away');
    }
    await this.#enter(reply, issued, attempt.returnTo);
  }

  async #enter(reply: FastifyReply, issued: IssuedTokens, to: string): Promise<void> {
    try {
      const written = await this.cookie.write(reply, await this.sessions.begin(issued));
      if (written) this.#go(reply, to);
      else this.#fail(reply, 'too-large');
    } catch (error) {
      if (!(error instanceof SignInRefused)) throw error;
      this.#logger.warn(`A token is not for this system: ${error.message}`);
      this.#fail(reply, 'refused');
    }
  }

  #fail(reply: FastifyReply, why: Failure): void {
    this.#go(reply, `/sign-in?failed=${why}`);
  }

  #go(reply: FastifyReply, to: string): void {
    void reply.code(303).header('location', to).header('cache-control', 'no-store').send();
  }
}
