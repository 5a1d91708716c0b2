import { requestValidatorOf } from '@closeloop/contracts';
import { invalid, Problem } from '@closeloop/platform';

/** A reader of request bodies of one class: gives the body, or throws the problem `invalid` with every violation;
 * NUL and lone surrogates, which Postgres holds in no text, are one. */
export function bodyOf<T extends object>(dataClass: new () => T): (body: unknown) => T {
  const violationsOf = requestValidatorOf(dataClass);
  return (body) => {
    const violations = violationsOf(body);
    if (violations) throw new Problem('invalid', 'The body is not what this route takes.', { errors: violations });
    return body as T;
  };
}

/** @throws Problem `invalid` for none or for more than so many. */
export function atMost(max: number, items: readonly unknown[]): void {
  if (items.length === 0 || items.length > max) {
    throw invalid('', 'arraySize', `There must be 1 to ${max} of them, not ${items.length}.`);
  }
}

const maxKeyLength = 255;

/**
 * The header Idempotency-Key.
 * @throws Problem `invalid` for an empty one or one that is too long.
 */
export function idempotencyKeyOf(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  if (header.length === 0 || header.length > maxKeyLength)
    throw invalid('', 'idempotency-key-length', `Idempotency-Key must have 1 to ${maxKeyLength} characters.`);
  return header;
}
