import { spawn } from 'node:child_process';
import { orExplain, prepare, root } from './bootstrap/prepare.mjs';

await orExplain(async () => {
  await prepare();
  const child = spawn(process.execPath, [`${root}infra/demo/dist/main.js`, ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  // It ends what it has started before it ends itself; this process waits for that.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
});
