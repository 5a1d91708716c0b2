import { afterAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeloop } from './closeloop.js';

const folder = mkdtempSync(join(tmpdir(), 'closeloop-adapt-'));

async function adapt(rows: readonly object[]): Promise<{ code: number; out: string; err: string }> {
  const file = join(folder, 'texts.jsonl');
  writeFileSync(file, rows.map((row) => JSON.stringify(row)).join('\n'));
  const said = { out: '', err: '' };
  const code = await closeloop(['adapt', '--data', file, '--out', join(folder, 'models')], {
    env: process.env,
    dataDir: folder,
    out: (text) => (said.out += text),
    err: (text) => (said.err += text),
  });
  return { code, ...said };
}

const texts = (count: number) =>
  Array.from({ length: count }, (_, n) => [
    { text: `that ride number ${n} was totally sick`, label: 'positive' },
    { text: `the queue number ${n} was awful`, label: 'negative' },
    { text: `we took ride number ${n} in the afternoon`, label: 'neutral' },
  ]).flat();

// The compiled program; `npm test` builds it.
describe('closeloop adapt', () => {
  afterAll(() => rmSync(folder, { recursive: true }));

  it('given texts in a language of their own: writes a model, and says how to use it', async () => {
    const { code, out } = await adapt(texts(60));
    expect(code).toBe(0);
    const [version] = readdirSync(join(folder, 'models'));
    expect(out).toContain(`SENTIMENT_OWN_MODEL=${join(folder, 'models', version!)}`);
    const { heldBack } = JSON.parse(readFileSync(join(folder, 'models', version!, 'own.json'), 'utf8')) as {
      heldBack: { n: number; rightBefore: number; rightAfter: number };
    };
    expect(heldBack.n).toBe(180);
    expect(heldBack.rightAfter).toBeGreaterThan(heldBack.rightBefore);
  }, 60_000);

  it('given too few to be sure: writes none, exit code 1', async () => {
    rmSync(join(folder, 'models'), { recursive: true, force: true });
    const { code, err } = await adapt([
      { text: 'a truly lovely day with you', label: 'positive' },
      { text: 'a lovely morning, many thanks', label: 'positive' },
      { text: 'we love this place so much', label: 'positive' },
      { text: 'what an awful night, I hate it', label: 'negative' },
      { text: 'horrible food and a rude waiter', label: 'negative' },
      { text: 'the worst service in the world', label: 'negative' },
      { text: 'we came at noon by train', label: 'neutral' },
      { text: 'the table is made of wood', label: 'neutral' },
      { text: 'it opens at nine on Mondays', label: 'neutral' },
    ]);
    expect(code).toBe(1);
    expect(err).toContain('not surely better');
    expect(() => readdirSync(join(folder, 'models'))).toThrow('ENOENT');
  }, 60_000);

  it('given a label that is none: says where, exit code 2', async () => {
    const { code, err } = await adapt([{ text: 'x', label: 'angry' }]);
    expect(code).toBe(2);
    expect(err).toContain('row 1: label must be one of negative, neutral, positive; it is "angry"');
  }, 60_000);
});
