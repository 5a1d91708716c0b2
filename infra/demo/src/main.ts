import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { startPlatform, type Platform } from '@closeloop/cli';
import { firstTeams } from '@closeloop/contracts';
import { playLoop, type LoopRow, type Played } from './agents.js';
import { readArguments, usage, type DemoArguments } from './arguments.js';
import { sendBatches, type Access } from './connectors.js';
import { brokenSums, countedIn, isSettled, resultOf, type DemoResult, type Ledger } from './ledger.js';
import { idOf, readPack, sendPack, type PackItem } from './pack.js';
import { progressBar } from './progress.js';
import { readFeedback } from './replay-file.js';
import { itemTable, summary, type ItemLine } from './report.js';
import { Receiver } from './story/receiver.js';
import { playStory, storyEnvironment, type StoryOutcome } from './story/story.js';
import { readTags, tagsInWords, type Tagged } from './tags.js';
import { readWork } from './work.js';

const source = 'demo';
const dataRoot = fileURLToPath(new URL('../../../.data/', import.meta.url));
/** Loops that agents and customers play at the most */
const loopsPlayed = 200;
/** Without progress for so long, what is unsettled is missing. */
const patienceMs = 60_000;

/** Words for people; stdout is left to the result where that is wanted as JSON. */
type Say = (text: string) => void;

async function getJson<T>(url: string, token: string): Promise<T> {
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as T;
}

/** Waits until the ledger has settled everything, or nothing moves any more. */
async function settled(platform: Platform, sent: number): Promise<Ledger> {
  const bar = progressBar(process.stderr, 'settled');
  let seen = '';
  let movedAt = Date.now();
  for (;;) {
    const ledger = await getJson<Ledger>(
      `${platform.urls.ingestion}/v1/ledger?missing=ids`,
      await managerToken(platform),
    );
    bar.at(Math.max(0, countedIn(ledger) - ledger.unsettled.total), sent);
    const now = JSON.stringify([ledger.results, ledger.outcomes, ledger.unsettled.total]);
    if (now !== seen) {
      seen = now;
      movedAt = Date.now();
    }
    if (isSettled(ledger, sent) || Date.now() - movedAt > patienceMs) {
      bar.end();
      return ledger;
    }
    await sleep(100);
  }
}

const managerToken = (platform: Platform): Promise<string> =>
  platform.token({ sub: 'demo-manager', roles: ['manager'] });

/** Lets agents and customers work the newest loops, a few at a time; returns what they did. */
async function play(platform: Platform, access: Access): Promise<Played> {
  const { items } = await getJson<{ items: LoopRow[] }>(
    `${platform.urls.loop}/v1/loops?state=opened&limit=${loopsPlayed}`,
    await managerToken(platform),
  );
  const tokens = new Map<string, Promise<string>>();
  const agentToken = (team: string): Promise<string> => {
    const token = tokens.get(team) ?? platform.token({ sub: `agent-of-${team}`, roles: ['agent'], teams: [team] });
    tokens.set(team, token);
    return token;
  };
  const played: Played = {};
  const waiting = [...items];
  const player = async (): Promise<void> => {
    for (let loop = waiting.shift(); loop; loop = waiting.shift()) {
      await playLoop({ url: platform.urls.loop, agentToken, apiKey: access.apiKey }, loop, played);
    }
  };
  await Promise.all(Array.from({ length: 4 }, player));
  return played;
}

/** A connector for signed webhooks, as an admin makes one. */
async function makeWebhook(platform: Platform): Promise<{ connector: string; secret: string }> {
  const response = await fetch(`${platform.urls.ingestion}/v1/webhook-connectors`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await platform.token({ sub: 'demo-admin', roles: ['admin'] })}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ name: 'surveys', source }),
  });
  const body = await response.text();
  if (!response.ok) throw new Error(`${response.url} answered ${response.status}: ${body}`);
  return { connector: 'surveys', secret: (JSON.parse(body) as { secret: string }).secret };
}

/** What `GET /v1/feedback/:id` says, in a few words. */
interface FeedbackView {
  feedbackId: string;
  revision: number;
  status: string;
  outcome?: { outcome: string; team?: string; sentiment?: string };
  loop?: { state: string; team: string; priority: string };
}

function becameOf({ revision, status, outcome, loop }: FeedbackView): string {
  const words = [outcome?.outcome ?? status];
  if (outcome?.sentiment) words.push(outcome.sentiment);
  if (loop) words.push(`${loop.team}, ${loop.priority}`, loop.state);
  else if (outcome?.team) words.push(outcome.team);
  if (revision > 1) words.push(`revision ${revision}`);
  return words.join(' · ');
}

