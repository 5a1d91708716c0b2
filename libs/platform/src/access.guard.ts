import { type CanActivate, type ExecutionContext, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { ModuleRef, Reflector } from '@nestjs/core';
import { type FastifyRequest } from 'fastify';

import { ACCESS, type Access, API_KEY_VERIFIER, type ApiKeyVerifier, type Principal, setPrincipal } from './access.js';
import { Problem } from './problem.js';
import { TokenVerifier } from './token-verifier.js';

/** Denied unless allowed: a route says by decorator who may, and one that says nothing lets nobody in. */
@Injectable()
export class AccessGuard implements CanActivate, OnApplicationBootstrap {
  #keys: ApiKeyVerifier | undefined;

  constructor(
    private readonly reflector: Reflector,
    private readonly modules: ModuleRef,
    private readonly tokens: TokenVerifier,
  ) {}

  onApplicationBootstrap(): void {
    try {
      this.#keys = this.modules.get<ApiKeyVerifier>(API_KEY_VERIFIER, { strict: false });
    } catch {
      this.#keys = undefined;
    }
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    // What comes from Kafka was let in by the broker's own access rules.
    if (context.getType() !== 'http') return true;
    const access =
      this.reflector.getAllAndOverride<Access | undefined>(ACCESS, [context.getHandler(), context.getClass()]) ?? {};
    if (access.everybody === true) return true;

    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const principal = await this.identify(request);
    if (!isAllowed(access, principal)) {
      throw new Problem('forbidden', neededFor(access), {
        headers: { 'www-authenticate': 'Bearer realm="closeloop", error="insufficient_scope"' },
      });
    }
    setPrincipal(request, principal);
    return true;
  }

  private async identify(request: FastifyRequest): Promise<Principal> {
    const header = request.headers.authorization;
    if (header === undefined) throw unauthenticated('Send an API key or a token: "Authorization: Bearer …".');
    const credential = /^Bearer +([\w.~+/=-]+) *$/i.exec(header)?.[1];
    if (credential === undefined)
      throw unauthenticated('The Authorization header is not "Bearer" and a key or token.', true);
    return credential.startsWith('clk_') ? this.identifyConnector(credential) : this.identifyPerson(credential);
  }

  private async identifyConnector(key: string): Promise<Principal> {
    if (!this.#keys) throw unauthenticated('This service is for people, with a token; it takes no API keys.', true);
    const known = await this.#keys.verify(key);
    if (known === undefined) throw unauthenticated('The API key is not known, or was revoked.', true);
    return { kind: 'connector', keyId: known.keyId, source: known.source };
  }

  private async identifyPerson(token: string): Promise<Principal> {
    const verified = await this.tokens.verify(token);
    if (verified.kind === 'refused') throw unauthenticated(verified.reason, true);
    return verified.principal;
  }
}

function isAllowed(access: Access, principal: Principal): boolean {
  if (principal.kind === 'connector') return access.connectors === true;
  return principal.roles.some((role) => access.people?.includes(role));
}

const neededFor = ({ people, connectors }: Access): string =>
  people
    ? `This needs the role ${people.join(' or ')}.`
    : connectors
      ? 'This is for connectors.'
      : 'This is not for you.';

function unauthenticated(detail: string, invalidToken = false): Problem {
  const challenge = `Bearer realm="closeloop"${invalidToken ? ', error="invalid_token"' : ''}`;
  return new Problem('unauthenticated', detail, { headers: { 'www-authenticate': challenge } });
}
