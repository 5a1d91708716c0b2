import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const web = join(import.meta.dirname, '..', '..');

interface Tree {
  readonly [name: string]: string | Tree;
}
const keysOf = (tree: Tree, above = ''): readonly string[] =>
  Object.entries(tree).flatMap(([name, value]) =>
    typeof value === 'string' ? [above + name] : keysOf(value, `${above}${name}.`),
  );
const written = keysOf(JSON.parse(readFileSync(join(web, 'messages', 'en.json'), 'utf8')) as Tree);
/** One that goes by a count is asked for without the form. */
const keys = new Set(written.flatMap((key) => [key, key.replace(/_other$/, '')]));

/** Sources that put their keys together, so that types do not look at them. */
const sources = readdirSync(join(web, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.tsx?$/.test(file) && !file.endsWith('.spec.ts'))
  .map((file) => ({ file, source: readFileSync(join(web, 'src', file), 'utf8') }))
  .filter(({ source }) => source.includes('useText()'));

describe('texts whose keys are put together', () => {
  it('are there where a key is written out', () => {
    const asked = sources.flatMap(({ file, source }) =>
      [...source.matchAll(/\bt\(\s*(?:[^'`()]*\? )?'([\w.-]+)'(?: : '([\w.-]+)')?/g)].flatMap(([, one, other]) =>
        [one!, ...(other === undefined ? [] : [other])].map((key) => ({ file, key })),
      ),
    );
    expect(asked.length).toBeGreaterThan(200);
    expect(asked.filter(({ key }) => !keys.has(key))).toEqual([]);
  });

  it('are there for some end of each that has a value for its end', () => {
    const groups = sources.flatMap(({ file, source }) =>
      [...source.matchAll(/`((?:[a-zA-Z-]+\.)+)\$\{/g)].map(([, group]) => ({ file, group: group! })),
    );
    expect(groups.length).toBeGreaterThan(20);
    expect(groups.filter(({ group }) => ![...keys].some((key) => key.startsWith(group)))).toEqual([]);
  });
});
