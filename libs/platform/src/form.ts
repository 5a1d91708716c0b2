import { invalid } from './problem.js';

/** Fields of a form, at most. */
const MAX_FIELDS = 100;

/**
 * The fields of an `application/x-www-form-urlencoded` body by name, without a prototype. Strict where browsers never differ:
 * UTF-8 alone, no broken escapes, no field twice.
 * @throws Problem `invalid` with rule `form` or `utf8`.
 */
export function parseForm(bytes: Buffer): Readonly<Record<string, string>> {
  const fields = Object.create(null) as Record<string, string>;
  const pairs = bytes.toString('latin1').split('&', MAX_FIELDS + 1);
  if (pairs.length > MAX_FIELDS) throw invalid('', 'form', `The form has more than ${MAX_FIELDS} fields.`);
  for (const pair of pairs) {
    if (pair === '') continue;
    const at = pair.indexOf('=');
    const name = decoded(at < 0 ? pair : pair.slice(0, at));
    if (name in fields) throw invalid('', 'form', 'A field of the form is there more than once.');
    fields[name] = at < 0 ? '' : decoded(pair.slice(at + 1));
  }
  return fields;
}

function decoded(text: string): string {
  // what is not ASCII comes escaped from every browser
  if (!/^[\x20-\x7e]*$/.test(text)) throw invalid('', 'utf8', 'The form has bytes that are not escaped.');
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw invalid('', 'form', 'The form has an escape that is broken or no UTF-8.');
  }
}
