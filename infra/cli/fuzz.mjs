import { orExplain, prepare, root, run } from './bootstrap/prepare.mjs';

await orExplain(async () => {
  await prepare();
  // A process of its own, so that this one has nothing to clean up but its exit code.
  await run(process.execPath, [], [`${root}infra/faults/dist/fuzz/main.js`, ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
});
