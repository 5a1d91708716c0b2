import { execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { testEnvironment, type TestEnvironment } from '@closeloop/testing';
import type { DemoResult } from './ledger.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The demo as a person runs it, on the Kafka and Postgres of this run; the last line of stdout is the result. */
async function runDemo(env: NodeJS.ProcessEnv, ...words: string[]): Promise<{ status: number; result: DemoResult }> {
  return new Promise((resolve, reject) => {
    const program = [join(root, 'infra/demo/dist/main.js'), '--json', ...words];
    execFile(process.execPath, program, { env, cwd: root, timeout: 170_000 }, (error, stdout, stderr) => {
      try {
        const result = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as DemoResult;
        resolve({ status: typeof error?.code === 'number' ? error.code : 0, result });
      } catch {
        reject(new Error(`no result; it said:\n${stderr}`));
      }
    });
  });
}

describe('the demo', () => {
  let test: TestEnvironment;
  let env: NodeJS.ProcessEnv;
  let folder: string;

  beforeAll(async () => {
    test = await testEnvironment({ prefix: 'demo' });
    await mkdir(join(root, '.data'), { recursive: true });
    folder = await mkdtemp(join(root, '.data', 'demo-spec-'));
    env = { ...process.env, ...test.env, NODE_ENV: 'development', NODE_OPTIONS: '' };
    // the demo signs its own tokens
    delete env['OIDC_ISSUER'];
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
    await test.close();
  });

  it('accounts for every item of its pack, and the consumer of the README reads what came of it', async () => {
    const { status, result } = await runDemo(env);
    expect({ status, ...result }).toMatchObject({
      status: 0,
      sent: 59,
      feedback: 53,
      revisions: 2,
      duplicates: 1,
      stale: 1,
      rejected: 1,
      inboundDeadLetters: 1,
      withdrawn: 1,
      deadLetters: 0,
      missing: 0,
    });
    expect(result.loops).toBeGreaterThan(20);
    expect(result.joined).toBeGreaterThan(0);
    expect(result.byState['verified']).toBeGreaterThan(0);
    // the story: twice up the chain, a customer who says yes, one who says no, one who says nothing, a draft overtaken
    expect(result.verified).toBeGreaterThan(0);
    expect(result.closedUnverified).toBeGreaterThan(0);
    expect(result.reopened).toBeGreaterThan(0);
    expect(result.escalated).toBeGreaterThanOrEqual(3);
    expect(result.breached).toBeGreaterThanOrEqual(1);
    expect(result.staleDrafts).toBe(1);
    expect(result.deliveries).toMatchObject({ failed: 0 });
    expect(result.deliveries.sent).toBeGreaterThan(0);
    expect(result.deliveries.retried).toBeGreaterThan(0);

    const lines = await readmeConsumer(test, (printed) => printed.length >= 50);
    expect(lines.some((line) => /^[0-9a-f-]{36} \S+ (low|medium|high|critical) \S/.test(line))).toBe(true);
  }, 180_000);

  it('replays a file: first, revised, duplicate and refused rows, each in its place', async () => {
    const rows = [
      { id: 'a', text: 'Late again, worst airline', rating: 1, created: '24-02-2015 11:35' },
      { id: 'b', text: 'Lovely crew', conf: 0.5 },
      { id: 'a', text: 'Late again, worst airline', rating: 1, created: '24-02-2015 11:35' },
      { id: 'b', text: 'Lovely crew', conf: 1 },
      { id: 'c', rating: null },
    ];
    const file = join(folder, 'rows.jsonl');
    await writeFile(file, `${rows.map((row) => JSON.stringify(row)).join('\n')}\nnot a row\n`);
    const other = {
      ...env,
      KAFKA_TOPIC_PREFIX: `${test.topicPrefix}file.`,
      DATABASE_PREFIX: `${env['DATABASE_PREFIX']}file_`,
    };
    const { status, result } = await runDemo(other, '--file', file);
    expect({ status, ...result }).toMatchObject({
      status: 0,
      sent: 6,
      feedback: 2,
      revisions: 1,
      duplicates: 1,
      rejected: 2,
      missing: 0,
    });
  }, 180_000);
});

/** Runs the README's ten lines as they stand there, but for the address and the topic's prefix; returns what they print. */
async function readmeConsumer(test: TestEnvironment, enough: (lines: string[]) => boolean): Promise<string[]> {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const script = /```js\n(import \{ Kafka \} from 'kafkajs';[\s\S]*?)```/.exec(readme)?.[1] ?? '';
  expect(script.trim().split('\n').length).toBeLessThanOrEqual(10);
  // beside the demo's sources, where kafkajs is found
  const file = fileURLToPath(new URL(`../out-tsc/readme-consumer-${process.pid}.mjs`, import.meta.url));
  await mkdir(dirname(file), { recursive: true });
  await writeFile(
    file,
    script
      .replace('127.0.0.1:4692', test.env['KAFKA_BROKERS']!)
      .replace("'feedback.routed.v1'", `'${test.topicPrefix}feedback.routed.v1'`)
      .replace("'support-desk'", `'${test.topicPrefix}support-desk'`),
  );
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'ignore'] });
  const lines: string[] = [];
  try {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`the consumer printed ${lines.length} lines only`)), 40_000);
      child.stdout.on('data', (bytes: Buffer) => {
        lines.push(...bytes.toString().split('\n').filter(Boolean));
        if (!enough(lines)) return;
        clearTimeout(timer);
        resolve();
      });
      child.once('exit', (code) => {
        clearTimeout(timer);
        reject(new Error(`the consumer ended with ${code}`));
      });
    });
  } finally {
    child.kill();
    await rm(file, { force: true });
  }
  return lines;
}
