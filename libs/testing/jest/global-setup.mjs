// Before the project "int" only: one Kafka and one Postgres for the whole run, whose addresses the specs find in the
// environment. Jest loads this file with plain Node, so it needs the compiled library.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export default async function globalSetup() {
  const compiler = fileURLToPath(new URL('../../../node_modules/typescript7/bin/tsc', import.meta.url));
  const project = fileURLToPath(new URL('../tsconfig.lib.json', import.meta.url));
  execFileSync(process.execPath, [compiler, '--build', project], { stdio: 'inherit' });

  const { startBackends } = await import('../dist/backends.js');
  const backends = await startBackends(process.env, (line) => process.stderr.write(`${line}\n`));
  Object.assign(process.env, backends.env);
  globalThis.__closeloopBackends = backends;

  // Jest ends at a signal without its teardown.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.once(signal, () => void backends.stop().finally(() => process.exit(130)));
  }
}
