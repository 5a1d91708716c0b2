import { spawn, type ChildProcess } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';

export interface ProgramOptions {
  /** In the figures, and in what is said of it */
  readonly name: string;
  readonly command: string;
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Standard error goes there; standard output too, where readiness is not told by it */
  readonly logFile: string;
  /** Asked until it says yes; without it, a line `ready` on standard output is waited for */
  readonly ready?: () => Promise<boolean>;
}

/** A program under measurement: one process. */
export interface Program {
  readonly name: string;
  readonly pid: number;
  /** @throws with the end of its log where it has ended by itself */
  assertRuns(): void;
  signal(signal: NodeJS.Signals): void;
  /** SIGTERM, and its end. @throws where it did not end by itself, or badly */
  stop(): Promise<void>;
}

const readyWithinMs = 120_000;
const stoppedWithinMs = 30_000;

/** @throws with the end of its log when it is not ready in time */
export async function startProgram(options: ProgramOptions): Promise<Program> {
  const { name, command, words, env, logFile, ready } = options;
  const log = await open(logFile, 'a');
  const child: ChildProcess = spawn(command, words, {
    env,
    // Ctrl-C in a terminal reaches the whole process group; it is told by stop().
    detached: true,
    stdio: ['ignore', ready ? log.fd : 'pipe', log.fd],
  });
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ? `by ${signal}` : `with exit code ${code}`));
  });
  let end: string | undefined;
  let tail = '';
  void ended.then(async (how) => {
    tail = (await readFile(logFile, 'utf8').catch(() => '')).split('\n').slice(-15).join('\n');
    end = how;
  });
  const said = child.stdout ? saysReady(child) : undefined;
  const late = Date.now() + readyWithinMs;
  const fail = (what: string): Error => new Error(`${name} ${what}. The end of ${logFile}:\n${tail}`);
  try {
    if (said) {
      await Promise.race([
        said,
        ended.then((how) => Promise.reject(fail(`ended ${how} before it was ready`))),
        new Promise((_, reject) => setTimeout(() => reject(fail('is not ready in time')), readyWithinMs).unref()),
      ]);
    } else {
      while (!(await ready!())) {
        if (end !== undefined) throw fail(`ended ${end} before it was ready`);
        if (Date.now() > late) throw fail('is not ready in time');
        await new Promise((resolve) => setTimeout(resolve, 60));
      }
    }
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  } finally {
    await log.close();
  }
  return {
    name,
    pid: child.pid!,
    assertRuns() {
      if (end !== undefined) throw fail(`ended ${end}`);
    },
    signal: (signal) => void child.kill(signal),
    async stop() {
      if (end === undefined) {
        child.kill('SIGCONT');
        child.kill('SIGTERM');
      }
      const kill = setTimeout(() => child.kill('SIGKILL'), stoppedWithinMs);
      const how = await ended;
      clearTimeout(kill);
      if (how !== 'with exit code 0') throw fail(`ended ${how}`);
    },
  };
}

/** What else it says is thrown away, so that it never waits for a reader. */
const saysReady = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      if (line === 'ready') resolve();
    });
  });
