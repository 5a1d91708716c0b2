import { handOver, orExplain, prepare } from './bootstrap/prepare.mjs';

await orExplain(async () => {
  await prepare();
  return handOver('infra/e2e/dist/screenshots.js');
});
