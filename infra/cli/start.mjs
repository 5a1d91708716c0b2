import { orExplain, prepare } from './bootstrap/prepare.mjs';

await orExplain(async () => {
  await prepare();
  const { start } = await import('./dist/start.js');
  return start(process.argv.slice(2));
});
