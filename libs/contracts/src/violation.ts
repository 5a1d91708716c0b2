/** What is wrong with a value, and where. Never quotes the value: it may hold a customer's words. */
export interface Violation {
  /** RFC 6901; '' is the whole value */
  readonly pointer: string;
  /** Name of the class-validator rule, or `forbiddenCharacters` */
  readonly rule: string;
  /** For people: names the field and the rule */
  readonly message: string;
}

const escapeToken = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');

/** RFC 6901 pointer to a member. */
export const memberPointer = (pointer: string, key: string | number): string =>
  `${pointer}/${typeof key === 'number' ? key : escapeToken(key)}`;

/** The field that a pointer points to, as people read it: `/rating/value` is `rating.value`. */
export const fieldName = (pointer: string): string =>
  pointer === '' ? 'the value' : pointer.slice(1).replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~');
