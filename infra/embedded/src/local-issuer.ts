import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, SignJWT, type JWK } from 'jose';
import { listenOrExplain } from './port.js';

/** Claims of a person's token; `sub` defaults to `local-developer`, lists to empty. */
export interface LocalClaims {
  readonly sub?: string;
  readonly roles?: readonly string[];
  readonly teams?: readonly string[];
  readonly [claim: string]: unknown;
}

export interface LocalIssuerOptions {
  /** Folder of the signing key, so that tokens outlive a restart; without it the key lives in memory. */
  readonly dataDir?: string;
  /** 0 (the default) takes a free port. */
  readonly port?: number;
  /** Default `closeloop`. */
  readonly audience?: string;
  /** Named in the message about a port that is taken. */
  readonly portVariable?: string;
}

export interface LocalIssuer {
  /** The `iss` of its tokens; `<issuer>/.well-known/openid-configuration` answers there. */
  readonly issuer: string;
  readonly audience: string;
  /** A signed token; `lifetime` as jose reads it ("8h"), default 12 hours. */
  token(claims?: LocalClaims, lifetime?: string): Promise<string>;
  stop(): Promise<void>;
}

const ALGORITHM = 'ES256';

/** An OpenID issuer for development and specs: discovery and keys over http on loopback, tokens from this process only.
 * Anyone on this machine who can start it can be anybody, so it refuses to run where NODE_ENV is production. */
export async function startLocalIssuer(options: LocalIssuerOptions = {}): Promise<LocalIssuer> {
  if (process.env['NODE_ENV'] === 'production') {
    throw new Error(
      'The local issuer signs tokens for anyone and does not run in production: set OIDC_ISSUER instead.',
    );
  }
  const audience = options.audience ?? 'closeloop';
  const key = options.dataDir === undefined ? await newKey() : await keptKey(options.dataDir);
  const publicJwk: JWK = { kty: key.kty, crv: key.crv, x: key.x, y: key.y, kid: key.kid, alg: ALGORITHM, use: 'sig' };
  let issuer = '';

  const server = createServer((request, response) => {
    const documents: Record<string, () => object> = {
      '/.well-known/openid-configuration': () => ({
        issuer,
        jwks_uri: `${issuer}/.well-known/jwks.json`,
        response_types_supported: ['id_token'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: [ALGORITHM],
      }),
      '/.well-known/jwks.json': () => ({ keys: [publicJwk] }),
    };
    const document = request.method === 'GET' ? documents[request.url ?? ''] : undefined;
    response.writeHead(document ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(document?.() ?? { error: 'not found' }));
  });
  server.keepAliveTimeout = 1000;
  await listenOrExplain(server, options.port ?? 0, options.portVariable);
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    issuer,
    audience,
    token: (claims, lifetime) => sign(key, { issuer, audience }, claims, lifetime),
    stop: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
}

/** A token of the local issuer that runs elsewhere on this machine with that data folder. */
export async function signLocalToken(
  { dataDir, issuer, audience = 'closeloop' }: { dataDir: string; issuer: string; audience?: string },
  claims: LocalClaims,
  lifetime?: string,
): Promise<string> {
  return sign(await keptKey(dataDir), { issuer, audience }, claims, lifetime);
}

async function sign(
  key: JWK,
  { issuer, audience }: { issuer: string; audience: string },
  { sub = 'local-developer', roles = [], teams = [], ...rest }: LocalClaims = {},
  lifetime = '12h',
): Promise<string> {
  return new SignJWT({ ...rest, roles, teams })
    .setProtectedHeader({ alg: ALGORITHM, kid: key.kid!, typ: 'JWT' })
    .setSubject(sub)
    .setIssuer(issuer)
    .setAudience(audience)
    .setIssuedAt()
    .setJti(randomUUID())
    .setExpirationTime(lifetime)
    .sign(await importJWK(key, ALGORITHM));
}

async function newKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  const jwk = await exportJWK(privateKey);
  return { ...jwk, kid: await calculateJwkThumbprint(jwk) };
}

async function keptKey(dataDir: string): Promise<JWK> {
  const file = join(dataDir, 'key.jwk.json');
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const kept = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (kept !== undefined) return JSON.parse(kept) as JWK;
  const key = await newKey();
  // Renamed into place, so that a kill leaves the whole key or none.
  await writeFile(`${file}.new`, JSON.stringify(key), { mode: 0o600 });
  await rename(`${file}.new`, file);
  return key;
}
