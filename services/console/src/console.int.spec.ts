import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { freePorts, startLocalIssuer, type LocalIssuer } from '@closeloop/embedded';
import { createService, type RunningService } from '@closeloop/platform';
import { request, type Server } from 'node:http';
import { Browser, builtPage, startBackend, stopServer } from './console.fixture.js';
import { ConsoleModule } from './console.module.js';

const secrets = ['a-first-secret-of-32-characters-..', 'another-one-of-32-characters-......'] as const;

let issuer: LocalIssuer;
let backend: Awaited<ReturnType<typeof startBackend>>;
let page: Awaited<ReturnType<typeof builtPage>>;
let service: RunningService;
/** Where nothing listens */
let nowhere: string;

const start = async (env: Record<string, string> = {}): Promise<RunningService> =>
  createService('console', ConsoleModule, {
    env: {
      ...{ CONSOLE_PORT: '0', OIDC_ISSUER: issuer.issuer, CONSOLE_SESSION_SECRET: secrets[0] },
      ...{ CONSOLE_WEB_FOLDER: page.folder, LOOP_URL: backend.url, INSIGHTS_URL: backend.url },
      ...{ ROUTING_URL: nowhere, CONSOLE_SERVICE_TIMEOUT_SECONDS: '1' },
      ...env,
    },
    logger: false,
  });

beforeAll(async () => {
  [issuer, backend, page] = await Promise.all([startLocalIssuer(), startBackend(), builtPage()]);
  nowhere = `http://127.0.0.1:${(await freePorts(1))[0]}`;
  service = await start();
});
afterAll(async () => {
  await service.close();
  await Promise.all([stopServer(backend.server), issuer.stop(), page.remove()]);
});

const person = { sub: 'ann', roles: ['agent'], teams: ['support'], name: 'Ann' };

async function linkFor(token: string, at = service): Promise<string> {
  const response = await fetch(`${at.url}/api/sign-in-links`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
  });
  return ((await response.json()) as { path: string }).path;
}

async function signedIn(at = service): Promise<{ browser: Browser; csrf: string; token: string }> {
  const token = await issuer.token(person);
  const browser = new Browser(at.url);
  await browser.ask(await linkFor(token, at));
  const { csrf } = (await (await browser.ask('/api/session')).json()) as { csrf: string };
  return { browser, csrf, token };
}

const json = async (response: Response): Promise<Record<string, unknown>> => ({
  status: response.status,
  ...((await response.json()) as object),
});

describe('signing in by a link', () => {
  it('works once, and for a person’s token only', async () => {
    const path = await linkFor(await issuer.token(person));
    const first = await new Browser(service.url).ask(path);
    expect([first.status, first.headers.get('location')]).toEqual([303, '/']);
    const second = await new Browser(service.url).ask(path);
    expect([second.status, second.headers.get('location')]).toEqual([303, '/sign-in?failed=link-used']);
    expect(second.headers.getSetCookie()).toEqual([]);
    for (const authorization of [undefined, 'Bearer nonsense', `Bearer ${await issuer.token(person, '-1h')}`]) {
      const refused = await fetch(`${service.url}/api/sign-in-links`, {
        method: 'POST',
        headers: authorization === undefined ? {} : { authorization },
      });
      expect(refused.status).toBe(401);
    }
  });

  it('is not used up by what fetches ahead of a click', async () => {
    const path = await linkFor(await issuer.token(person));
    await new Browser(service.url).ask(path, { method: 'HEAD' });
    await new Browser(service.url).ask(path, { headers: { 'sec-purpose': 'prefetch' } });
    expect((await new Browser(service.url).ask(path)).headers.get('location')).toBe('/');
  });

  it('can be off, and is in production', async () => {
    const other = await start({ CONSOLE_SIGN_IN_LINKS: 'false' });
    try {
      const response = await fetch(`${other.url}/api/sign-in-links`, {
        method: 'POST',
        headers: { authorization: `Bearer ${await issuer.token(person)}` },
      });
      expect(await json(response)).toMatchObject({ status: 403, type: 'urn:closeloop:forbidden' });
    } finally {
      await other.close();
    }
  });
});

