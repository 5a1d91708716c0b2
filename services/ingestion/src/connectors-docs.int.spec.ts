import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@closeloop/testing';
import { EdgesFixture } from './edges.fixture.js';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../../..');

/** The code of one language under one heading of docs/connectors.md. */
function blocksOf(markdown: string, heading: string, language: string): string[] {
  const section = markdown.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  return [...section.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map(([, code]) => code!);
}

describe('docs/connectors.md', () => {
  let edges: EdgesFixture;
  let markdown: string;
  let folder: string;
  let environment: Record<string, string | undefined>;
  beforeAll(async () => {
    edges = await EdgesFixture.start();
    markdown = await readFile(join(root, 'docs/connectors.md'), 'utf8');
    folder = await mkdtemp(join(tmpdir(), 'closeloop-docs-'));
    environment = { ...process.env, INGESTION: edges.service.url, KEY: await edges.key('reviews'), TOKEN: edges.admin };
    // an address needs no name to be resolved
    environment['RECEIVER'] = 'https://93.184.216.34/replies';
  });
  afterAll(async () => {
    await edges.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** What the lines of a section print; fails when a line or a request fails. */
  const lines = async (heading: string): Promise<string> => {
    const script = blocksOf(markdown, heading, 'sh').join('\n');
    expect(script).toContain('curl');
    const failing = 'set -euo pipefail\ncurl() { command curl --fail-with-body "$@"; echo; }\n';
    return (await run('bash', ['-c', failing + script], { cwd: folder, env: environment })).stdout;
  };

  it.each([
    ['One, and many', ['"accepted"', '"rejected"']],
    ['A file of any size', ['"line":2', '"accepted":1']],
    ['CloudEvents over HTTP', ['"accepted"']],
    ['Signed webhooks', ['"accepted"', '"secret":"whsec_']],
    ['What became of it', ['"results"']],
    ['Replies: what your customers are answered', ['"kind":"webhook"', '"secret":"whsec_']],
    ['Keys', ['"keyId"', '"key":"clk_']],
  ])('%s: the lines work', async (heading, printed) => {
    const output = await lines(heading);
    for (const text of printed) expect(output).toContain(text);
  });

  it('Kafka: the ten lines send what ingestion accepts', async () => {
    const [code] = blocksOf(markdown, 'Kafka', 'js');
    expect(code!.trim().split('\n').length).toBeLessThanOrEqual(10);
    const here = code!
      .replace('127.0.0.1:4692', edges.test.env['KAFKA_BROKERS']!.split(',')[0]!)
      .replace("topic: 'feedback.inbound.v1'", `topic: '${edges.test.topicPrefix}feedback.inbound.v1'`);
    await run(process.execPath, ['--input-type=module', '-e', here], { cwd: root });
    await eventually(async () => {
      const rows = await edges.test.query(
        'ingestion',
        `select 1 from feedback_body where convert_from(body, 'UTF8') like '%"externalId":"d"%'`,
      );
      expect(rows).toHaveLength(1);
    });
  });
});
