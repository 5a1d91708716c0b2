import { orExplain, prepare, root, run } from './bootstrap/prepare.mjs';

await orExplain(async () => {
  await prepare();
  await run(process.execPath, [], [`${root}services/sentiment/dist/train.js`, ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
});
