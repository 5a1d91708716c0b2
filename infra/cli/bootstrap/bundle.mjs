import { parse } from 'acorn';
import { simple } from 'acorn-walk';
import { spawn } from 'node:child_process';
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { build, stop } from 'esbuild';

/**
 * Joins each compiled service and all that it imports into a folder below its `dist/bundle/`, and keeps there what V8 compiles of it: a
 * process that has to find, read and compile 1,400 files takes four times the processor time to start, and that is what it comes back by
 * after a crash (ADR 0009). kafkajs stays outside: its files are patched (kafkajs.guards.ts).
 * @param programs by the service's name, its compiled main, and the folder that its bundle goes into
 * @param flagsOf what node is started with for a service of that name
 * @param optionsOf the NODE_OPTIONS that a service of that name is run with
 */
export async function bundleServices(programs, flagsOf, optionsOf) {
  // First all of them: one may lie in another's.
  for (const { outfolder } of programs) await rm(outfolder, { recursive: true, force: true });
  for (const program of programs) await bundle(program);
  // Its process would stay, with 400 MB, for as long as what is started from here runs.
  await stop();
  const waiting = programs.flatMap((program) =>
    [...new Set([optionsOf(program.service), process.env.NODE_OPTIONS ?? ''])].map((options) => ({ program, options })),
  );
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await keepCompiled(next, flagsOf);
  };
  await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, worker));
}

async function bundle({ main, outfolder }) {
  await mkdir(outfolder, { recursive: true });
  const outfile = join(outfolder, 'service.cjs');
  await build({
    entryPoints: [main],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    // TypeORM and Nest go by the names of classes.
    keepNames: true,
    // The text stays in memory with the process.
    minifyWhitespace: true,
    // `{ ...{ a, b }, ...{ c } }` becomes `{ a, b, c }`: see withoutLeadingSpreads
    minifySyntax: true,
    lineLimit: 160,
    legalComments: 'none',
    // Nest asks for Express where a service names no other; ours have Fastify.
    external: ['kafkajs', 'kafkajs/*', '@nestjs/platform-express'],
    plugins: [found(), neverUsed],
    // As Node wraps a CommonJS module: the loader evaluates it as it stands.
    banner: {
      js: `(function (exports, require, module, __filename, __dirname) { const urlOfBundle = require('node:url').pathToFileURL(__filename).href;`,
    },
    footer: { js: `${ours}isLoading=false;})` },
    define: {
      'import.meta.url': 'urlOfBundle',
      'import.meta.dirname': '__dirname',
      'import.meta.filename': '__filename',
    },
    logLevel: 'error',
  });
  await writeFile(outfile, withoutLeadingSpreads(withCheaperHelpers(await readFile(outfile, 'utf8'))));
  await copyFile(new URL('service-loader.mjs', import.meta.url), join(outfolder, 'service-loader.mjs'));
  await writeFile(join(outfolder, 'main.js'), programOf({}));
  await writeFile(join(outfolder, keeper), programOf({ keep: true }));
}

/**
 * Two of esbuild's helpers cost more than they need to:
 *
 * - `__toESM` makes a view of all that a CommonJS package exports, a getter each, for every module that imports it: a tenth of the heap. Each
 *   package has one view now.
 * - `__name` gives each function its name, also those that are made a thousand times a second. Once everything is loaded, it does so only
 *   where esbuild has renamed something.
 */
function withCheaperHelpers(text) {
  // esbuild keeps its own names from those of the program, and not these. The footer has the one.
  if (text.split(ours).length !== 2) throw new Error(`"${ours}" is a name of the program, too.`);
  const views = `var ${ours}views=[new WeakMap(),new WeakMap()],__toESM=(mod,isNodeMode)=>{
const views=${ours}views[isNodeMode?1:0];let view=views.get(mod);
if(view===undefined){view=${ours}newView(mod,isNodeMode);if(Object(mod)===mod)views.set(mod,view)}
return view},${ours}newView=`;
  const naming = `var ${ours}isLoading=true,__name=(target,value)=>{const {name}=target;
return name===value||(name===""&&!${ours}isLoading&&!Object.hasOwn(target,"prototype"))?target:${ours}giveName(target,value)},${ours}giveName=`;
  return changed(changed(text, 'var __toESM=', views), 'var __name=', naming);
}

