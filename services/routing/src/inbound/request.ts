import { requestValidatorOf } from '@closeloop/contracts';
import { invalid, Problem } from '@closeloop/platform';

/** A reader of request bodies of one class: gives the body, or throws the problem `invalid` with every violation. */
export function bodyOf<T extends object>(dataClass: new () => T): (body: unknown) => T {
  const violationsOf = requestValidatorOf(dataClass);
  return (body) => {
    const violations = violationsOf(body ?? {});
    if (violations) throw new Problem('invalid', 'The body is not what this route takes.', { errors: violations });
    return (body ?? {}) as T;
  };
}

export const noSuchRuleSet = (): Problem => new Problem('not-found', 'There is no such rule set.');

/** Which edition of a draft somebody has seen, out of `If-Match: "2"`; undefined without it. */
export function editionOf(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const edition = /^("?)([1-9]\d{0,8})\1$/.exec(header.trim())?.[2];
  if (edition === undefined) throw invalid('', 'if-match', 'If-Match must be the ETag of a draft, such as "2".');
  return Number(edition);
}
