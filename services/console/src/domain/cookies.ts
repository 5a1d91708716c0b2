/** Browsers take 4,096 bytes a cookie, its name and attributes included. */
const maxValue = 3_500;
/** Node takes 16 KiB of headers, and other cookies may be there. */
const maxChunks = 3;

export interface CookieAttributes {
  readonly secure: boolean;
  /** Seconds; 0 takes the cookie away */
  readonly maxAge: number;
  readonly sameSite: 'Lax' | 'Strict';
}

/** The cookies of a request by their names; of two with one name the first. Values of ours need no escapes. */
export function cookiesIn(header: string | undefined): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>();
  for (const pair of header?.split(';') ?? []) {
    const at = pair.indexOf('=');
    const name = pair.slice(0, at).trim();
    if (at > 0 && !cookies.has(name)) cookies.set(name, pair.slice(at + 1).trim());
  }
  return cookies;
}

/** A `Set-Cookie`, out of the reach of scripts, for this host alone. */
export const setCookie = (name: string, value: string, { secure, maxAge, sameSite }: CookieAttributes): string =>
  [
    `${name}=${value}`,
    ...['Path=/', 'HttpOnly', `SameSite=${sameSite}`, `Max-Age=${maxAge}`, ...(secure ? ['Secure'] : [])],
  ].join('; ');

/**
 * A value in as many cookies as it needs, `name.0`, `name.1`, …: tokens may be longer than one holds. Those that it does not need are
 * taken away, so that a shorter value is not read with the end of a longer one.
 * @returns undefined where it is too long for all of them
 */
export function chunked(name: string, value: string, attributes: CookieAttributes): readonly string[] | undefined {
  if (value.length > maxValue * maxChunks) return undefined;
  return Array.from({ length: maxChunks }, (_, n) => {
    const part = value.slice(n * maxValue, (n + 1) * maxValue);
    return setCookie(`${name}.${n}`, part, part === '' ? { ...attributes, maxAge: 0 } : attributes);
  });
}

/** What {@link chunked} put in; undefined where it is not there. */
export function joined(name: string, cookies: ReadonlyMap<string, string>): string | undefined {
  let value = '';
  for (let n = 0; n < maxChunks; n++) value += cookies.get(`${name}.${n}`) ?? '';
  return value === '' ? undefined : value;
}
