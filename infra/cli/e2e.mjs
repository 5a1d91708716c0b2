import { orExplain, prepare, root, run } from './bootstrap/prepare.mjs';

await orExplain(async () => {
  await prepare();
  await run(process.execPath, [], [`${root}infra/e2e/dist/main.js`, ...process.argv.slice(2)], { stdio: 'inherit' });
});
