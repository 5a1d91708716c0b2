import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startPlatform, workspaceRoot } from '@closeloop/cli';
import { databaseUrlOf } from '@closeloop/platform';
import { fuzz } from './fuzz.js';

const usage = `npm run fuzz -- [--minutes N] [--seed N]

Starts a platform of its own, sends malformed requests to all its routes and malformed events to all topics that are
consumed, and tells what should not have been. Exit code 1 unless there is nothing to tell.

  --minutes N   default 10
  --seed N      that of a run to be repeated; what machines do in their time does not repeat`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '10' },
      seed: { type: 'string', default: String(Date.now() % 0x7fffffff) },
      help: { type: 'boolean', default: false },
    },
  });
  const minutes = Number(values.minutes);
  const seed = Number(values.seed);
  if (values.help) {
    process.stdout.write(`${usage}\n`);
    return 0;
  }
  if (!(minutes > 0)) throw new Error('--minutes must be a number above 0');
  if (!Number.isInteger(seed) || seed < 0) throw new Error('--seed must be a whole number');
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopping.abort());

  const platform = await startPlatform({ dataDir: join(workspaceRoot, '.data', 'fuzz'), ports: 'free', say });
  let found = true;
  try {
    say(`The fuzz has the seed ${seed}.`);
    const { urls, kafkaBrokers, env } = platform;
    const databaseOf = (service: string): string => databaseUrlOf(service, env);
    const subject = {
      ingestionUrls: [urls.ingestion],
      loopUrls: [urls.loop],
      kafkaBrokers,
      databaseUrls: {
        ingestion: databaseOf('ingestion'),
        learning: databaseOf('learning'),
        routing: databaseOf('routing'),
        loop: databaseOf('loop'),
        insights: databaseOf('insights'),
      },
      apiKey: (source: string) => platform.apiKey(source),
      token: (claims: Parameters<typeof platform.token>[0]) => platform.token(claims),
    };
    const otherUrls = [urls.sentiment, urls.learning, urls.routing, urls.rehearsal, urls.insights];
    const { signal } = stopping;
    const { findings } = await fuzz(subject, { seed, seconds: minutes * 60, say, signal, otherUrls });
    for (const finding of findings) process.stdout.write(`${finding}\n`);
    found = findings.length > 0;
    if (found) say(`Logs: ${platform.logs}. Again: npm run fuzz -- --seed ${seed} --minutes ${minutes}`);
  } finally {
    await platform.stop({ removeData: !found });
  }
  return found ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
