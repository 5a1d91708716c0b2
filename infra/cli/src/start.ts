import { join } from 'node:path';
import { AlreadyRunning } from './instance.js';
import { startPlatform, type Platform } from './platform.js';
import { services, workspaceRoot } from './workspace.js';

const DEVELOPMENT_SOURCE = 'local';

/** `npm start`: all of Closeloop, until Ctrl-C or SIGTERM. Returns the exit code. */
export async function start(words: readonly string[]): Promise<number> {
  const unknown = words.filter((word) => word !== '--verbose');
  if (unknown.length > 0) {
    say(`npm start knows --verbose, not ${unknown.join(' ')}.`);
    return 2;
  }
  const begun = performance.now();
  const signals = countedSignals();
  let platform: Platform;
  try {
    platform = await startPlatform({
      dataDir: join(workspaceRoot, '.data'),
      verbose: words.includes('--verbose'),
      say,
      signal: signals.starting,
    });
  } catch (error) {
    if (signals.starting.aborted) return 0;
    say(`\n${(error as Error).message}`);
    return error instanceof AlreadyRunning ? 3 : 1;
  }

  let ended: string | undefined;
  try {
    await greet(platform, (performance.now() - begun) / 1000);
    ended = await Promise.race([platform.broken, signals.first.then(() => undefined)]);
  } catch (error) {
    ended = (error as Error).message;
  }
  say(
    ended === undefined
      ? '\nStopping: services first, then Kafka and Postgres. (Once more: at once.)'
      : `\n${ended}\nEverything is being stopped.`,
  );
  void signals.second.then(() => platform.kill());
  await platform.stop();
  say('Stopped.');
  return ended === undefined ? 0 : 1;
}

const say = (line: string) => void process.stderr.write(`${line}\n`);

async function greet(platform: Platform, seconds: number): Promise<void> {
  const { urls } = platform;
  const key = await platform.apiKey(DEVELOPMENT_SOURCE);
  const developer = { sub: 'developer', roles: ['agent', 'manager', 'admin'], teams: ['triage'] };
  const token = await platform.token(developer).catch(() => undefined);
  const link = token === undefined ? `${urls.console}/sign-in` : await platform.signInLink(developer);
  const row = (name: string, value: string) => `  ${name.padEnd(11)}${value}`;
  process.stdout.write(
    [
      '',
      `Closeloop runs (ready in ${seconds.toFixed(1)} s).`,
      '',
      row(
        'console',
        `${link}${token === undefined ? '' : '   (works once, for an hour; another: npx closeloop sign-in)'}`,
      ),
      '',
      ...services.map((service) => row(service, urls[service])),
      row('try it', `${urls.ingestion}/docs`),
      row('Kafka', platform.kafkaBrokers),
      row('Postgres', withoutPassword(platform.env['DATABASE_URL'] ?? '')),
      row('issuer', platform.issuer),
      row('logs', platform.logs),
      '',
      row('key', `${key}   (source "${DEVELOPMENT_SOURCE}")`),
      ...(token === undefined ? [] : [row('token', `${token}   (12 hours; another: npx closeloop token)`)]),
      '',
      `curl -sS ${urls.ingestion}/v1/feedback -H 'authorization: Bearer ${key}' -H 'content-type: application/json' -d '{"channel":"review","text":"The room was lovely, but nobody answered the phone."}'`,
      '',
      'Ctrl-C stops it.',
      '',
    ].join('\n'),
  );
}

function withoutPassword(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  if (url.password) url.password = '…';
  return decodeURI(url.href);
}

/** SIGINT, SIGTERM and SIGHUP alike. npm passes on the Ctrl-C that the terminal sent to us too: two within a second are one. */
function countedSignals() {
  let first!: () => void;
  let second!: () => void;
  let at: number | undefined;
  const starting = new AbortController();
  const signals = {
    first: new Promise<void>((resolve) => (first = resolve)),
    second: new Promise<void>((resolve) => (second = resolve)),
    starting: starting.signal,
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (at === undefined) {
        first();
        starting.abort();
      } else if (Date.now() - at > 1000) second();
      at ??= Date.now();
    });
  }
  return signals;
}