describe('a session', () => {
  it('is a cookie that no script reads, and never shows the token', async () => {
    const { browser, token } = await signedIn();
    const entered = await new Browser(service.url).ask(await linkFor(token));
    for (const cookie of entered.headers.getSetCookie().filter((line) => !/max-age=0\b/i.test(line))) {
      expect(cookie).toMatch(/^closeloop\.\d=[\w.-]+; Path=\/; HttpOnly; SameSite=Lax; Max-Age=\d+$/);
    }
    const session = await browser.ask('/api/session');
    const body = await session.text();
    expect(JSON.parse(body)).toMatchObject({ subject: 'ann', name: 'Ann', roles: ['agent'], teams: ['support'] });
    const passed = await browser.ask('/api/loop/v1/loops');
    const everything = [body, await passed.text(), browser.cookies, ...session.headers, ...passed.headers].join('\n');
    // its payload, too: a cookie that is only encoded would have it
    for (const part of token.split('.').slice(1)) expect(everything).not.toContain(part);
  });

  it('goes over https alone where the console has such an address', async () => {
    const other = await start({ CONSOLE_PUBLIC_URL: 'https://console.example' });
    try {
      const entered = await new Browser(other.url).ask(await linkFor(await issuer.token(person), other));
      const [cookie] = entered.headers.getSetCookie();
      expect(cookie).toMatch(/^__Host-closeloop\.0=.*; Secure$/);
      expect(entered.headers.get('strict-transport-security')).toMatch(/^max-age=\d+/);
    } finally {
      await other.close();
    }
  });

  it('is nobody’s when it was changed, and outlives a change of the secret', async () => {
    const { browser } = await signedIn();
    const cookies = browser.cookies;
    const forged = new Browser(service.url);
    // the first character of the tag: some bits of its last one mean nothing
    forged.cookies = cookies.replace(/[\w-](?=[\w-]*$)/, (first) => (first === 'A' ? 'B' : 'A'));
    expect(forged.cookies).not.toBe(cookies);
    expect((await forged.ask('/api/session')).status).toBe(401);

    const rotated = await start({ CONSOLE_SESSION_SECRET: `${secrets[1]},${secrets[0]}` });
    const replaced = await start({ CONSOLE_SESSION_SECRET: secrets[1] });
    try {
      const kept = new Browser(rotated.url);
      kept.cookies = cookies;
      expect((await kept.ask('/api/session')).status).toBe(200);
      // sealed anew, so that the old secret can go
      const after = new Browser(replaced.url);
      after.cookies = kept.cookies;
      expect((await after.ask('/api/session')).status).toBe(200);
      after.cookies = cookies;
      expect((await after.ask('/api/session')).status).toBe(401);
    } finally {
      await Promise.all([rotated.close(), replaced.close()]);
    }
  });

  it('ends by signing out, and when a service does not know the person any more', async () => {
    const { browser, csrf } = await signedIn();
    const out = await browser.ask('/api/sign-out', { method: 'POST', headers: { 'x-csrf-token': csrf } });
    expect(await json(out)).toEqual({ status: 200, next: '/sign-in' });
    expect((await browser.ask('/api/session')).status).toBe(401);

    const other = await signedIn();
    expect((await other.browser.ask('/api/loop/v1/follow-ups')).status).toBe(401);
    expect((await other.browser.ask('/api/session')).status).toBe(401);
  });
});

