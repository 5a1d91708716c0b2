import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  commandOf,
  findProcess,
  isAlive,
  postgresFolder,
  removeServerData,
  stopLeftServers,
} from '@closeloop/embedded';
import { unmountUnder } from './tmpfs.js';

/** Where everything of one run lies. */
export interface RunFolder {
  readonly path: string;
  /** Stops what of it still runs and gives back its disks and data; with `keep` the logs and the evidence stay. */
  clear(keep: boolean): Promise<void>;
}

interface Owner {
  readonly pid: number;
  readonly command: string;
}

/** On the command line of every service of that run */
export const markOf = (folder: string) => `--data-dir=${folder}`;

/** A folder of its own for this process, after what runs that were killed left beside it is gone. */
export async function newRunFolder(root: string, name: string, say: (line: string) => void): Promise<RunFolder> {
  await mkdir(root, { recursive: true });
  for (const other of await readdir(root)) {
    const path = join(root, other);
    const owner = await ownerOf(path);
    if (owner === undefined || ((await isAlive(owner.pid)) && (await commandOf(owner.pid)) === owner.command)) continue;
    say(`A run was killed in ${path}; what it left is ended and removed.`);
    await clear(path, false);
  }
  const path = join(root, name);
  await mkdir(path);
  const owner: Owner = { pid: process.pid, command: (await commandOf(process.pid)) ?? '' };
  await writeFile(ownerFile(path), JSON.stringify(owner));
  return { path, clear: (keep) => clear(path, keep) };
}

const ownerFile = (path: string) => join(path, 'owner.json');

/** Undefined where it is no run, or one that was ended in order and kept. */
async function ownerOf(path: string): Promise<Owner | undefined> {
  const text = await readFile(ownerFile(path), 'utf8').catch(() => '');
  return text === '' ? undefined : (JSON.parse(text) as Owner);
}

export const serverFolders = (path: string) => ({ kafka: join(path, 'kafka'), postgres: join(path, 'postgres') });

async function clear(path: string, keep: boolean): Promise<void> {
  for (let pid = await findProcess(markOf(path)); pid !== undefined; pid = await findProcess(markOf(path))) {
    process.kill(pid, 'SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const folders = serverFolders(path);
  const data = await postgresFolder(folders.postgres);
  await thaw(join(folders.kafka, 'server.properties'), join(data, 'data'));
  await stopLeftServers(folders);
  await unmountUnder(folders.kafka);
  await unmountUnder(data);
  await removeServerData(folders);
  if (keep) await rm(ownerFile(path), { force: true });
  else await rm(path, { recursive: true, force: true });
}

/** A frozen server hears no request to stop. */
async function thaw(...words: readonly string[]): Promise<void> {
  for (const word of words) {
    const pid = await findProcess(word);
    if (pid !== undefined) process.kill(pid, 'SIGCONT');
  }
}
