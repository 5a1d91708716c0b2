/** @throws Error that names the variable */
export function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

/** `start` returns what stops it again; then one line `ready` is written, and SIGTERM ends the process. */
export function run(start: () => Promise<() => Promise<void>>): void {
  const fail = (error: unknown): void => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  };
  start().then((stop) => {
    process.once('SIGTERM', () => void stop().then(() => process.exit(0), fail));
    process.stdout.write('ready\n');
  }, fail);
}
