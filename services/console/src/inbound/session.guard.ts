import { Problem } from '@closeloop/platform';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { Sessions } from '../application/sessions.js';
import { type Session } from '../domain/session.js';
import { SessionCookie } from './session-cookie.js';

const sessions = new WeakMap<FastifyRequest, Session>();

/** Of a request that {@link SessionGuard} has let in. */
export const sessionOf = (request: FastifyRequest): Session => sessions.get(request)!;

/** Lets in who is signed in; what changes something must come from a page of ours, and say so by the session's token. */
@Injectable()
export class SessionGuard implements CanActivate {
  constructor(
    private readonly cookie: SessionCookie,
    private readonly sessions: Sessions,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const session = await this.cookie.read(request, http.getResponse<FastifyReply>());
    if (!session) throw new Problem('unauthenticated', 'Nobody is signed in, or the session is over.');
    if (request.method !== 'GET' && request.method !== 'HEAD') this.#assertFromPage(request, session);
    sessions.set(request, session);
    return true;
  }

  #assertFromPage({ headers }: FastifyRequest, session: Session): void {
    const site = headers['sec-fetch-site'];
    if ((site === undefined || site === 'same-origin') && this.sessions.isFromPage(session, headers['x-csrf-token'])) {
      return;
    }
    throw new Problem(
      'forbidden',
      'This does not come from a page of this console: x-csrf-token is not as it must be.',
    );
  }
}