const ours = '__closeloop_';

function changed(text, helper, by) {
  const parts = text.split(helper);
  if (parts.length !== 2) throw new Error(`The bundle does not have "${helper}" once: has esbuild's helper changed?`);
  return parts.join(by);
}

/**
 * An object that begins as a copy, `{ ...other, more }`, gets a hidden class of its own each time from Node 20's V8, and a microsecond for
 * each of what follows; whatever reads it later finds nothing where it was before. One that begins empty is none of that, and is the same.
 */
function withoutLeadingSpreads(text) {
  const places = [];
  simple(parse(text, { ecmaVersion: 2023, sourceType: 'script' }), {
    ObjectExpression({ properties }) {
      if (properties.length > 1 && properties[0].type === 'SpreadElement') places.push(properties[0].start);
    },
  });
  let begun = 0;
  const parts = places.sort((one, other) => one - other).map((at) => text.slice(begun, (begun = at)));
  return [...parts, text.slice(begun)].join('...{},');
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
async function keepCompiled({ program: { service, outfolder }, options }, flagsOf) {
  const child = spawn(process.execPath, [...flagsOf(service), join(outfolder, keeper)], {
    env: { PATH: process.env.PATH, NODE_OPTIONS: options, [`${service.toUpperCase()}_PORT`]: 'none' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (said += bytes));
  await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  if (!said.includes('could not start')) throw new Error(`${service} cannot be loaded from its bundle:\n${said}`);
}

/**
 * Where a package's name leads to. What packages ask for in case it is installed (other databases, other transports) stays a question at run
 * time. npm lays the same release of a package into several folders: it is taken from the first of them that is found.
 */
function found() {
  const folders = new Map();
  return {
    name: 'found',
    setup({ onResolve, resolve }) {
      const asking = Symbol('asking');
      onResolve({ filter: /^[^./]/ }, async ({ path, pluginData, ...from }) => {
        if (pluginData === asking) return undefined;
        const resolved = await resolve(path, { ...from, pluginData: asking });
        if (resolved.errors.length > 0) return { path, external: true };
        const folder = folderOfPackage.exec(resolved.path)?.[0];
        if (resolved.external || folder === undefined) return undefined;
        const { name, version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
        const first = folders.get(`${name}@${version}`) ?? folder;
        folders.set(`${name}@${version}`, first);
        return first === folder ? undefined : { path: first + resolved.path.slice(folder.length) };
      });
    },
  };
}

const folderOfPackage = /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+(?=[\\/])/;

/** What packages load whether or not it is used stays in the heap, which V8 goes through again and again. Whoever uses one after all is told so. */
const neverUsed = {
  name: 'never-used',
  setup({ onLoad }) {
    const tells = (name) =>
      `throw new Error('${name} is not in the bundle: infra/cli/bootstrap/bundle.mjs leaves it out.');`;
    // TypeORM's other databases, of which only its DriverFactory knows
    onLoad({ filter: /[\\/]typeorm[\\/]driver[\\/][\w-]+[\\/]\w+Driver\.js$/ }, ({ path }) => {
      const name = basename(path, '.js');
      if (name === 'PostgresDriver') return undefined;
      return { contents: `exports.${name} = class ${name} { constructor() { ${tells(name)} } };` };
    });
    // the telephone numbers of all countries
    onLoad({ filter: /[\\/]class-validator[\\/].*[\\/]IsPhoneNumber\.js$/ }, () => ({
      contents: `exports.IS_PHONE_NUMBER = 'isPhoneNumber'; exports.isPhoneNumber = exports.IsPhoneNumber = () => { ${tells('IsPhoneNumber')} };`,
    }));
    // It asks Node for a TypeORM of its own beside the one in the bundle.
    onLoad({ filter: /[\\/]@nestjs[\\/]typeorm[\\/].*[\\/]typeorm-compat\.js$/ }, () => ({
      contents: `import * as typeorm from 'typeorm'; export const { Connection, AbstractRepository } = typeorm;`,
    }));
  },
};
