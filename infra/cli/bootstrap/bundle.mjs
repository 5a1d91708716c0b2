import { spawn } from 'node:child_process';
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, stop } from 'esbuild';

/**
 * Joins each compiled service and all that it imports into a folder below its `dist/bundle/`, and keeps there what V8 compiles of it: a
 * process that has to find, read and compile 1,400 files takes four times the processor time to start, and that is what it comes back by
 * after a crash (ADR 0009). kafkajs stays outside: its files are patched (kafkajs.guards.ts).
 * @param programs by the service's name, its compiled main, and the folder that its bundle goes into
 * @param flags what node is started with
 * @param optionsOf the NODE_OPTIONS that a service of that name is run with
 */
export async function bundleServices(programs, flags, optionsOf) {
  // First all of them: one may lie in another's.
  for (const { outfolder } of programs) await rm(outfolder, { recursive: true, force: true });
  for (const program of programs) await bundle(program);
  // Its process would stay, with 400 MB, for as long as what is started from here runs.
  await stop();
  const waiting = programs.flatMap((program) =>
    [...new Set([optionsOf(program.service), process.env.NODE_OPTIONS ?? ''])].map((options) => ({ program, options })),
  );
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await keepCompiled(next, flags);
  };
  await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, worker));
}

async function bundle({ main, outfolder }) {
  await mkdir(outfolder, { recursive: true });
  await build({
    entryPoints: [main],
    outfile: join(outfolder, 'service.cjs'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    // TypeORM and Nest go by the names of classes.
    keepNames: true,
    // The text stays in memory with the process.
    minifyWhitespace: true,
    lineLimit: 160,
    legalComments: 'none',
    external: ['kafkajs', 'kafkajs/*'],
    plugins: [leftOutWhereAbsent, tablesAsJson(outfolder)],
    // As Node wraps a CommonJS module: the loader evaluates it as it stands.
    banner: {
      js: `(function (exports, require, module, __filename, __dirname) { const urlOfBundle = require('node:url').pathToFileURL(__filename).href;`,
    },
    footer: { js: '})' },
    define: {
      'import.meta.url': 'urlOfBundle',
      'import.meta.dirname': '__dirname',
      'import.meta.filename': '__filename',
    },
    logLevel: 'error',
  });
  await copyFile(new URL('service-loader.mjs', import.meta.url), join(outfolder, 'service-loader.mjs'));
  await writeFile(join(outfolder, 'main.js'), programOf({}));
  await writeFile(join(outfolder, keeper), programOf({ keep: true }));
}

/** Of a bundle's folder: runs it once, and keeps what V8 has compiled */
const keeper = 'keep-compiled.js';

const programOf = (options) =>
  [
    `import { runService } from './service-loader.mjs';`,
    ``,
    `runService(import.meta.dirname, ${JSON.stringify(options)});`,
    ``,
  ].join('\n');

/** Lets it load everything and end for want of a port. */
async function keepCompiled({ program: { service, outfolder }, options }, flags) {
  const child = spawn(process.execPath, [...flags, join(outfolder, keeper)], {
    env: { PATH: process.env.PATH, NODE_OPTIONS: options, [`${service.toUpperCase()}_PORT`]: 'none' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (said += bytes));
  await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  if (!said.includes('could not start')) throw new Error(`${service} cannot be loaded from its bundle:\n${said}`);
}

/** What packages ask for in case it is installed (other databases, other transports) stays a question at run time. */
const leftOutWhereAbsent = {
  name: 'left-out-where-absent',
  setup({ onResolve, resolve }) {
    const asking = Symbol('asking');
    onResolve({ filter: /^[^./]/ }, async ({ path, pluginData, ...from }) => {
      if (pluginData === asking) return undefined;
      const { errors } = await resolve(path, { ...from, pluginData: asking });
      return errors.length > 0 ? { path, external: true } : undefined;
    });
  },
};

/**
 * The tables of eld lie beside the bundle as JSON: to compile them as a program takes 55 MB that the process never gives back, twice what
 * they are.
 */
const tablesAsJson = (outfolder) => ({
  name: 'tables-as-json',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]eld[\\/]src[\\/]ngrams[\\/]\w+\.js$/ }, async ({ path }) => {
      const tables = await import(pathToFileURL(path).href);
      const exports = await Promise.all(
        Object.entries(tables).map(async ([name, table]) => {
          const file = `${basename(path, '.js')}.${name}.json`;
          await writeFile(join(outfolder, file), JSON.stringify(table));
          return `export const ${name} = JSON.parse(readFileSync(join(import.meta.dirname, '${file}'), 'utf8'));`;
        }),
      );
      return {
        contents: [`import { readFileSync } from 'node:fs';`, `import { join } from 'node:path';`, ...exports].join(
          '\n',
        ),
      };
    });
  },
});