/** One line for each item of the pack. */
async function packLines(
  platform: Platform,
  pack: readonly PackItem[],
  tagged: ReadonlyMap<string, Tagged>,
): Promise<ItemLine[]> {
  const token = await managerToken(platform);
  const lines: ItemLine[] = [];
  for (const item of pack) {
    if ('raw' in item) {
      lines.push({ item: 'poison', via: item.via, text: item.raw, became: 'dead letter, kept' });
      continue;
    }
    const { externalId, text, survey, kind } = item.feedback;
    const id = idOf(item, source);
    const tags = id === undefined ? undefined : tagged.get(id);
    const response = await fetch(`${platform.urls.ingestion}/v1/feedback/${id}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    lines.push({
      item: externalId,
      via: item.via,
      text: text ?? (survey ? `${survey.metric} ${survey.score}` : `(${kind})`),
      became: response.ok ? becameOf((await response.json()) as FeedbackView) : 'refused, its sender was told why',
      tags: tags && tagsInWords(tags),
    });
  }
  return lines;
}

/** One working day in a minute, told as it goes. */
async function tellStory(platform: Platform, say: Say): Promise<StoryOutcome> {
  const receiver = await Receiver.start();
  try {
    say('\nA day at customer support');
    return await playStory(platform, receiver, (line) => say(`  ${line}`));
  } finally {
    await receiver.stop();
  }
}

/** Sends, waits, plays, tells. Returns the result and what does not add up. */
async function runDemo(
  platform: Platform,
  args: DemoArguments,
  startSeconds: number,
  say: Say,
): Promise<{ result: DemoResult; broken: string[] }> {
  const access = { url: platform.urls.ingestion, apiKey: await platform.apiKey(source), source };
  const webhook = args.file === undefined ? await makeWebhook(platform) : undefined;
  const bar = progressBar(process.stderr, 'sent');
  let out = 0;
  const onSent = (count: number): void => bar.at((out += count), args.limit ?? out);

  const begun = performance.now();
  const since = new Date();
  const pack = webhook ? readPack(since) : [];
  const sent = webhook
    ? await sendPack(
        {
          ...access,
          brokers: platform.kafkaBrokers,
          topicPrefix: platform.env['KAFKA_TOPIC_PREFIX'] ?? '',
          webhook,
        },
        pack,
        onSent,
      )
    : await sendBatches(access, readFeedback(args.file!, args.limit), onSent);
  bar.end();
  if (sent === 0) throw new Error(`${args.file} holds no rows.`);
  const ledger = await settled(platform, sent);
  const pipelineSeconds = (performance.now() - begun) / 1000;

  const played = await play(platform, access);
  const tagged = await readTags(platform.env, since);
  if (webhook) say(`\n${itemTable(await packLines(platform, pack, tagged))}`);
  const story = webhook ? await tellStory(platform, say) : { sent: 0, staleDrafts: 0 };
  // people have acted since: the ledger hears of it from the loop service
  const atLast = await settled(platform, sent + story.sent);
  const worked = await readWork(platform, since, await managerToken(platform));
  const { staleDrafts } = story;
  const result = resultOf(sent, ledger, { ...worked, staleDrafts }, { start: startSeconds, pipeline: pipelineSeconds });
  const broken = brokenSums(result, ledger.unsettled.total);
  if (!isSettled(atLast, sent + story.sent)) broken.push('what was sent in the story is not all settled');
  say(`\n${summary(result, played, tagged.values())}`);
  for (const sum of broken) say(`Does not add up: ${sum}.`);
  for (const id of ledger.missingIds ?? []) say(`missing: ${id}`);
  return { result, broken };
}

/** For who wants to look around: everybody's work, in the browser. */
async function whereItRuns(platform: Platform): Promise<string> {
  const [team] = firstTeams;
  const [everything, agent, key] = await Promise.all([
    platform.signInLink({ sub: 'demo-manager', roles: ['agent', 'manager', 'admin'], teams: firstTeams }),
    platform.signInLink({ sub: 'demo-agent', roles: ['agent'], teams: [team!] }),
    platform.apiKey('demo'),
  ]);
  return [
    '\nIt goes on running until Ctrl-C; then what is in it is removed. Each link works once, for an hour.',
    `  console                       ${everything}`,
    `  as an agent of ${team!.padEnd(15)}${agent}`,
    `  feedback in                   ${platform.urls.ingestion}/v1/feedback, with the key ${key}`,
    'Answers written there reach nobody: no connector of this demo sends replies (docs/answering.md).',
  ].join('\n');
}

async function main(): Promise<number> {
  const args = readArguments(process.argv.slice(2));
  if (args.help) {
    process.stdout.write(`${usage}\n`);
    return 0;
  }
  const say: Say = (text) => void (args.json ? process.stderr : process.stdout).write(`${text}\n`);
  const tell = (line: string): void => void process.stderr.write(`${line}\n`);

  mkdirSync(dataRoot, { recursive: true });
  const dataDir = mkdtempSync(join(dataRoot, 'demo-'));
  const stopSignal = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    // however often: a terminal sends it, and who started this does too
    process.on(signal, () => stopSignal.abort(new Error(`Stopped by ${signal}.`)));
  }
  const begun = performance.now();
  const platform = await startPlatform({
    ...{ dataDir, ports: 'free', say: tell, signal: stopSignal.signal },
    // what emerged is to be seen soon after it came
    env: { INSIGHTS_EMERGING_EVERY_MS: '5000', ...process.env, ...(args.file === undefined && storyEnvironment) },
  });
  let failed = true;
  try {
    const gone = platform.broken.then((what) => Promise.reject(new Error(what)));
    const stopped = new Promise<never>((_, reject) =>
      stopSignal.signal.addEventListener('abort', () => reject(stopSignal.signal.reason as Error), { once: true }),
    );
    const { result, broken } = await Promise.race([
      runDemo(platform, args, (performance.now() - begun) / 1000, say),
      gone,
      stopped,
    ]);
    failed = broken.length > 0;
    if (args.json) process.stdout.write(`${JSON.stringify(result)}\n`);
    if (args.keep) {
      say(await whereItRuns(platform));
      await Promise.race([gone, stopped.catch(() => undefined)]);
    }
  } finally {
    // what a failed run left is there to be looked at
    await platform.stop({ removeData: !failed });
    if (failed) tell(`Logs and data of this run: ${dataDir}`);
  }
  return failed ? 1 : 0;
}

main().then(
  (status) => process.exit(status),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
