import { handOver, orExplain, prepare } from './bootstrap/prepare.mjs';

await orExplain(async () => {
  await prepare();
  return handOver('infra/demo/dist/main.js');
});
