import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

/** Breaks every direction rule in a workspace made for it, and sees that rule, and no other, fire. */
const root = join(import.meta.dirname, '..', '..', '..');
const ruleFile = join(root, '.dependency-cruiser.mjs');

interface Probe {
  readonly rule: string;
  /** The file that breaks the rule. */
  readonly file: string;
  readonly imports: string;
  /** Other files that the probe needs, with their text. */
  readonly more?: Record<string, string>;
}

const at = (service: string, path: string): string => `services/${service}/src/${path}`;
const domainOf = (service: string): Record<string, string> => ({
  [at(service, 'domain/rule.ts')]: 'export const rule = 1;',
});

// each in a service or lib of its own, so that one does not hide another
const probes: readonly Probe[] = [
  {
    rule: 'no-cycle',
    file: at('cycle', 'domain/one.ts'),
    imports: './two.js',
    more: { [at('cycle', 'domain/two.ts')]: `import './one.js';` },
  },
  {
    rule: 'no-cycle',
    file: 'infra/cycle/src/types.ts',
    imports: './types-too.js',
    more: { 'infra/cycle/src/types-too.ts': `import { type A } from './types.js';\nexport type B = A;` },
  },
  { rule: 'no-unresolved-import', file: 'infra/lost/src/index.ts', imports: '@closeloop/nowhere' },
  { rule: 'contracts-depends-on', file: 'libs/contracts/src/upward.ts', imports: '@closeloop/platform' },
  { rule: 'platform-depends-on', file: 'libs/platform/src/sideways.ts', imports: '@closeloop/contracts' },
  {
    rule: 'messaging-depends-on',
    file: 'libs/messaging/src/upward.ts',
    imports: '../../../services/clean/src/domain/rule.js',
  },
  { rule: 'testing-depends-on', file: 'libs/testing/src/sideways.ts', imports: '@closeloop/messaging' },
  { rule: 'service-depends-on-libs', file: at('embedding', 'application/start.ts'), imports: '@closeloop/embedded' },
  {
    rule: 'no-service-from-service',
    file: at('neighbour', 'application/peek.ts'),
    imports: '../../../clean/src/domain/rule.js',
  },
  {
    rule: 'no-service-from-infra',
    file: 'infra/cli/src/peek.ts',
    imports: '../../../services/clean/src/domain/rule.js',
  },
  {
    rule: 'inbound-looks-inwards',
    file: at('inbound', 'inbound/rows.controller.ts'),
    imports: '../infrastructure/row.entity.js',
    more: { [at('inbound', 'infrastructure/row.entity.ts')]: 'export const row = 1;' },
  },
  {
    rule: 'application-looks-inwards',
    file: at('application', 'application/save.handler.ts'),
    imports: '../infrastructure/row.repository.js',
    more: { [at('application', 'infrastructure/row.repository.ts')]: 'export const row = 1;' },
  },
  {
    rule: 'domain-looks-inwards',
    file: at('domain', 'domain/decide.ts'),
    imports: '../application/step.handler.js',
    more: { [at('domain', 'application/step.handler.ts')]: 'export const step = 1;' },
  },
  {
    rule: 'infrastructure-looks-inwards',
    file: at('infrastructure', 'infrastructure/row.repository.ts'),
    imports: '../application/step.handler.js',
    more: { [at('infrastructure', 'application/step.handler.ts')]: 'export const step = 1;' },
  },
  {
    rule: 'no-wiring-from-layers',
    file: at('wiring', 'application/step.handler.ts'),
    imports: '../wiring.module.js',
    more: { [at('wiring', 'wiring.module.ts')]: 'export const module = 1;' },
  },
  { rule: 'domain-is-pure', file: at('nest', 'domain/decide.ts'), imports: '@nestjs/common' },
  { rule: 'domain-is-pure', file: at('orm', 'domain/decide.ts'), imports: 'typeorm' },
  { rule: 'domain-is-pure', file: at('bus', 'domain/decide.ts'), imports: '@closeloop/messaging' },
  {
    rule: 'domain-is-pure',
    file: at('configured', 'domain/decide.ts'),
    imports: '../configured.config.js',
    more: { [at('configured', 'configured.config.ts')]: 'export const config = 1;' },
  },
  { rule: 'domain-does-no-io', file: at('files', 'domain/decide.ts'), imports: 'node:fs/promises' },
  { rule: 'domain-does-no-io', file: at('net', 'domain/decide.ts'), imports: 'http' },
  { rule: 'kafkajs-stays-in-messaging', file: at('kafka', 'infrastructure/own.client.ts'), imports: 'kafkajs' },
  { rule: 'kafkajs-stays-in-messaging', file: 'libs/platform/src/kafka.ts', imports: 'kafkajs' },
  { rule: 'testing-is-for-specs', file: 'infra/cli/src/record.ts', imports: '@closeloop/testing' },
  {
    rule: 'no-test-code-in-production',
    file: at('borrower', 'domain/decide.ts'),
    imports: './examples.fixture.js',
    more: { [at('borrower', 'domain/examples.fixture.ts')]: 'export const example = 1;' },
  },
];

