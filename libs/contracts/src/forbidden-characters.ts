import { fieldName, memberPointer, type Violation } from './violation.js';

const isForbidden = (text: string): boolean => text.includes('\0') || !text.isWellFormed();

interface Place {
  readonly value: object;
  readonly key: string | number;
  readonly parent: Place | undefined;
}

const pointerTo = (place: Place | undefined): string => {
  const keys: (string | number)[] = [];
  for (let at = place; at?.parent; at = at.parent) keys.push(at.key);
  return keys.reduceRight<string>(memberPointer, '');
};

const violation = (pointer: string, what: string): Violation => ({
  pointer,
  rule: 'forbiddenCharacters',
  message: `${what}${fieldName(pointer)} must hold no NUL and no lone surrogate`,
});

/**
 * The first string or key anywhere in a JSON value that Postgres could not hold: with NUL or half a surrogate pair.
 * Walks without recursion, so that no depth of nesting overflows the stack. A bad key is reported at its object.
 */
export function forbiddenCharacters(value: unknown): Violation | undefined {
  if (typeof value === 'string') return isForbidden(value) ? violation('', '') : undefined;
  if (value === null || typeof value !== 'object') return undefined;
  const places: Place[] = [{ value, key: '', parent: undefined }];
  for (let place = places.pop(); place; place = places.pop()) {
    const isArray = Array.isArray(place.value);
    for (const [key, member] of Object.entries(place.value) as [string, unknown][]) {
      if (!isArray && isForbidden(key)) return violation(pointerTo(place), 'the keys of ');
      if (typeof member === 'string') {
        if (isForbidden(member)) return violation(memberPointer(pointerTo(place), key), '');
      } else if (member !== null && typeof member === 'object') {
        places.push({ value: member, key, parent: place });
      }
    }
  }
  return undefined;
}
