import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { workspaceRoot } from '@closeloop/cli';
import { type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { startBrowser } from './browser.js';

/** What there is to see, by the name of its picture. Loops are of now, however long ago it was said what opened them. */
const pages: Readonly<Record<string, string>> = {
  ...{ inbox: '/inbox', overview: '/overview', loops: '/overview/loops?period=30d', scores: '/overview/scores' },
  ...{ topics: '/overview/topics', channels: '/overview/channels' },
  ...{ drivers: '/overview/drivers', emerging: '/overview/emerging', teams: '/overview/teams' },
  ...{ journey: '/overview/journey', insights: '/insights', improvements: '/improvements', rules: '/rules' },
  ownership: '/ownership',
  ...{ tags: '/tags', operations: '/operations', welcome: '/welcome' },
};
const looks: Readonly<Record<string, BrowserContextOptions>> = {
  light: { viewport: { width: 1360, height: 860 }, colorScheme: 'light' },
  dark: { viewport: { width: 1360, height: 860 }, colorScheme: 'dark' },
  phone: { viewport: { width: 390, height: 844 }, colorScheme: 'light', deviceScaleFactor: 2 },
};
const folder = join(workspaceRoot, 'docs', 'screenshots');
/** The demo looks every five seconds for what emerges, and a day that has just changed waits for the next look. */
const emergedMs = 20_000;
/** A demo on a busy machine, installed and built, milliseconds */
const demoPatienceMs = 600_000;

const say = (line: string): void => void process.stderr.write(`${line}\n`);

/**
 * `npm run screenshots`: every page with what the demo leaves, light, dark and on a phone, into docs/screenshots. Words go to the demo:
 * `-- --file F` shows one's own feedback; `-- --only inbox` takes that page alone.
 */
async function main(words: readonly string[]): Promise<number> {
  const only = words.indexOf('--only');
  const wanted = only === -1 ? undefined : words[only + 1];
  const toDemo = words.filter((_, at) => only === -1 || (at !== only && at !== only + 1));
  const names = Object.keys(pages).filter((name) => wanted === undefined || name === wanted);
  if (names.length === 0) {
    say(`There is no page ${wanted}; there are ${Object.keys(pages).join(', ')}.`);
    return 2;
  }
  const demo = spawn(process.execPath, [join(workspaceRoot, 'infra/demo/dist/main.js'), '--keep', ...toDemo], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => demo.kill('SIGINT'));
  try {
    const link = await linkOf(demo);
    await pause(emergedMs);
    const browser = await startBrowser();
    try {
      await picture(browser, link, names);
    } finally {
      await browser.close();
    }
    return 0;
  } finally {
    await ended(demo);
  }
}

/** The link to the console, once the demo has told all. @throws when it ends before */
function linkOf(demo: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let told = '';
    const late = setTimeout(() => reject(new Error('The demo has not come to its end.')), demoPatienceMs);
    demo.stdout!.setEncoding('utf8').on('data', (text: string) => {
      told += text;
      const link = /^ {2}console +(\S+)/m.exec(told)?.[1];
      if (link === undefined) return;
      clearTimeout(late);
      resolve(link);
    });
    demo.once('close', (code) => {
      clearTimeout(late);
      reject(new Error(`The demo ended with ${code}:\n${told.slice(-2000)}`));
    });
  });
}

async function picture(browser: Browser, link: string, names: readonly string[]): Promise<void> {
  const { origin } = new URL(link);
  const first = await browser.newContext();
  await (await first.newPage()).goto(link, { waitUntil: 'networkidle' });
  const storageState = await first.storageState();
  mkdirSync(folder, { recursive: true });
  for (const [look, options] of Object.entries(looks)) {
    const context = await browser.newContext({ locale: 'en-GB', reducedMotion: 'reduce', ...options, storageState });
    const page = await context.newPage();
    for (const name of names) {
      const file = join(folder, `${name}-${look}.png`);
      rmSync(file, { force: true });
      await page.goto(origin + pages[name]!);
      await settle(page);
      if (name === 'inbox' && look !== 'phone') await page.keyboard.press('j');
      await settle(page);
      await page.screenshot({ path: file });
      say(`${name} ${look}`);
    }
    await context.close();
  }
}

/** The stream of changes keeps the network busy for ever: what is waited for is that nothing more is drawn. */
async function settle(page: Page): Promise<void> {
  let before = -1;
  for (let tries = 0; tries < 40; tries += 1) {
    await pause(250);
    const now = await page.evaluate('document.body.innerHTML.length');
    if (
      now === before &&
      (await page.locator('[aria-busy=true], .mantine-Skeleton-root, .mantine-Loader-root').count()) === 0
    )
      return;
    before = now as number;
  }
}

async function ended(demo: ChildProcess): Promise<void> {
  if (demo.exitCode !== null) return;
  const gone = new Promise((resolve) => demo.once('close', resolve));
  demo.kill('SIGINT');
  await gone;
}

main(process.argv.slice(2)).then(
  (status) => process.exit(status),
  (error: unknown) => {
    say((error as Error).message);
    process.exit(1);
  },
);
