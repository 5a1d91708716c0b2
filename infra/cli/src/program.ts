import { spawn } from 'node:child_process';
import { workspaceRoot } from './workspace.js';

export type Env = Readonly<Record<string, string | undefined>>;

/** Runs a program of the workspace to its end and returns what it wrote to standard output. It gets `input` when that is known;
 * where that fails it is killed.
 * @throws with what it wrote to standard error where it fails */
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
  throw new Error(`${[name, ...words].join(' ')} failed (${code}):\n${(errors + output).trim()}`);
}
