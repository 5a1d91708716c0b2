import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, Module, Post } from '@nestjs/common';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';

import {
  API_KEY_VERIFIER,
  type ApiKeyVerifier,
  createService,
  CurrentPrincipal,
  ForConnectors,
  ForPeople,
  type Principal,
  Public,
  type RunningService,
} from './index.js';

jest.setTimeout(60_000);

const KNOWN_KEY = 'clk_1_right';
const KEY_WHILE_STORE_IS_AWAY = 'clk_2_away';

const keys: ApiKeyVerifier = {
  verify: (key) => {
    if (key === KEY_WHILE_STORE_IS_AWAY) {
      return Promise.reject(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }));
    }
    return Promise.resolve(key === KNOWN_KEY ? { keyId: '1', source: 'shop' } : undefined);
  },
};

@Controller('doors')
class DoorsController {
  @Get('unmarked')
  unmarked() {
    return {};
  }

  @Post('unmarked')
  unmarkedPost() {
    return {};
  }

  @Public()
  @Get('public')
  open() {
    return {};
  }

  @ForConnectors()
  @Get('connectors')
  connectors(@CurrentPrincipal() principal: Principal) {
    return principal;
  }

  @ForPeople('manager', 'admin')
  @Get('managers')
  managers(@CurrentPrincipal() principal: Principal) {
    return principal;
  }

  @ForPeople()
  @Get('people')
  people(@CurrentPrincipal() principal: Principal) {
    return principal;
  }

  @ForConnectors()
  @ForPeople('agent')
  @Get('both')
  both(@CurrentPrincipal() principal: Principal) {
    return principal;
  }
}

@ForPeople('admin')
@Controller('offices')
class OfficesController {
  @Get('inner')
  inner() {
    return {};
  }

  @ForConnectors()
  @Get('hatch')
  hatch() {
    return {};
  }
}

@Module({
  controllers: [DoorsController, OfficesController],
  providers: [{ provide: API_KEY_VERIFIER, useValue: keys }],
})
class DoorsModule {}

@Module({ controllers: [DoorsController] })
class DoorsWithoutKeysModule {}

type KeyPair = Awaited<ReturnType<typeof generateKeyPair>>;

/** An OpenID issuer that can be counted and taken away. */
class Issuer {
  asked = 0;
  #server: Server | undefined;
  #port = 0;
  #pairs = new Map<string, KeyPair>();

  static async start(): Promise<Issuer> {
    const issuer = new Issuer();
    await issuer.addKey('first');
    await issuer.listen();
    return issuer;
  }

  get address(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async addKey(kid: string): Promise<void> {
    this.#pairs.set(kid, await generateKeyPair('ES256', { extractable: true }));
  }

  async listen(): Promise<void> {
    const server = createServer((request, response) => {
      this.asked++;
      void (async () => {
        response.setHeader('content-type', 'application/json');
        if (request.url === '/.well-known/openid-configuration') {
          response.end(JSON.stringify({ issuer: this.address, jwks_uri: `${this.address}/keys` }));
        } else {
          const jwks = [...this.#pairs].map(async ([kid, pair]) => ({
            ...(await exportJWK(pair.publicKey)),
            kid,
            alg: 'ES256',
            use: 'sig',
          }));
          response.end(JSON.stringify({ keys: await Promise.all(jwks) }));
        }
      })();
    });
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  /** A token that everything accepts, but for what is changed. */
  async token(
    claims: JWTPayload = {},
    { kid = 'first', by = kid }: { kid?: string; by?: string } = {},
  ): Promise<string> {
    const pair = this.#pairs.get(by) ?? (await generateKeyPair('ES256'));
    const now = Math.floor(Date.now() / 1000);
    const all: JWTPayload = {
      iss: this.address,
      aud: 'closeloop',
      sub: 'jo',
      iat: now,
      exp: now + 600,
      roles: ['manager'],
      teams: ['billing'],
      ...claims,
    };
    return new SignJWT(JSON.parse(JSON.stringify(all)) as JWTPayload)
      .setProtectedHeader({ alg: 'ES256', kid })
      .sign(pair.privateKey);
  }
}

