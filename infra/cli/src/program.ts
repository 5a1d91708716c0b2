import { spawn } from 'node:child_process';
import { workspaceRoot } from './workspace.js';

export type Env = Readonly<Record<string, string | undefined>>;

/** A program of the workspace that failed. */
export class ProgramFailed extends Error {
  override readonly name = 'ProgramFailed';

  /** @param told what it wrote, without what is ours */
  constructor(
    message: string,
    readonly code: number | NodeJS.Signals | null,
    readonly told: string,
  ) {
    super(message);
  }
}

/** Runs a program of the workspace to its end and returns what it wrote to standard output. It gets `input` when that is known;
 * where that fails it is killed.
 * @throws ProgramFailed, with what it wrote to standard error where it fails */
export async function runProgram(
  file: string,
  words: readonly string[],
  env: Env,
  input: Promise<string> = Promise.resolve(''),
): Promise<string> {
  const child = spawn(process.execPath, [file, ...words], {
    cwd: workspaceRoot,
    env,
    stdio: 'pipe',
  });
  // It may have ended before it read all of it; its exit code tells.
  child.stdin.on('error', () => undefined);
  input.then(
    (text) => child.stdin.end(text),
    () => child.kill('SIGKILL'),
  );
  let output = '';
  let errors = '';
  child.stdout.on('data', (bytes: Buffer) => (output += bytes.toString()));
  child.stderr.on('data', (bytes: Buffer) => (errors += bytes.toString()));
  const code = await new Promise<number | NodeJS.Signals | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status, signal) => resolve(status ?? signal));
  });
  if (code === 0) return output;
  const name = file.replace(workspaceRoot, '');
  const told = (errors + output).trim();
  throw new ProgramFailed(`${[name, ...words].join(' ')} failed (${code}):\n${told}`, code, told);
}
