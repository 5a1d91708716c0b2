import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

/** Debian's, and where others put theirs. */
const usualPaths = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** A real browser: CHROMIUM_PATH, else where it usually is. @throws where there is none */
export function startBrowser(): Promise<Browser> {
  const path = process.env['CHROMIUM_PATH'] || usualPaths.find((usual) => existsSync(usual));
  if (path === undefined) {
    throw new Error('There is no Chromium: apt-get install chromium, or name one by CHROMIUM_PATH.');
  }
  // root, as in containers, may not use the sandbox; what is opened is our own page
  return chromium.launch({ executablePath: path, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });
}
