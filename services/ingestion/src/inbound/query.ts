import { invalid } from '@closeloop/platform';
import { isTimestamp } from '@closeloop/contracts';

/** Parameters of a query, each given once, none that is not named here. @throws Problem `invalid` */
export function queryOf<Name extends string>(
  query: Readonly<Record<string, unknown>>,
  names: readonly Name[],
): Partial<Record<Name, string>> {
  const given: Partial<Record<Name, string>> = {};
  for (const [name, value] of Object.entries(query)) {
    if (!names.includes(name as Name))
      throw invalid(`/${name}`, 'whitelistValidation', `There is no parameter ${name}: ${names.join(', ')}.`);
    if (typeof value !== 'string') throw invalid(`/${name}`, 'isString', `${name} may be given once.`);
    given[name as Name] = value;
  }
  return given;
}

/** @throws Problem `invalid` */
export function limitOf(text: string | undefined, { usual, most }: { usual: number; most: number }): number {
  if (text === undefined) return usual;
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > most) throw invalid('/limit', 'max', `limit must be 1 to ${most}.`);
  return limit;
}

/** A time, RFC 3339. @throws Problem `invalid` */
export function timeOf(name: string, text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  if (!isTimestamp(text)) throw invalid(`/${name}`, 'isTimestamp', `${name} must be a time as RFC 3339 has it.`);
  return new Date(text);
}

/** From that time on, until before the other. @throws Problem `invalid`, also where the second is before the first */
export function periodOf(asked: { from?: string | null; to?: string | null }): { from?: Date; to?: Date } {
  const from = timeOf('from', asked.from ?? undefined);
  const to = timeOf('to', asked.to ?? undefined);
  if (from && to && from > to) throw invalid('/to', 'order', 'to must not be before from.');
  return { ...(from && { from }), ...(to && { to }) };
}

/** Where a page ended, as text that means nothing to anybody else. */
export const cursorOf = (...parts: readonly string[]): string =>
  Buffer.from(JSON.stringify(parts)).toString('base64url');

/** What `cursorOf` was given. @throws Problem `invalid` for a cursor of another shape */
export function partsOf(cursor: string, patterns: readonly RegExp[]): string[] {
  try {
    const parts = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown;
    if (Array.isArray(parts) && parts.length === patterns.length) {
      if (patterns.every((pattern, at) => typeof parts[at] === 'string' && pattern.test(parts[at])))
        return parts as string[];
    }
  } catch {
    // told below
  }
  throw invalid('/cursor', 'cursor', 'cursor is not one that this route gave.');
}

export const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
export const timePattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
