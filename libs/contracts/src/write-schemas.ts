import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { breakagesOf, currentSnapshots, staleFiles, type Snapshots } from './schema-snapshots.js';

/**
 * `node libs/contracts/dist/write-schemas.js` writes what the declarations say to libs/contracts/schemas, unless that
 * breaks a version that is out; `--check` writes nothing and exits 1 for a breaking change or a stale file.
 */
const folder = join(import.meta.dirname, '..', 'schemas');

const committed = (): Snapshots => {
  mkdirSync(folder, { recursive: true });
  return Object.fromEntries(
    readdirSync(folder)
      .filter((file) => file.endsWith('.json'))
      .map((file) => [file, readFileSync(join(folder, file), 'utf8')]),
  );
};

const say = (line: string): void => void process.stdout.write(`${line}\n`);

function run(checkOnly: boolean): number {
  const before = committed();
  const breakages = breakagesOf(before);
  if (breakages.length > 0) {
    say('These changes break an event that is out. Declare the next version beside it (…v2.ts), and produce both:');
    for (const breakage of breakages) say(`  ${breakage}`);
    return 1;
  }
  const current = currentSnapshots();
  const stale = staleFiles(before, current);
  if (stale.length === 0) {
    say(`libs/contracts/schemas: ${Object.keys(current).length} files, as the declarations say`);
    return 0;
  }
  if (checkOnly) {
    say(`libs/contracts/schemas is stale (${stale.join(', ')}). Write and commit it:`);
    say('  npx nx build @closeloop/contracts && node libs/contracts/dist/write-schemas.js');
    return 1;
  }
  for (const [file, text] of Object.entries(current)) writeFileSync(join(folder, file), text);
  say(`wrote ${stale.join(', ')}`);
  return 0;
}

process.exitCode = run(process.argv.includes('--check'));
