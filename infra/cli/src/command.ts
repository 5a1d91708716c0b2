import { parseArgs, type ParseArgsConfig } from 'node:util';
import type { Env } from './program.js';

/** Where a command runs: what it writes, and what it knows of the system. */
export interface Surroundings {
  readonly env: Env;
  /** The data folder of `npm start` in this checkout */
  readonly dataDir: string;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** A word of `npx closeloop`. */
export interface Command {
  readonly name: string;
  /** A line for the list of commands */
  readonly summary: string;
  /** All of `--help`, with examples */
  readonly help: string;
  /** @returns the exit code: 0 well, 1 something is wrong; @throws UsageError, Failure */
  run(words: readonly string[], surroundings: Surroundings): Promise<number>;
}

/** The words are not what the command takes: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What is told without a stack. */
export class Failure extends Error {
  override readonly name: string = 'Failure';

  /** @param exitCode 1 something is wrong, 2 the words are not understood, 3 the token was refused */
  constructor(
    message: string,
    readonly exitCode: 1 | 2 | 3 = 1,
  ) {
    super(message);
  }
}

type Options = NonNullable<ParseArgsConfig['options']>;
type Read<O extends Options> = ReturnType<
  typeof parseArgs<{ options: O; args: string[]; strict: true; allowPositionals: true }>
>;

/**
 * The options and names among a command's words.
 * @param names how many names it takes, as the help calls them
 * @throws UsageError: for an unknown option with the nearest there is
 */
export function readWords<O extends Options>(
  words: readonly string[],
  options: O,
  { names = [], least = names.length, most = names.length }: { names?: string[]; least?: number; most?: number } = {},
): { values: Read<O>['values']; positionals: string[] } {
  const known = Object.keys(options).map((name) => `--${name}`);
  const { tokens } = parseArgs({ args: [...words], options, strict: false, allowPositionals: true, tokens: true });
  for (const token of tokens) {
    if (token.kind !== 'option' || Object.hasOwn(options, token.name)) continue;
    const near = nearest(token.rawName, known);
    throw new UsageError(`There is no option ${token.rawName}${near ? `; did you mean ${near}?` : '.'}`);
  }
  let read: Read<O>;
  try {
    read = parseArgs({ args: [...words], options, strict: true, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  const { values, positionals } = read;
  if (positionals.length > most)
    throw new UsageError(
      `"${positionals[most]}" is one word too many${names.length > 0 ? `: give ${names.join(' ')}` : ''}.`,
    );
  if (positionals.length < least) throw new UsageError(`Give ${names.slice(positionals.length).join(' ')}.`);
  return { values, positionals };
}

/** The word that differs least, where it does not differ by half. */
export function nearest(word: string, words: readonly string[]): string | undefined {
  let best: { word: string; distance: number } | undefined;
  for (const candidate of words) {
    const distance = distanceOf(word, candidate);
    if (distance <= Math.max(2, word.length / 2) && (!best || distance < best.distance))
      best = { word: candidate, distance };
  }
  return best?.word;
}

/** Levenshtein. */
function distanceOf(a: string, b: string): number {
  let before = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      row.push(Math.min(before[j]! + 1, row[j - 1]! + 1, before[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    before = row;
  }
  return before[b.length]!;
}

/** Rows as columns of text, the last one as long as it is. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length);
  return rows
    .map((row) => `${row.map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd(widths[at]! + 2))).join('')}\n`)
    .join('');
}

/** `1 event`, `2 events`. */
export const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;

/** An id of ours, in lower case. @throws UsageError */
export function idOf(word: string): string {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(word)) throw new UsageError(`"${word}" is no id (a UUID).`);
  return word.toLowerCase();
}

/** `3 s`, `12 min`, `4.5 h`, `2.0 d`. */
export function span(seconds: number): string {
  if (seconds < 120) return `${Math.max(0, Math.round(seconds))} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${(seconds / 3600).toFixed(1)} h` : `${(seconds / 86_400).toFixed(1)} d`;
}

/** A time as RFC 3339 has it, or `2h`, `30min`, `7d` ago. @throws UsageError */
export function timeOf(option: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const ago = /^(\d{1,6})(s|m|min|h|d)$/.exec(text);
  if (ago) {
    const ms = { s: 1_000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 }[
      ago[2] as 's' | 'm' | 'min' | 'h' | 'd'
    ];
    return new Date(Date.now() - Number(ago[1]) * ms).toISOString();
  }
  const day = /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text;
  if (!/^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(day) || Number.isNaN(Date.parse(day)))
    throw new UsageError(
      `${option} takes a time such as 2026-11-22T08:00:00Z, a day, or 2h for two hours ago (s, min, h, d).`,
    );
  return day;
}

/** Both ends of a time. @throws UsageError where it ends before it begins */
export function timesOf({ from, to }: { from?: string | undefined; to?: string | undefined }): {
  from?: string;
  to?: string;
} {
  const begin = timeOf('--from', from);
  const end = timeOf('--to', to);
  if (begin !== undefined && end !== undefined && Date.parse(begin) > Date.parse(end))
    throw new UsageError(`--from (${begin}) is after --to (${end}).`);
  return { ...(begin !== undefined && { from: begin }), ...(end !== undefined && { to: end }) };
}
