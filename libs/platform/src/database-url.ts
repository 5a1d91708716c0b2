import { variableOf } from './configuration.js';
import { type Env, variablePrefixOf } from './environment.js';

/** A program that keeps its things in the database of the service that it belongs to. */
const HOMES: Readonly<Record<string, string>> = { rehearsal: 'routing' };

/**
 * Where a service's database is: `<SERVICE>_DATABASE_URL`, or the server of `DATABASE_URL` with the database
 * `<DATABASE_PREFIX><service>` (prefix `closeloop_`). A password in DATABASE_PASSWORD(_FILE) takes the place of the URL's.
 * @throws Error when neither is set or one is not a postgres:// URL; the value is never part of the message.
 */
export function databaseUrlOf(program: string, env: Env): string {
  const service = HOMES[program] ?? program;
  const own = `${variablePrefixOf(service)}_DATABASE_URL`;
  const ownUrl = variableOf(env, own);
  const serverUrl = variableOf(env, 'DATABASE_URL');
  const given = ownUrl ?? serverUrl;
  if (given === undefined) {
    throw new Error(`No database is configured for ${service}: set DATABASE_URL (a server) or ${own} (one database).`);
  }
  const url = parsed(given, ownUrl === undefined ? 'DATABASE_URL' : own);
  if (ownUrl === undefined) url.pathname = `/${encodeURIComponent((env.DATABASE_PREFIX || 'closeloop_') + service)}`;
  const password = variableOf(env, 'DATABASE_PASSWORD');
  if (password !== undefined) url.password = encodeURIComponent(password);
  if (decodeURIComponent(url.pathname.slice(1)) === '') throw new Error(`${own} names no database.`);
  return url.toString();
}

/** The database's name in such a URL. */
export function databaseNameOf(url: string): string {
  return decodeURIComponent(new URL(url).pathname.slice(1));
}

function parsed(text: string, variable: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^postgres(ql)?:$/.test(url.protocol)) {
    throw new Error(`${variable} is not a URL like postgres://user@host:5432/database.`);
  }
  return url;
}
