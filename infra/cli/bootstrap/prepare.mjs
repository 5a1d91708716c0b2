// Runs straight after `git clone`: Node's own modules only.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join, sep } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../..', import.meta.url));
const inRoot = (...names) => join(root, ...names);
const OLDEST_NODE = [20, 19];

/** Installs and builds what changed since last time; two of these at once in one checkout take turns.
 * `say` gets a line for each thing that takes a while. */
export async function prepare({ build = true, say = (line) => process.stderr.write(`${line}\n`) } = {}) {
  assertNode();
  mkdirSync(inRoot('.data'), { recursive: true });
  const release = await turn(inRoot('.data', 'prepare.lock'), say);
  try {
    if (!isInstalled()) await install(say);
    if (build && !isBuilt()) await buildAll(say);
  } finally {
    release();
  }
}

function assertNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_NODE;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  throw new Failure(`Closeloop needs Node ${OLDEST_NODE.join('.')} or later; this is ${process.versions.node}.`);
}

/** Waits for the process that the lock file names, while it lives. Returns what removes the lock. */
async function turn(file, say) {
  for (let said = false; ;) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const holder = Number(readOr(file, ''));
    // Empty for the moment between its making and its writing; a kill in that moment leaves it so.
    if (holder === 0) await pause(500);
    if (!isAlive(holder) && readOr(file, '') === (holder === 0 ? '' : String(holder))) {
      rmSync(file, { force: true });
      continue;
    }
    if (!said) say(`Waits for process ${holder}, which installs or builds here.`);
    said = true;
    await pause(300);
  }
}