describe('the services behind it', () => {
  it('are asked with the person’s token, and only what belongs to the question', async () => {
    const { browser, csrf, token } = await signedIn();
    const answer = await browser.ask('/api/loop/v1/loops/1/acknowledge?x=%2F', {
      method: 'POST',
      headers: {
        'x-csrf-token': csrf,
        'if-match': '"3"',
        'content-type': 'application/json',
        'x-forwarded-for': '1.2.3.4',
      },
      body: '{"a":"ü"}',
    });
    expect(await json(answer)).toEqual({ status: 200, method: 'POST', url: '/v1/loops/1/acknowledge?x=%2F' });
    expect([answer.headers.get('etag'), answer.headers.get('cache-control')]).toEqual(['"7"', 'no-store']);
    expect(answer.headers.getSetCookie()).toEqual([]);
    const { headers, body } = backend.heard.at(-1)!;
    expect({ body, of: headers.authorization, version: headers['if-match'] }).toEqual({
      ...{ body: '{"a":"ü"}', of: `Bearer ${token}`, version: '"3"' },
    });
    expect([headers.cookie, headers['x-csrf-token'], headers['x-forwarded-for']]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('are asked by who is signed in', async () => {
    expect((await fetch(`${service.url}/api/loop/v1/loops`)).status).toBe(401);
    const bearer = { authorization: `Bearer ${await issuer.token(person)}` };
    expect((await fetch(`${service.url}/api/loop/v1/loops`, { headers: bearer })).status).toBe(401);
  });

  it.each([
    ['without the token', {}],
    ['with another one', { 'x-csrf-token': 'x'.repeat(32) }],
    ['from another site', { 'x-csrf-token': 'its own', 'sec-fetch-site': 'cross-site' }],
  ])('are not changed by a request %s', async (_what, headers: Record<string, string>) => {
    const { browser, csrf } = await signedIn();
    const before = backend.heard.length;
    const said = { ...headers, ...(headers['x-csrf-token'] === 'its own' && { 'x-csrf-token': csrf }) };
    const refused = await browser.ask('/api/loop/v1/loops/1/acknowledge', { method: 'POST', headers: said });
    expect(await json(refused)).toMatchObject({ status: 403, type: 'urn:closeloop:forbidden' });
    expect((await browser.ask('/api/sign-out', { method: 'POST', headers: said })).status).toBe(403);
    expect(backend.heard.length).toBe(before);
  });

  it.each([
    ['GET', '/api/loop/metrics'],
    ['GET', '/api/loop/health/ready'],
    ['GET', '/api/loop/v1/loops/../../metrics'],
    ['GET', '/api/loop/v1/loops/%2e%2e/%2e%2e/metrics'],
    ['GET', '/api/loop/v1/loops/..%2f..%2fmetrics'],
    ['GET', '/api/loop//example.org/v1/loops'],
    ['DELETE', '/api/loop/v1/loops/1'],
    ['POST', '/api/ingestion/v1/feedback'],
    ['GET', '/api/kafka/v1/loops'],
    ['GET', '/api/constructor/v1/loops'],
  ])('are not asked %s %s', async (method, path) => {
    const { browser, csrf } = await signedIn();
    const before = backend.heard.length;
    // fetch itself would resolve the dots
    const { port } = new URL(service.url);
    const status = await new Promise<number | undefined>((resolve, reject) => {
      request({ port, method, path, headers: { cookie: browser.cookies, 'x-csrf-token': csrf } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect([status, backend.heard.length]).toEqual([404, before]);
  });

  it('may be away, or late, and that is said', async () => {
    const { browser } = await signedIn();
    expect(await json(await browser.ask('/api/routing/v1/teams'))).toMatchObject({
      ...{ status: 502, type: 'urn:closeloop:bad-gateway', service: 'routing' },
    });
    expect(await json(await browser.ask('/api/loop/v1/sla-settings'))).toMatchObject({
      ...{ status: 504, type: 'urn:closeloop:gateway-timeout', service: 'loop' },
    });
  });

  it('send events as they happen, and are left when nobody listens', async () => {
    const { browser } = await signedIn();
    const leaving = new AbortController();
    const stream = await browser.ask('/api/insights/v1/changes', { signal: leaving.signal });
    expect(stream.headers.get('content-type')).toBe('text/event-stream');
    const { value } = await stream.body!.getReader().read();
    expect(Buffer.from(value!).toString()).toBe('event: loop\ndata: {}\n\n');
    leaving.abort();
    await backend.left;
  });
});

describe('the page', () => {
  it('is one document with a strict policy, and a nonce that is never the same', async () => {
    const documents = await Promise.all(
      ['/', '/inbox/some-loop?state=open', '/sign-in'].map(async (path) => {
        const response = await fetch(service.url + path);
        return { policy: response.headers.get('content-security-policy')!, text: await response.text(), response };
      }),
    );
    for (const { policy, text, response } of documents) {
      const nonce = /'nonce-([\w-]{22})'/.exec(policy)?.[1];
      expect(text).toContain(`nonce="${nonce}"`);
      expect(policy.replace(nonce!, 'N')).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-N'; img-src 'self' data: blob:; font-src 'self'; " +
          "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
      );
      expect(Object.fromEntries(response.headers)).toMatchObject({
        ...{ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' },
        'x-frame-options': 'DENY',
      });
    }
    expect(new Set(documents.map(({ policy }) => policy)).size).toBe(documents.length);
  });

  it('has files that stay, packed for who takes it, and no page in place of one that is gone', async () => {
    const packed = await fetch(`${service.url}/assets/index-abc.js`, { headers: { 'accept-encoding': 'identity' } });
    expect([await packed.text(), packed.headers.get('cache-control')]).toEqual([
      'plain',
      'public, max-age=31536000, immutable',
    ]);
    const [coding, bytes] = await new Promise<[string | undefined, string]>((resolve, reject) => {
      request(`${service.url}/assets/index-abc.js`, { headers: { 'accept-encoding': 'gzip, br' } }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (part: string) => (body += part));
        response.on('end', () => resolve([response.headers['content-encoding'], body]));
      })
        .on('error', reject)
        .end();
    });
    expect([coding, bytes]).toEqual(['br', 'packed']);
    for (const path of ['/assets/index-old.js', '/index.html', '/api/nothing']) {
      expect((await fetch(service.url + path)).status).toBe(404);
    }
  });
});

describe('signing in at the issuer', () => {
  it('goes there and back by authorization code with PKCE, once, and to no other site afterwards', async () => {
    const [issuerPort, consolePort] = await freePorts(2);
    const publicUrl = `http://127.0.0.1:${consolePort}`;
    const provider = await startProvider(issuerPort!, `${publicUrl}/sign-in/callback`);
    const other = await start({
      ...{ CONSOLE_PORT: String(consolePort), CONSOLE_PUBLIC_URL: publicUrl, OIDC_ISSUER: provider.issuer },
      ...{ CONSOLE_OIDC_CLIENT_ID: 'console', CONSOLE_OIDC_RESOURCE: 'urn:closeloop' },
    });
    try {
      const browser = new Browser(publicUrl);
      const toIssuer = await browser.ask('/sign-in/start?return=/inbox?state=open');
      const asked = new URL(toIssuer.headers.get('location')!);
      expect(Object.fromEntries(asked.searchParams)).toMatchObject({
        ...{ response_type: 'code', code_challenge_method: 'S256', client_id: 'console' },
      });
      const back = await provider.signIn(asked);
      const entered = await browser.ask(back);
      expect([entered.status, entered.headers.get('location')]).toEqual([303, '/inbox?state=open']);
      expect(await json(await browser.ask('/api/session'))).toMatchObject({
        status: 200,
        subject: 'ann',
        teams: ['support'],
      });
      // a second time there is no attempt that it belongs to
      const again = await browser.ask(back);
      expect(again.headers.get('location')).toBe('/sign-in?failed=begin-again');

      await browser.ask('/sign-in/start?return=//example.org');
      const denied = await browser.ask('/sign-in/callback?error=access_denied&state=x');
      expect(denied.headers.get('location')).toBe('/sign-in?failed=refused');
    } finally {
      await other.close();
      await provider.stop();
    }
  });
});

/** A certified provider with one client, and people who are whoever they say. */
async function startProvider(port: number, redirectUri: string) {
  // it says of each of its defaults that it is one
  for (const said of ['warn', 'info'] as const) jest.spyOn(console, said).mockImplementation(() => undefined);
  const { Provider } = await import('oidc-provider');
  const url = `http://127.0.0.1:${port}`;
  const provider = new Provider(url, {
    clients: [
      {
        ...{ client_id: 'console', token_endpoint_auth_method: 'none', redirect_uris: [redirectUri] },
        grant_types: ['authorization_code', 'refresh_token'],
      },
    ],
    scopes: ['openid', 'profile', 'offline_access'],
    findAccount: (_context: unknown, sub: string) => ({ accountId: sub, claims: () => ({ sub }) }),
    extraTokenClaims: () => ({ roles: ['agent'], teams: ['support'] }),
    features: {
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({ scope: '', audience: 'closeloop', accessTokenFormat: 'jwt' as const }),
        useGrantedResource: () => true,
      },
    },
  });
  const server = await new Promise<Server>((resolve) => {
    const listening = provider.listen(port, '127.0.0.1', () => resolve(listening));
  });
  return {
    issuer: url,
    stop: () => stopServer(server),
    /** Through the provider's pages as a person would. @returns where it sends the browser back to */
    async signIn(asked: URL): Promise<string> {
      const browser = new Browser(url);
      let next = asked.href;
      for (let step = 0; step < 12 && !next.startsWith(redirectUri); step++) {
        const response = await browser.ask(next);
        const location = response.headers.get('location');
        if (location !== null) {
          next = new URL(location, url).href;
          continue;
        }
        const form = await response.text();
        const prompt = /name="prompt" value="(\w+)"/.exec(form)?.[1];
        const answered = await browser.ask(next, {
          method: 'POST',
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          body: new URLSearchParams({ prompt: prompt ?? '', login: 'ann', password: 'x' }).toString(),
        });
        next = new URL(answered.headers.get('location')!, url).href;
      }
      return next;
    },
  };
}