/** What is allowed, with an import of each kind. */
const clean: Record<string, string> = {
  ...domainOf('clean'),
  [at('clean', 'domain/decide.ts')]: `import './rule.js';\nimport 'node:crypto';\nimport '@closeloop/contracts';`,
  [at('clean', 'domain/decide.spec.ts')]: `import './decide.js';\nimport 'node:fs';\nimport './examples.fixture.js';`,
  [at('clean', 'domain/examples.fixture.ts')]: `import '@closeloop/testing';`,
  [at('clean', 'application/step.handler.ts')]:
    `import '../domain/decide.js';\nimport '../clean.config.js';\nimport '@nestjs/common';`,
  [at('clean', 'inbound/rows.controller.ts')]:
    `import '../application/step.handler.js';\nimport '@closeloop/messaging';`,
  [at('clean', 'infrastructure/row.entity.ts')]: `import '../domain/rule.js';\nimport 'typeorm';`,
  [at('clean', 'clean.config.ts')]: `import '@closeloop/platform';`,
  [at('clean', 'clean.module.ts')]: `import './inbound/rows.controller.js';\nimport './infrastructure/row.entity.js';`,
  [at('clean', 'clean.int.spec.ts')]: `import './clean.module.js';\nimport '@closeloop/testing';`,
  'infra/demo/src/index.ts': `import 'kafkajs';\nimport '@closeloop/contracts';`,
};

const libs: Record<string, string> = {
  'libs/contracts/src/index.ts': 'export const contracts = 1;',
  'libs/platform/src/index.ts': 'export const platform = 1;',
  'libs/messaging/src/index.ts': `import 'kafkajs';\nimport '@closeloop/platform';\nimport '@closeloop/contracts';`,
  'libs/testing/src/index.ts': `import 'kafkajs';\nimport '@closeloop/contracts';\nimport '@closeloop/embedded';`,
  'infra/embedded/src/index.ts': 'export const embedded = 1;',
};

const packages = ['kafkajs', 'typeorm', '@nestjs/common'];

interface Found {
  readonly rule: string;
  readonly from: string;
}

let folder: string;
let found: readonly Found[];

const write = (path: string, text: string): void => {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), `${text}\n`);
};

interface CruiseResult {
  summary: { violations: { from: string; rule: { name: string } }[] };
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'closeloop-directions-'));
  for (const name of packages) {
    write(`node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0', main: 'index.js' }));
    write(`node_modules/${name}/index.js`, '');
  }
  for (const [path, text] of Object.entries({ ...libs, ...clean })) write(path, text);
  for (const place of ['libs/contracts', 'libs/platform', 'libs/messaging', 'libs/testing', 'infra/embedded']) {
    const name = `@closeloop/${place.split('/')[1]}`;
    const exports = { '.': { '@closeloop/source': './src/index.ts', default: './dist/index.js' } };
    write(`${place}/package.json`, JSON.stringify({ name, version: '1.0.0', type: 'module', exports }));
    mkdirSync(join(folder, 'node_modules/@closeloop'), { recursive: true });
    symlinkSync(join(folder, place), join(folder, 'node_modules', name));
  }
  for (const { file, imports, more } of probes) {
    write(file, `import '${imports}';\nexport type A = 1;`);
    for (const [path, text] of Object.entries(more ?? {})) write(path, text);
  }
  const cruiser = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const args = [cruiser, '--config', ruleFile, '--output-type', 'json', 'services', 'libs', 'infra'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder, maxBuffer: 2 ** 26 });
  found = (JSON.parse(stdout) as CruiseResult).summary.violations.map(({ from, rule }) => ({ from, rule: rule.name }));
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('direction rules', () => {
  it.each(probes)('$rule fires when $file imports $imports', ({ rule, file, more }) => {
    // of a cycle, one of its files is named
    const files = [file, ...Object.keys(more ?? {})];
    expect([...new Set(found.filter(({ from }) => files.includes(from)).map((each) => each.rule))]).toEqual([rule]);
  });

  it('fire nowhere else: what architecture.md allows passes', () => {
    const broken = new Set(probes.flatMap(({ file, more }) => [file, ...Object.keys(more ?? {})]));
    expect(found.filter(({ from }) => !broken.has(from))).toEqual([]);
  });

  it('have a probe each', async () => {
    const { directionRules } = (await import(
      // its types would need a declaration of their own, for two names
      join(import.meta.dirname, '..', 'direction-rules.mjs')
    )) as { directionRules: readonly { name: string }[] };
    expect(new Set(probes.map(({ rule }) => rule))).toEqual(new Set(directionRules.map(({ name }) => name)));
  });
});
