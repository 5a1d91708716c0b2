import { describe, expect, it } from '@jest/globals';
import { parse } from 'acorn';
import { simple } from 'acorn-walk';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { mainOf, programs, workspaceRoot } from './workspace.js';

const folderOf = (program: (typeof programs)[number]): string => dirname(mainOf(program));

describe('the bundle of a service', () => {
  describe.each(programs)('%s', (program) => {
    // Long lines are broken, within texts too.
    const text = readFileSync(join(folderOf(program), 'service.cjs'), 'utf8').replaceAll('\\\n', '');
    const modules = [...text.matchAll(/"([^" ]*node_modules\/[^" ]+\.[cm]?js)"\(/g)].map(([, path]) => path!);

    it('has its packages in it, and does not ask Node for a second one', () => {
      expect(modules).toContain('node_modules/typeorm/driver/postgres/PostgresQueryRunner.js');
      expect(text.match(/require\d*\(["'](typeorm|pg|class-validator|@nestjs\/core)["']\)/g)).toBeNull();
    });

    it('has neither other databases nor the telephone numbers of all countries', () => {
      expect(modules.filter((path) => /typeorm\/driver\/(?!postgres\/).*QueryRunner/.test(path))).toEqual([]);
      expect(modules.filter((path) => /node_modules\/(libphonenumber-js|express)\//.test(path))).toEqual([]);
    });

    it('has no object that begins as a copy of another and goes on, each of which would have a hidden class of its own', () => {
      const copies: string[] = [];
      simple(parse(text, { ecmaVersion: 2023, sourceType: 'script' }), {
        ObjectExpression({ properties: [first, ...more], start, end }) {
          if (first?.type !== 'SpreadElement' || more.length === 0) return;
          const { argument } = first;
          const isEmpty = argument.type === 'ObjectExpression' && argument.properties.length === 0;
          if (!isEmpty) copies.push(text.slice(start, end));
        },
      });
      expect(copies).toEqual([]);
    });

    it('has one copy of each release of a package', () => {
      const load = createRequire(import.meta.url);
      const releases = new Map<string, Set<string>>();
      for (const path of modules) {
        const [folder, name] = /^.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)!;
        const { version } = load(join(workspaceRoot, folder, 'package.json')) as { version: string };
        const release = `${name}@${version}`;
        releases.set(release, (releases.get(release) ?? new Set()).add(folder));
      }
      expect([...releases].filter(([, folders]) => folders.size > 1)).toEqual([]);
    });
  });
});
