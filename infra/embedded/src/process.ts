import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { commandOf } from './port.js';

export const run = promisify(execFile);

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** False for a zombie too: where no init reaps (a bare container), a dead process keeps its entry. */
export async function isAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  if (process.platform !== 'linux') return true;
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat !== '' && stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z';
}

/** The process whose command line has all of these words, in whatever place. What a kill -9 left is found by the data
 * folder it was started on, not by a pid file: that may be lost, or name a process that has nothing to do with us. */
export async function findProcess(...words: string[]): Promise<number | undefined> {
  const matches = (command: string) => words.every((word) => ` ${command} `.includes(` ${word} `));
  if (process.platform === 'linux') {
    for (const name of await readdir('/proc')) {
      const pid = Number(name);
      if (!Number.isInteger(pid) || pid === process.pid) continue;
      const command = await commandOf(pid);
      if (command !== undefined && matches(command) && (await isAlive(pid))) return pid;
    }
    return undefined;
  }
  const { stdout } = await run('ps', ['-axo', 'pid=,args='], { maxBuffer: 16 * 1024 * 1024 });
  const line = stdout.split('\n').find((text) => matches(text.trim().replace(/^\d+\s+/, '')));
  return line === undefined ? undefined : Number.parseInt(line.trim(), 10);
}

/** Sends the signals one after the other, each with its time to be obeyed, and returns when the process is gone. */
export async function stopProcess(
  pid: number,
  what: string,
  steps: readonly { signal: NodeJS.Signals; seconds: number }[],
): Promise<void> {
  for (const { signal, seconds } of steps) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ESRCH') return;
      throw error;
    }
    const deadline = Date.now() + seconds * 1000;
    while (Date.now() < deadline) {
      if (!(await isAlive(pid))) return;
      await pause(25);
    }
  }
  throw new Error(`${what} (process ${pid}) does not end, not even by SIGKILL.`);
}

/** A process has ended before it was ready: its log says why, as a whole and not only at its end. */
export class EndedWhileStarting extends Error {
  override readonly name = 'EndedWhileStarting';
}

/** Waits until `ready`; ends at once, with the last lines of the log, when the process has died.
 * @throws EndedWhileStarting; Error after `seconds` */
export async function untilReady(
  what: string,
  { pid, logFile, seconds, ready }: { pid: number; logFile: string; seconds: number; ready: () => Promise<boolean> },
): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    if (await ready()) return;
    const alive = await isAlive(pid);
    if (!alive || Date.now() > deadline) {
      const logged = `The end of its log, ${logFile}:\n${await lastLines(logFile, 15)}`;
      if (!alive) throw new EndedWhileStarting(`${what} ended while it started. ${logged}`);
      throw new Error(`${what} is not ready after ${seconds} s. ${logged}`);
    }
    await pause(40);
  }
}

export async function lastLines(file: string, count: number): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text
    .trimEnd()
    .split('\n')
    .slice(-count)
    .map((line) => `  ${line}`)
    .join('\n');
}
