import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startPlatform, workspaceRoot, type Platform } from '@closeloop/cli';
import { type Browser, type Page } from 'playwright-core';
import { startBrowser } from './browser.js';
import { type Journey, type Surroundings } from './journey.js';
import { agentAnswers, twoCollide } from './journeys/agent.journey.js';
import { bulkWithUndo } from './journeys/bulk.journey.js';
import { longList } from './journeys/long-list.journey.js';
import { ruleGoesLive, tagsCorrected } from './journeys/manager.journey.js';
import { comesByItself, numbersOpenLoops } from './journeys/overview.journey.js';
import { ownershipSaid } from './journeys/ownership.journey.js';
import { firstFeedback, phoneInGerman } from './journeys/welcome.journey.js';

/** In this order: the first needs an empty system. */
const journeys: readonly Journey[] = [
  firstFeedback,
  agentAnswers,
  twoCollide,
  bulkWithUndo,
  longList,
  comesByItself,
  numbersOpenLoops,
  tagsCorrected,
  ruleGoesLive,
  ownershipSaid,
  phoneInGerman,
];

/** How long anything that is waited for may take, milliseconds: patient, for busy machines. */
const patienceMs = 30_000;
const source = 'e2e';

const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** `npm run e2e`: the journeys of people in a real browser, on the real services. Words: parts of names, to run only those. */
async function main(words: readonly string[]): Promise<number> {
  const dataRoot = join(workspaceRoot, '.data');
  mkdirSync(dataRoot, { recursive: true });
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopping.abort(new Error(signal)));
  const browser = await startBrowser();
  let platform: Platform | undefined;
  try {
    platform = await startPlatform({
      ...{ dataDir: mkdtempSync(join(dataRoot, 'e2e-')), ports: 'free', say, signal: stopping.signal },
    });
    const failed: string[] = [];
    for (const journey of journeys.filter(({ name }) => words.every((word) => name.includes(word)))) {
      const begun = Date.now();
      const complaints: string[] = [];
      try {
        await journey.run(surroundingsOf(platform, browser, complaints));
        if (complaints.length > 0) throw new Error(`the page complained: ${complaints.join('\n')}`);
        say(`✔ ${journey.name} (${((Date.now() - begun) / 1000).toFixed(1)} s)`);
      } catch (error) {
        failed.push(journey.name);
        say(`✘ ${journey.name}: ${(error as Error).message}`);
        await keepPicture(browser, journey.name);
      }
      await Promise.all(browser.contexts().map((context) => context.close()));
    }
    say(failed.length === 0 ? 'All journeys end well.' : `${failed.length} failed.`);
    return failed.length === 0 ? 0 : 1;
  } finally {
    await browser.close();
    await platform?.stop({ removeData: true });
  }
}

function surroundingsOf(platform: Platform, browser: Browser, complaints: string[]): Surroundings {
  return {
    ...{ platform, browser, say },
    async signIn({ sub, roles, teams = [] }, options = {}) {
      const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1360, height: 860 }, ...options });
      context.setDefaultTimeout(patienceMs);
      const page = await context.newPage();
      listen(page, complaints);
      await page.goto(await platform.signInLink({ sub, roles, teams }));
      return page;
    },
    async hear(feedback) {
      const headers = {
        authorization: `Bearer ${await platform.apiKey(source)}`,
        'content-type': 'application/json',
      };
      await answersGoTo(platform);
      const taken = await fetch(`${platform.urls.ingestion}/v1/feedback`, {
        ...{ method: 'POST', headers, body: JSON.stringify(feedback) },
      });
      const { feedbackId } = (await taken.json()) as { feedbackId: string };
      for (const until = Date.now() + patienceMs; Date.now() < until; await pause(200)) {
        const response = await fetch(`${platform.urls.ingestion}/v1/feedback/${feedbackId}`, { headers });
        const { loop } = (await response.json()) as { loop?: { loopId: string } };
        if (loop) return { feedbackId, loopId: loop.loopId };
      }
      throw new Error(`the feedback ${feedbackId} is in no loop after ${patienceMs / 1000} s`);
    },
  };
}

/** Errors of scripts, and what the content policy keeps from happening. A service that refuses or is away is the page's to show. */
function listen(page: Page, complaints: string[]): void {
  page.on('pageerror', ({ message }) => complaints.push(message));
  page.on('console', (line) => {
    if (line.type() === 'error' && !line.text().startsWith('Failed to load resource')) complaints.push(line.text());
  });
}

/** What is answered goes into a file, so that answers arrive. */
async function answersGoTo(platform: Platform): Promise<void> {
  const response = await fetch(`${platform.urls.ingestion}/v1/reply-senders/${source}`, {
    method: 'PUT',
    headers: {
      authorization: `Bearer ${await platform.token({ sub: 'e2e', roles: ['admin'] })}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ kind: 'file' }),
  });
  if (!response.ok) throw new Error(`no reply sender: ${response.status} ${await response.text()}`);
}

/** What was on the screen when it failed. */
async function keepPicture(browser: Browser, name: string): Promise<void> {
  const folder = join(workspaceRoot, '.data', 'e2e-failures');
  mkdirSync(folder, { recursive: true });
  for (const [at, page] of browser
    .contexts()
    .flatMap((context) => context.pages())
    .entries()) {
    const path = join(folder, `${name.replaceAll(/\W+/g, '-')}-${at}.png`);
    await page.screenshot({ path }).then(
      () => say(`  ${path}`),
      () => undefined,
    );
  }
}

process.exitCode = await main(process.argv.slice(2));
