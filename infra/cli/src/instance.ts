import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { commandOf, isAlive } from '@closeloop/embedded';
import type { Env } from './program.js';

/** What runs on a data folder, for whoever comes to it later: a second start, or `closeloop` in another terminal. */
export interface Instance {
  readonly pid: number;
  /** The process's command line: a number alone may have gone to another program. */
  readonly command: string;
  readonly since: string;
  /** Once it is up: where the services answer, and what their programs need to know. */
  readonly urls?: Readonly<Record<string, string>>;
  readonly env?: Env;
}

export class AlreadyRunning extends Error {
  override readonly name = 'AlreadyRunning';

  constructor(readonly instance: Instance) {
    super(
      `Closeloop runs here already: process ${instance.pid}, since ${instance.since}` +
        (instance.urls
          ? `, ${Object.entries(instance.urls)
              .map(([name, url]) => `${name} ${url}`)
              .join(', ')}`
          : ' (it is starting)') +
        '. Stop it with Ctrl-C in its terminal, or: kill ' +
        String(instance.pid),
    );
  }
}

const fileIn = (dataDir: string) => join(dataDir, 'instance.json');

/** The instance that runs on the folder; undefined when none does, be it that it was killed. */
export async function runningInstance(dataDir: string): Promise<Instance | undefined> {
  const text = await readFile(fileIn(dataDir), 'utf8').catch(() => '');
  if (text === '') return undefined;
  const instance = JSON.parse(text) as Instance;
  return (await isAlive(instance.pid)) && (await commandOf(instance.pid)) === instance.command ? instance : undefined;
}

/** Takes the folder for this process.
 * @throws AlreadyRunning */
export async function claim(
  dataDir: string,
): Promise<{ publish(more: Partial<Instance>): Promise<void>; release(): Promise<void> }> {
  await mkdir(dataDir, { recursive: true });
  const file = fileIn(dataDir);
  const own: Instance = {
    pid: process.pid,
    command: (await commandOf(process.pid)) ?? '',
    since: new Date().toISOString(),
  };
  // With the password of the embedded Postgres in its env.
  const write = (target: string, instance: Instance, flag: string) =>
    writeFile(target, JSON.stringify(instance, null, 2), { flag, mode: 0o600 });
  for (;;) {
    try {
      await write(file, own, 'wx');
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const other = await runningInstance(dataDir);
      if (other) throw new AlreadyRunning(other);
      await rm(file, { force: true });
    }
  }
  return {
    async publish(more) {
      await write(`${file}.new`, { ...own, ...more }, 'w');
      await rename(`${file}.new`, file);
    },
    async release() {
      const kept = JSON.parse(await readFile(file, 'utf8').catch(() => '{}')) as Partial<Instance>;
      if (kept.pid === own.pid && kept.since === own.since) await rm(file, { force: true });
    },
  };
}
