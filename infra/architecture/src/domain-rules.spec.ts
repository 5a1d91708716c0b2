import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { ESLint } from 'eslint';
import { join } from 'node:path';
import tseslint from 'typescript-eslint';

// ESLint is slow to load
jest.setTimeout(60_000);

const root = join(import.meta.dirname, '..', '..', '..');

describe('rules of the domain', () => {
  let eslint: ESLint;
  beforeAll(() => {
    // a probe is no file of a project: the rules that need types are off for it
    eslint = new ESLint({ cwd: root, overrideConfig: [tseslint.configs.disableTypeChecked as object] });
  });

  const firedIn = async (path: string, code: string): Promise<(string | null)[]> => {
    const [result] = await eslint.lintText(`${code}\n`, { filePath: join(root, path) });
    return result!.messages.map(({ ruleId }) => ruleId);
  };
  const domain = 'services/loop/src/domain/probe.ts';

  it.each([
    ['no-restricted-properties', 'export const now = Date.now();'],
    ['no-restricted-syntax', 'export const now = new Date();'],
    ['no-restricted-syntax', 'export const now = Date();'],
    ['no-restricted-properties', 'export const chance = Math.random();'],
    ['no-restricted-syntax', `import { randomUUID } from 'node:crypto';\nexport const id = randomUUID();`],
    ['no-restricted-syntax', `import * as all from 'node:crypto';\nexport const id = all.randomUUID();`],
    ['no-restricted-globals', 'export const id = crypto.randomUUID();'],
    ['no-restricted-globals', 'export const zone = process.env.TZ;'],
    ['no-restricted-globals', 'export const started = performance.now();'],
    ['no-restricted-globals', `export const page = fetch('https://example.org');`],
    ['no-restricted-globals', 'export const later = setTimeout(() => undefined, 1);'],
  ])('%s fires on %p', async (rule, code) => {
    expect(await firedIn(domain, code)).toEqual([rule]);
  });

  it.each([
    'export const at = (now: Date): Date => new Date(now.getTime() + 1000);',
    `import { createHash } from 'node:crypto';\nexport const hash = (text: string): string => createHash('sha256').update(text).digest('hex');`,
  ])('pass %p', async (code) => {
    expect(await firedIn(domain, code)).toEqual([]);
  });

  it.each(['services/loop/src/application/probe.ts', 'services/loop/src/domain/probe.spec.ts'])(
    'leave %s alone',
    async (path) => {
      expect(await firedIn(path, 'export const now = new Date();')).toEqual([]);
    },
  );
});
