import { Public } from '@closeloop/platform';
import { Controller, Get, Header, HttpCode, Post, Req, Res, UseGuards } from '@nestjs/common';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { ConsoleConfig } from '../console.config.js';
import { Issuer } from '../domain/issuer.js';
import { SessionCookie } from './session-cookie.js';
import { SessionGuard, sessionOf } from './session.guard.js';

/** Who is signed in, for the page: never with the token. */
@Controller('api')
@Public()
export class SessionController {
  constructor(
    private readonly cookie: SessionCookie,
    private readonly issuer: Issuer,
    private readonly config: ConsoleConfig,
  ) {}

  /** How one may sign in here, for who has not. */
  @Get('sign-in')
  @Header('cache-control', 'no-store')
  ways(): { issuer: boolean; links: boolean } {
    return { issuer: this.config.oidcClientId !== undefined, links: this.config.takesSignInLinks };
  }

  @Get('session')
  @Header('cache-control', 'no-store')
  @UseGuards(SessionGuard)
  session(@Req() request: FastifyRequest) {
    const { subject, name, roles, teams, csrf } = sessionOf(request);
    const { ingestionPublicUrl = this.config.ingestionUrl } = this.config;
    return { subject, ...(name !== undefined && { name }), roles, teams, csrf, ingestionUrl: ingestionPublicUrl };
  }

  /** The session is in the browser alone: with its cookie it is gone. `next`: where the issuer ends its own, where it has one. */
  @Post('sign-out')
  @HttpCode(200)
  @UseGuards(SessionGuard)
  async signOut(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<{ next: string }> {
    const { idToken } = sessionOf(request);
    this.cookie.clear(reply);
    const elsewhere = idToken === undefined ? undefined : await this.issuer.endUrl(idToken).catch(() => undefined);
    return { next: elsewhere ?? '/sign-in' };
  }
}
