import { requestValidatorOf } from '@closeloop/contracts';
import { invalid, Problem, type Principal } from '@closeloop/platform';
import { type Person } from '../domain/permission.js';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** A reader of request bodies of one class: gives the body, or throws the problem `invalid` with every violation;
 * NUL and lone surrogates, which Postgres holds in no text, are one. */
export function bodyOf<T extends object>(dataClass: new () => T): (body: unknown) => T {
  const violationsOf = requestValidatorOf(dataClass);
  return (body) => {
    const violations = violationsOf(body ?? {});
    if (violations) throw new Problem('invalid', 'The body is not what this route takes.', { errors: violations });
    return (body ?? {}) as T;
  };
}

/** The person who asks; the guard has let nobody else in on these routes. */
export function personOf(principal: Principal): Person {
  if (principal.kind !== 'person') throw new Problem('forbidden', 'This is for people, with a token.');
  return principal;
}

/** @throws Problem `not-found` for what cannot be the id of a loop */
export function loopIdFrom(text: string): string {
  const loopId = text.toLowerCase();
  if (!uuid.test(loopId)) throw new Problem('not-found', 'There is no such loop.');
  return loopId;
}

export const isUuid = (text: string): boolean => uuid.test(text.toLowerCase());

export const etagOf = (version: number): string => `"${version}"`;

/** The version that a command expects, out of `If-Match: "3"`. */
export function expectedVersionOf(header: string | undefined): number {
  if (header === undefined) {
    throw new Problem('if-match-missing', 'Send If-Match with the version of the loop that you saw (its ETag).');
  }
  const version = /^("?)([1-9]\d{0,8})\1$/.exec(header.trim())?.[2];
  if (version === undefined) throw invalid('', 'if-match', 'If-Match must be the ETag of a loop, such as "3".');
  return Number(version);
}

/** A parameter of the query, given once. */
export function oneOf(name: string, value: unknown): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  throw invalid('', name, `${name} may be given once.`);
}

const maxPage = 200;
const usualPage = 50;

/** `limit` of a list. */
export function limitOf(value: unknown): number {
  const text = oneOf('limit', value);
  if (text === undefined) return usualPage;
  const limit = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > maxPage) throw invalid('', 'limit', `limit is a number from 1 to ${maxPage}.`);
  return limit;
}

/** A parameter of a list, such as `state`: one of these or several, by commas. */
export function choicesOf<Choice extends string>(
  name: string,
  value: unknown,
  known: readonly Choice[],
): Choice[] | undefined {
  return oneOf(name, value)
    ?.split(',')
    .map((choice) => {
      if (known.includes(choice as Choice)) return choice as Choice;
      throw invalid('', name, `${name} is one or several of ${known.join(', ')}.`);
    });
}

/** Where a page of a list ended, as text that tells nobody anything. */
export const cursorOf = (at: Date, id: string): string =>
  Buffer.from(JSON.stringify([at.toISOString(), id])).toString('base64url');

export function placeOf(value: unknown): { at: Date; id: string } | undefined {
  const cursor = oneOf('cursor', value);
  if (cursor === undefined) return undefined;
  try {
    const [at, id] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as [string, string];
    if (isUuid(id) && !Number.isNaN(Date.parse(at))) return { at: new Date(at), id };
  } catch {
    // told below
  }
  throw invalid('', 'cursor', 'cursor is not one that this route gave.');
}

/** @throws Problem `invalid` for a parameter of the query that a list does not know */
export function assertKnown(query: Record<string, unknown>, known: readonly string[]): void {
  for (const name of Object.keys(query)) {
    if (!known.includes(name)) throw invalid('', name, `There is no filter ${name}.`);
  }
}
