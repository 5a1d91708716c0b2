// Before the project "int" only: one Kafka and one Postgres for the whole run, whose addresses the specs find in the
// environment. Jest loads this file with plain Node, so it needs the compiled library.
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

export default async function globalSetup() {
  const tsc = fileURLToPath(new URL('../../../node_modules/.bin/tsc', import.meta.url));
  const project = createRequire(import.meta.url).resolve('../tsconfig.lib.json');
  execFileSync(tsc, ['--build', project], { stdio: 'inherit', shell: process.platform === 'win32' });

  const { startBackends } = await import('../dist/backends.js');
  const backends = await startBackends(process.env, (line) => process.stderr.write(`${line}\n`));
  Object.assign(process.env, backends.env);
  globalThis.__closeloopBackends = backends;

  // Jest ends at a signal without its teardown.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.once(signal, () => void backends.stop().finally(() => process.exit(130)));
  }
}
