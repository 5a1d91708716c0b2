import { describe, expect, it } from '@jest/globals';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** As it was built; `npm test` builds first. */
const built = join(import.meta.dirname, '..', '..', 'dist', 'web');

interface Chunk {
  readonly file: string;
  readonly isEntry?: boolean;
  readonly imports?: readonly string[];
}
const chunks = JSON.parse(readFileSync(join(built, 'manifest.json'), 'utf8')) as Record<string, Chunk>;

/** A chunk and all that it needs before it runs. */
function closureOf(name: string, seen = new Set<string>()): Set<string> {
  if (seen.has(name)) return seen;
  seen.add(name);
  for (const needed of chunks[name]!.imports ?? []) closureOf(needed, seen);
  return seen;
}

/** Bytes of script as they are sent, packed. */
const bytesOf = (names: Iterable<string>): number =>
  [...names]
    .map((name) => chunks[name]!.file)
    .filter((file) => file.endsWith('.js'))
    .reduce((sum, file) => sum + statSync(join(built, `${file}.br`)).size, 0);

const entry = Object.keys(chunks).find((name) => chunks[name]!.isEntry)!;
const pages = Object.keys(chunks).filter((name) => name.endsWith('.page.tsx'));
const languages = Object.keys(chunks).filter((name) => /messages\/\w+\.json$/.test(name));
const largest = languages.reduce((one, other) => (bytesOf([one]) > bytesOf([other]) ? one : other));

describe('the script of a page', () => {
  it.each(pages)('%s is at most 250 kB packed, with the shell and the texts of a language', (page) => {
    const whole = new Set([...closureOf(entry), ...closureOf(page), largest]);
    expect(bytesOf(whole)).toBeLessThanOrEqual(250_000);
  });

  it('is looked at for every page', () => {
    expect(pages.length).toBeGreaterThanOrEqual(3);
    expect(languages).toHaveLength(2);
  });
});
