import { execFile } from 'node:child_process';
import { mkdir, readFile, statfs } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A disk of our own, in memory, that can be full. */
export interface Tmpfs {
  readonly folder: string;
  /** From now on there is room for next to nothing. */
  fill(): Promise<void>;
  giveRoom(): Promise<void>;
}

/** Undefined where that cannot be done: it takes root, on Linux, and the right to mount. */
export async function mountTmpfs(folder: string, megabytes: number): Promise<Tmpfs | undefined> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined;
  await mkdir(folder, { recursive: true });
  const size = `size=${megabytes}m`;
  const mounted = await run('mount', ['-t', 'tmpfs', '-o', `${size},mode=0755`, 'closeloop-faults', folder]).then(
    () => true,
    () => false,
  );
  if (!mounted) return undefined;
  return {
    folder,
    async fill() {
      // What is written meanwhile would make it less than there is, which is refused.
      for (let tries = 1; ; tries += 1) {
        const { blocks, bfree, bsize } = await statfs(folder);
        const size = (blocks - bfree) * bsize + tries * 64 * 1024;
        try {
          await run('mount', ['-o', `remount,size=${size}`, folder]);
          return;
        } catch (error) {
          if (tries === 20) throw error;
        }
      }
    },
    async giveRoom() {
      await run('mount', ['-o', `remount,${size}`, folder]);
    },
  };
}

/** Every tmpfs under that folder; nothing where there is none. */
export async function unmountUnder(folder: string): Promise<void> {
  const mounts = await readFile('/proc/mounts', 'utf8').catch(() => '');
  for (const line of mounts.split('\n')) {
    const [device, where] = line.split(' ');
    if (device !== 'closeloop-faults' || where === undefined) continue;
    const at = where.replaceAll('\\040', ' ');
    if (at === folder || at.startsWith(`${folder}/`)) await run('umount', ['--lazy', at]);
  }
}
