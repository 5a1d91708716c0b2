import { spawn } from 'node:child_process';
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { build } from 'esbuild';

/**
 * Joins each compiled service (a folder) and all that it imports into `dist/bundle/`, and keeps there what V8 compiles of it: a process
 * that has to find, read and compile 1,400 files takes four times the processor time to start, and that is what it comes back by after a
 * crash (ADR 0009). Two stay outside: kafkajs, whose files are patched (kafkajs.guards.ts), and eld, whose tables take more memory when
 * they are read in here.
 * @param optionsOf the NODE_OPTIONS that a service of that name is run with
 */
export async function bundleServices(folders, optionsOf) {
  for (const folder of folders) await bundle(folder);
  const waiting = folders.flatMap((folder) =>
    [...new Set([optionsOf(basename(folder)), process.env.NODE_OPTIONS ?? ''])].map((options) => ({ folder, options })),
  );
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await keepCompiled(next);
  };
  await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, worker));
}

async function bundle(folder) {
  const outfolder = join(folder, 'dist', 'bundle');
  await rm(outfolder, { recursive: true, force: true });
  await mkdir(outfolder, { recursive: true });
  const { metafile } = await build({
    entryPoints: [join(folder, 'dist', 'main.js')],
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
    external: ['kafkajs', 'kafkajs/*', 'eld', 'eld/*'],
    plugins: [leftOutWhereAbsent],
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
    metafile: true,
  });
  const { imports } = Object.values(metafile.outputs)[0];
  const modules = [...new Set(imports.filter(({ path }) => path.startsWith('eld')).map(({ path }) => path))];
  await copyFile(new URL('service-loader.mjs', import.meta.url), join(outfolder, 'service-loader.mjs'));
  await writeFile(join(outfolder, 'main.js'), programOf(modules, {}));
  await writeFile(join(outfolder, keeper), programOf(modules, { keep: true }));
}

/** Of a bundle's folder: runs it once, and keeps what V8 has compiled */
const keeper = 'keep-compiled.js';

const programOf = (modules, options) =>
  [
    `import { runService } from './service-loader.mjs';`,
    ...modules.map((name, at) => `import * as module${at} from '${name}';`),
    ``,
    `const modules = { ${modules.map((name, at) => `'${name}': module${at}`).join(', ')} };`,
    `runService(import.meta.dirname, modules, ${JSON.stringify(options)});`,
    ``,
  ].join('\n');

/** Lets it load everything and end for want of a port. */
async function keepCompiled({ folder, options }) {
  const child = spawn(process.execPath, [join(folder, 'dist', 'bundle', keeper)], {
    env: { PATH: process.env.PATH, NODE_OPTIONS: options, [`${basename(folder).toUpperCase()}_PORT`]: 'none' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (said += bytes));
  await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  if (!said.includes('could not start')) throw new Error(`${folder} cannot be loaded from its bundle:\n${said}`);
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
