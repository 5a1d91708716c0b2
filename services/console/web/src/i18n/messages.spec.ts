import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const web = join(import.meta.dirname, '..', '..');
const messagesOf = (language: string) =>
  flat(JSON.parse(readFileSync(join(web, 'messages', `${language}.json`), 'utf8')) as Tree);

interface Tree {
  readonly [name: string]: string | Tree;
}
const flat = (tree: Tree, above = ''): Map<string, string> =>
  new Map(
    Object.entries(tree).flatMap(([name, value]) =>
      typeof value === 'string' ? [[above + name, value] as const] : [...flat(value, `${above}${name}.`)],
    ),
  );
const placesIn = (text: string): string[] => [...text.matchAll(/\{\{\s*(\w+)/g)].map(([, name]) => name!).sort();

const sources = readdirSync(join(web, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.tsx?$/.test(file) && !file.endsWith('.spec.ts'))
  .map((file) => [file, readFileSync(join(web, 'src', file), 'utf8')] as const);

describe('the messages', () => {
  const english = messagesOf('en');
  const german = messagesOf('de');

  it('are the same in both languages, with the same places to fill', () => {
    expect([...german.keys()].sort()).toEqual([...english.keys()].sort());
    for (const [key, text] of english) expect([key, placesIn(german.get(key)!)]).toEqual([key, placesIn(text)]);
    expect([...english.values(), ...german.values()].filter((text) => text.trim() === '')).toEqual([]);
  });

  it('are all used, and no text of a page stands outside of them', () => {
    const all = sources.map(([, source]) => source).join('\n');
    const unused = [...english.keys()].filter((key) => {
      const plain = key.replace(/_(one|other)$/, '');
      // a key whose end is a value: `loop.state.${state}`
      const above = plain.slice(0, plain.lastIndexOf('.') + 1);
      return !all.includes(`'${plain}'`) && !all.includes(`\`${above}\${`);
    });
    expect(unused).toEqual([]);
    const written = sources
      .filter(([file]) => file.endsWith('.tsx'))
      .flatMap(([file, source]) =>
        // between tags, or in what screen readers and tooltips say
        [...source.matchAll(/>\s*([A-Z][a-z]+[^<>{}=;()]*)<\/|(?:label|title|placeholder|aria-label)="([^"]+)"/g)].map(
          ([, between, attribute]) => `${file}: ${(between ?? attribute ?? '').trim()}`,
        ),
      );
    expect(written).toEqual(['shell/shell.tsx: Closeloop']);
  });
});
