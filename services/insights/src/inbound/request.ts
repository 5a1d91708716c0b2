import { requestValidatorOf } from '@closeloop/contracts';
import { invalid, Problem } from '@closeloop/platform';
import { isUuid } from './metric-question.js';

/** A reader of request bodies of one class: gives the body, or throws the problem `invalid` with every violation. */
export function bodyOf<T extends object>(dataClass: new () => T): (body: unknown) => T {
  const violationsOf = requestValidatorOf(dataClass);
  return (body) => {
    const violations = violationsOf(body ?? {});
    if (violations) throw new Problem('invalid', 'The body is not what this route takes.', { errors: violations });
    return (body ?? {}) as T;
  };
}

/** @throws Problem `not-found` for what cannot be an id */
export function idFrom(text: string, what: string): string {
  const id = text.toLowerCase();
  if (!isUuid(id)) throw new Problem('not-found', `There is no such ${what}.`);
  return id;
}

export const etagOf = (version: number): string => `"${version}"`;

/** The version that a command expects, out of `If-Match: "3"`. */
export function expectedVersionOf(header: string | undefined, what: string): number {
  if (header === undefined) {
    throw new Problem('if-match-missing', `Send If-Match with the version of the ${what} that you saw (its ETag).`);
  }
  const version = /^("?)([1-9]\d{0,8})\1$/.exec(header.trim())?.[2];
  if (version === undefined) throw invalid('', 'if-match', `If-Match must be the ETag of the ${what}, such as "3".`);
  return Number(version);
}

/** @throws Problem `invalid` for a parameter of the query that a list does not know */
export function assertKnown(query: Record<string, unknown>, known: readonly string[]): void {
  for (const name of Object.keys(query)) {
    if (!known.includes(name)) {
      throw invalid(`/${name}`, 'whitelistValidation', `There is no parameter ${name}: ${known.join(', ')}.`);
    }
  }
}