function isAlive(pid) {
  if (!pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

const installedMark = inRoot('node_modules', '.closeloop-installed');
const lockText = () => readFileSync(inRoot('package-lock.json'), 'utf8');

function isInstalled() {
  const text = lockText();
  const hash = sha256(text);
  if (readOr(installedMark, '') === hash) return true;
  if (!agreesWithNpm(JSON.parse(text))) return false;
  writeFileSync(installedMark, hash);
  return true;
}

/** Whether someone ran npm by hand: npm keeps what it installed in node_modules/.package-lock.json. */
function agreesWithNpm(lock) {
  const kept = readOr(inRoot('node_modules', '.package-lock.json'), '');
  if (kept === '') return false;
  const installed = JSON.parse(kept).packages;
  const wanted = Object.entries(lock.packages).filter(([path]) => path.split('/').includes('node_modules'));
  return (
    wanted.every(([path, { version, integrity, optional, link }]) => {
      const there = installed[path];
      if (!there) return optional === true;
      return link ? there.link === true : there.version === version && there.integrity === integrity;
    }) && Object.keys(installed).every((path) => path in lock.packages)
  );
}

async function install(say) {
  const begun = Date.now();
  const count = Object.keys(JSON.parse(lockText()).packages).length;
  say(`Installing ${count} packages (the first time, or package-lock.json changed) …`);
  // Warnings are about engines of packages of packages that run on this Node all the same.
  const told = setInterval(() => say(`  still installing, ${seconds(begun)} so far`), 15_000);
  await run(...npm(), ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { stdio: 'inherit' }).finally(() =>
    clearInterval(told),
  );
  writeFileSync(installedMark, sha256(lockText()));
  say(`Installed in ${seconds(begun)}.`);
}

/** The npm that runs this, else the one on the path. */
function npm() {
  const running = process.env.npm_execpath;
  return running && /\.c?js$/.test(running) && existsSync(running) ? [process.execPath, [running]] : ['npm', []];
}

/** The script behind a command of a package, so that it runs on this very Node. */
export function binOf(name, command = name) {
  const { bin } = JSON.parse(readFileSync(inRoot('node_modules', name, 'package.json'), 'utf8'));
  return inRoot('node_modules', name, typeof bin === 'string' ? bin : bin[command]);
}

const builtMark = inRoot('.data', 'built.sha256');

const projects = () =>
  ['libs', 'services', 'infra']
    .flatMap((group) => list(inRoot(group)).map(({ name }) => inRoot(group, name)))
    .filter((folder) => existsSync(join(folder, 'tsconfig.lib.json')));

/** What services are run by: `main.ts` is the folder's own, `<service>.main.ts` that of another one which shares its source. */
const programs = () =>
  projects()
    .filter((folder) => folder.startsWith(inRoot('services', sep)))
    .flatMap((folder) =>
      list(join(folder, 'src'))
        .map(({ name }) => /^(?:([^.]+)\.)?main\.ts$/.exec(name))
        .filter((found) => found !== null)
        .map(([file, guest]) => ({
          service: guest ?? basename(folder),
          main: join(folder, 'dist', file.replace(/ts$/, 'js')),
          outfolder: join(folder, 'dist', 'bundle', ...(guest ? [guest] : [])),
        })),
    );

/** The page of the console: what it is built of, and where that goes. */
const web = {
  folder: inRoot('services', 'console', 'web'),
  sources: ['package.json', 'index.html', 'vite.config.ts', 'tsconfig.json', 'src', 'messages', 'public'],
  built: inRoot('services', 'console', 'dist', 'web', 'index.html'),
};

/** Sources, settings, and the compiler's own record of what it wrote: a build by hand shows too. */
function isBuilt() {
  const records = projects().map((folder) => join(folder, 'dist', 'tsconfig.lib.tsbuildinfo'));
  const bundles = programs().map(({ outfolder }) => join(outfolder, 'main.js'));
  return [...records, ...bundles, web.built].every((file) => existsSync(file)) && readOr(builtMark, '') === buildHash();
}

function buildHash() {
  const files = [
    ...['package-lock.json', 'nx.json', 'tsconfig.base.json'].map((name) => inRoot(name)),
    ...['bundle.mjs', 'service-loader.mjs'].map((name) => inRoot('infra', 'cli', 'bootstrap', name)),
    ...projects().flatMap((folder) => [
      join(folder, 'package.json'),
      join(folder, 'tsconfig.lib.json'),
      join(folder, 'dist', 'tsconfig.lib.tsbuildinfo'),
      ...filesBelow(join(folder, 'src')).filter((file) => !/\.(spec|fixture)\.ts$/.test(file)),
    ]),
    ...web.sources.flatMap((name) => filesAt(join(web.folder, name))).filter((file) => !/\.spec\.ts$/.test(file)),
  ];
  const hash = createHash('sha256');
  for (const file of files) hash.update(`${file.slice(root.length)}\0${sha256(readOr(file, ''))}\n`);
  return hash.digest('hex');
}

async function buildAll(say) {
  const begun = Date.now();
  say('Building what changed …');
  await run(process.execPath, [binOf('nx')], ['run-many', '-t', 'build', '--outputStyle=static'], {
    env: { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false', NX_NO_CLOUD: 'true', FORCE_COLOR: '0' },
    onLine: (line) => {
      const project = /^(?:\s*✔\s+|> )nx run (\S+):build/.exec(line)?.[1];
      if (project) say(`  ${project}`);
    },
  });
  // What it needs is installed by now.
  const { bundleServices } = await import('./bundle.mjs');
  const { memoryOptions, nodeFlags } = await import('../dist/memory-options.js');
  await bundleServices(programs(), nodeFlags, (service) => memoryOptions(service).NODE_OPTIONS);
  writeFileSync(builtMark, buildHash());
  say(`Built in ${seconds(begun)}.`);
}

/** Runs to the end in the root folder; its output is shown where it fails, unless it is inherited.
 * @throws Failure */
export async function run(command, firstWords, words, { stdio, env = process.env, onLine = () => {} } = {}) {
  const child = spawn(command, [...firstWords, ...words], {
    cwd: root,
    env,
    stdio: stdio ?? ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32' && command === 'npm',
  });
  const output = [];
  for (const stream of [child.stdout, child.stderr]) {
    if (!stream) continue;
    createInterface({ input: stream }).on('line', (line) => {
      output.push(line);
      onLine(line);
    });
  }
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status, signal) => resolve(status ?? signal));
  });
  if (code !== 0) {
    const worth = output.filter((line) => line.trim() !== '' && !line.startsWith('> '));
    if (worth.length > 0) process.stderr.write(`${worth.join('\n')}\n`);
    throw new Failure(`${[command, ...firstWords, ...words].map(short).join(' ')} failed (${code}).`);
  }
}

/**
 * Runs a built program with this process's words, and ends as it ends. It stops what it has started before it ends itself, so that a signal is
 * handed on and waited for, whoever sent it.
 * @param program below the root folder
 * @returns the exit code
 */
export function handOver(program) {
  const child = spawn(process.execPath, [join(root, program), ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}

const short = (word) => word.replace(root, '').replace(process.execPath, 'node');

/** What people are told without a stack. */
export class Failure extends Error {}

/** Ends the process with a message where `main` fails. */
export async function orExplain(main) {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    process.stderr.write(`\n${error instanceof Failure ? error.message : (error.stack ?? error)}\n`);
    process.exitCode = 1;
  }
}

const sha256 = (text) => createHash('sha256').update(text).digest('hex');
const seconds = (begun) => `${((Date.now() - begun) / 1000).toFixed(1)} s`;

function readOr(file, otherwise) {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return otherwise;
    throw error;
  }
}

const list = (folder) => (existsSync(folder) ? readdirSync(folder, { withFileTypes: true }) : []);

const filesAt = (path) => (existsSync(path) && statSync(path).isDirectory() ? filesBelow(path) : [path]);

function filesBelow(folder) {
  return list(folder)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) =>
      entry.isDirectory() ? filesBelow(`${folder}${sep}${entry.name}`) : [`${folder}${sep}${entry.name}`],
    );
}
