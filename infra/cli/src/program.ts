import { spawn } from 'node:child_process';
import { workspaceRoot } from './workspace.js';

export type Env = Readonly<Record<string, string | undefined>>;

/** Runs a program of the workspace to its end and returns what it wrote to standard output.
 * @throws with what it wrote to standard error where it fails */
export async function runProgram(file: string, words: readonly string[], env: Env): Promise<string> {
  const child = spawn(process.execPath, [file, ...words], {
    cwd: workspaceRoot,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
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
