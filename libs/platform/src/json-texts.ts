import { ByteParts } from './byte-parts.js';

/** JSON has it as an escape only. */
const separator = '\x1e';

/**
 * JSON texts as one text that needs no escapes: in an array literal each of their quotes has one, which took a sixth of
 * what settling a batch allocates. To be read by `jsonArray` or `textArray`.
 */
export const jsonTexts = (values: readonly (string | null)[]): string =>
  values.map((value) => value ?? '').join(separator);

const separatorByte = Buffer.from(separator);
const nothing = Buffer.alloc(0);

/** The same of JSON that is UTF-8 already: Postgres takes bytes as a text. */
export const jsonBytes = (values: readonly (Buffer | null)[]): ByteParts =>
  new ByteParts(values.flatMap((value, at) => (at === 0 ? [value ?? nothing] : [separatorByte, value ?? nothing])));

/** SQL that reads a parameter made by `jsonTexts` or `jsonBytes` as text[]; none at all, and a single null, are an empty array. */
export const textArray = (parameter: string): string => `string_to_array(${parameter}, E'\\x1e', '')`;

/** As `textArray`, as json[]. */
export const jsonArray = (parameter: string): string => `${textArray(parameter)}::json[]`;
