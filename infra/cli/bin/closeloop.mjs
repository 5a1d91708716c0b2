#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { orExplain, prepare } from '../bootstrap/prepare.mjs';

await orExplain(async () => {
  const compiled = new URL('../dist/closeloop.js', import.meta.url);
  if (!existsSync(compiled)) await prepare();
  const { closeloop } = await import(compiled);
  return closeloop(process.argv.slice(2));
});