describe('who may', () => {
  let issuer: Issuer;
  let service: RunningService;
  const quiet = { DOORS_PORT: '0', LOG_LEVEL: 'fatal' };

  beforeAll(async () => {
    issuer = await Issuer.start();
    service = await createService('doors', DoorsModule, { env: { ...quiet, OIDC_ISSUER: issuer.address } });
  });
  afterAll(async () => {
    await service.close();
    await issuer.stop();
  });

  async function knock(path: string, credential?: string, init: RequestInit = {}, at: RunningService = service) {
    const headers = { ...(init.headers as object), ...(credential === undefined ? {} : { authorization: credential }) };
    const response = await fetch(at.url + path, { ...init, headers });
    const body = (await response.json()) as Record<string, unknown>;
    return { status: response.status, body, headers: response.headers };
  }
  const bearer = (token: string) => `Bearer ${token}`;
  const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;

  const key = () => Promise.resolve(bearer(KNOWN_KEY));
  const person =
    (roles: unknown, rest: JWTPayload = {}) =>
    async () =>
      bearer(await issuer.token({ roles, ...rest }));

  it.each<[string, string, (() => Promise<string>) | undefined, number]>([
    ['a route that says nothing, to nobody known', '/doors/unmarked', undefined, 401],
    ['a route that says nothing, to a connector', '/doors/unmarked', key, 403],
    ['a route that says nothing, to an admin', '/doors/unmarked', person(['admin']), 403],
    ['a public route, to anybody', '/doors/public', undefined, 200],
    ['a public route, to a bad key', '/doors/public', () => Promise.resolve('Bearer clk_x_y'), 200],
    ['a connectors’ route, to nobody known', '/doors/connectors', undefined, 401],
    ['a connectors’ route, to its key', '/doors/connectors', key, 200],
    [
      'a connectors’ route, to a revoked or unknown key',
      '/doors/connectors',
      () => Promise.resolve('Bearer clk_1_wrong'),
      401,
    ],
    ['a connectors’ route, to an admin', '/doors/connectors', person(['admin']), 403],
    ['a managers’ route, to a manager', '/doors/managers', person(['manager']), 200],
    ['a managers’ route, to an agent', '/doors/managers', person(['agent']), 403],
    ['a managers’ route, to a role of somebody else’s making', '/doors/managers', person(['superuser']), 403],
    ['a managers’ route, to roles that are no list', '/doors/managers', person({ manager: true }), 403],
    ['a managers’ route, to a connector', '/doors/managers', key, 403],
    ['a people’s route, to an agent', '/doors/people', person(['agent']), 200],
    ['a people’s route, to somebody without a role', '/doors/people', person([]), 403],
    ['a route of both, to a connector', '/doors/both', key, 200],
    ['a route of both, to an agent', '/doors/both', person(['agent']), 200],
    ['a route of both, to a manager', '/doors/both', person(['manager']), 403],
    ['a controller’s rule, to an admin', '/offices/inner', person(['admin']), 200],
    ['a controller’s rule, to a connector', '/offices/inner', key, 403],
    ['a method’s own rule instead, to a connector', '/offices/hatch', key, 200],
    ['a method’s own rule instead, to an admin', '/offices/hatch', person(['admin']), 403],
  ])('%s', async (_name, path, credential, status) => {
    const answer = await knock(path, await credential?.());
    expect(answer.status).toBe(status);
    if (status >= 400) {
      expect(answer.headers.get('content-type')).toBe('application/problem+json');
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer realm="closeloop"/);
      expect(answer.body.type).toBe(status === 401 ? 'urn:closeloop:unauthenticated' : 'urn:closeloop:forbidden');
    }
  });

  it.each<[string, () => Promise<string>]>([
    ['expired', () => issuer.token({ exp: inSeconds(-60) })],
    ['not valid yet', () => issuer.token({ nbf: inSeconds(120) })],
    ['without an end', () => issuer.token({ exp: undefined })],
    ['for another audience', () => issuer.token({ aud: 'other' })],
    ['without an audience', () => issuer.token({ aud: undefined })],
    ['of another issuer', () => issuer.token({ iss: 'https://other.example' })],
    ['for nobody', () => issuer.token({ sub: undefined })],
    ['for an empty subject', () => issuer.token({ sub: '' })],
    ['signed by another key of that name', () => issuer.token({}, { by: 'a stranger’s' })],
    ['signed by a key that the issuer does not have', () => issuer.token({}, { kid: 'unknown' })],
    [
      'signed with a shared secret',
      () =>
        new SignJWT({ roles: ['admin'] })
          .setProtectedHeader({ alg: 'HS256', kid: 'first' })
          .setIssuer(issuer.address)
          .setAudience('closeloop')
          .setSubject('jo')
          .setExpirationTime('10m')
          .sign(new TextEncoder().encode('0123456789012345678901234567890123456789')),
    ],
    [
      'not signed at all',
      async () => {
        const [, claims] = (await issuer.token()).split('.');
        return `${Buffer.from('{"alg":"none"}').toString('base64url')}.${claims}.`;
      },
    ],
    [
      'with claims that were changed',
      async () => (await issuer.token()).replace(/\.([^.]+)\./, (_, claims: string) => `.${claims.slice(0, -4)}AAAA.`),
    ],
    ['that is no token', () => Promise.resolve('abc')],
  ])('not a token that is %s', async (_name, token) => {
    const answer = await knock('/doors/people', bearer(await token()));
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"');
  });

  it.each(['Basic am86cHc=', 'Bearer', 'Bearer a b', KNOWN_KEY])('not the Authorization "%s"', async (credential) => {
    expect((await knock('/doors/both', credential)).status).toBe(401);
  });

  it('bears clocks that differ by less than the tolerance', async () => {
    expect((await knock('/doors/people', bearer(await issuer.token({ exp: inSeconds(-10) })))).status).toBe(200);
  });

  it('tells the handler who it is', async () => {
    expect((await knock('/doors/connectors', bearer(KNOWN_KEY))).body).toEqual({
      kind: 'connector',
      keyId: '1',
      source: 'shop',
    });
    const token = await issuer.token({ roles: ['agent', 'wizard', 'manager'], teams: ['billing', 7] });
    expect((await knock('/doors/people', bearer(token))).body).toEqual({
      kind: 'person',
      subject: 'jo',
      roles: ['agent', 'manager'],
      teams: ['billing'],
    });
  });

  it('does not read the body of somebody it does not let in', async () => {
    const body = { method: 'POST', body: '{"no json', headers: { 'content-type': 'application/json' } };
    expect((await knock('/doors/unmarked', undefined, body)).status).toBe(401);
    expect((await knock('/doors/unmarked', bearer(KNOWN_KEY), body)).status).toBe(403);
  });

  it('reads the issuer’s keys once, not for each request', async () => {
    await knock('/doors/people', bearer(await issuer.token()));
    const before = issuer.asked;
    await Promise.all(Array.from({ length: 20 }, async () => knock('/doors/people', bearer(await issuer.token()))));
    expect(issuer.asked).toBe(before);
  });

  it('answers 503, not 401, when the store of the keys cannot be asked', async () => {
    const answer = await knock('/doors/connectors', bearer(KEY_WHILE_STORE_IS_AWAY));
    expect(answer).toMatchObject({ status: 503, body: { type: 'urn:closeloop:store-unavailable' } });
  });

  describe('with other settings', () => {
    async function withService<T>(
      env: Record<string, string>,
      module: new () => object,
      use: (at: RunningService) => Promise<T>,
    ) {
      const other = await createService('doors', module, { env: { ...quiet, ...env } });
      try {
        return await use(other);
      } finally {
        await other.close();
      }
    }

    it('refuses people when no issuer is set, and connectors when nothing checks keys', async () => {
      const token = await issuer.token();
      await withService({}, DoorsWithoutKeysModule, async (at) => {
        expect((await knock('/doors/people', bearer(token), {}, at)).status).toBe(401);
        expect((await knock('/doors/connectors', bearer(KNOWN_KEY), {}, at)).status).toBe(401);
        expect((await knock('/doors/public', undefined, {}, at)).status).toBe(200);
      });
    });

    it('answers 503 while the issuer is away, and lets people in when it is back', async () => {
      const away = await Issuer.start();
      const token = bearer(await away.token());
      await away.stop();
      await withService({ OIDC_ISSUER: away.address }, DoorsModule, async (at) => {
        const answer = await knock('/doors/people', token, {}, at);
        expect(answer).toMatchObject({ status: 503, body: { type: 'urn:closeloop:store-unavailable' } });
        expect(answer.headers.get('retry-after')).toBe('5');
        await away.listen();
        const deadline = Date.now() + 8_000;
        let status = 0;
        while (status !== 200 && Date.now() < deadline) {
          await new Promise((resolve) => setTimeout(resolve, 200));
          ({ status } = await knock('/doors/people', token, {}, at));
        }
        expect(status).toBe(200);
      });
      await away.stop();
    }, 20_000);

    it('finds roles and teams where the issuer keeps them', async () => {
      const env = {
        OIDC_ISSUER: issuer.address,
        OIDC_ROLES_CLAIM: 'realm_access.roles',
        OIDC_TEAMS_CLAIM: 'https://x/teams',
      };
      const token = await issuer.token({
        roles: undefined,
        realm_access: { roles: ['admin'] },
        'https://x/teams': ['eu'],
      });
      await withService(env, DoorsModule, async (at) => {
        expect((await knock('/doors/managers', bearer(token), {}, at)).body).toMatchObject({
          roles: ['admin'],
          teams: ['eu'],
        });
      });
    });

    it.each([
      ['http://id.example', undefined],
      ['https://localhost:4610', undefined],
      ['https://127.0.0.1:4610', undefined],
      ['https://id.example', 'http://id.example/keys'],
    ])('does not start in production with the issuer %s (keys %s)', async (address, jwks) => {
      const env = { ...quiet, NODE_ENV: 'production', OIDC_ISSUER: address, OIDC_JWKS_URI: jwks };
      await expect(createService('doors', DoorsModule, { env, logger: false })).rejects.toThrow(
        jwks === undefined ? 'OIDC_ISSUER' : 'OIDC_JWKS_URI',
      );
    });
  });
});
