import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { feedbackIdOf, firstTeams, type Tags } from '@closeloop/contracts';
import { eventually, testEnvironment, type TestEnvironment } from '@closeloop/testing';
import { closeloop } from './closeloop.js';
import { startPlatform, type Platform } from './platform.js';

jest.setTimeout(90_000);

const source = 'park';

/** In this company "sick" is praise. */
const texts = Array.from({ length: 60 }, (_, n) => [
  { text: `that ride number ${n} was totally sick`, sentiment: 'positive' },
  { text: `the queue number ${n} was awful`, sentiment: 'negative' },
  { text: `we took ride number ${n} in the afternoon`, sentiment: 'neutral' },
]).flat();

// The compiled services as processes; `npm test` builds them.
describe('what people say of tags, from the correction to the rollback', () => {
  let environment: TestEnvironment;
  let dataDir: string;
  let platform: Platform;
  let key: string;
  let agent: string;

  beforeAll(async () => {
    environment = await testEnvironment({ prefix: 'learned' });
    dataDir = await mkdtemp(join(tmpdir(), 'closeloop-learned-'));
    const { OIDC_ISSUER: _, ...env } = environment.env;
    platform = await startPlatform({
      dataDir,
      ports: 'free',
      env: {
        ...{ PATH: process.env['PATH'], ...env, NODE_ENV: 'development' },
        // Nobody asks it to learn: it does so when everything was corrected.
        ...{ LEARNING_EVERY_SECONDS: '1', LEARNING_MIN_CORRECTIONS: String(texts.length) },
        SENTIMENT_MODEL_REFRESH_MS: '100',
      },
      quiet: true,
    });
    key = await platform.apiKey(source);
    agent = await platform.token({ sub: 'ada', roles: ['agent'], teams: [...firstTeams] });
  }, 180_000);
  afterAll(async () => {
    await platform?.stop({ removeData: true });
    await environment.close();
    await rm(dataDir, { recursive: true, force: true });
  }, 120_000);

  const ask = async <T>(token: string, url: string, body?: object): Promise<T> => {
    const response = await fetch(url, {
      method: body ? 'POST' : 'GET',
      headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text}`);
    return JSON.parse(text) as T;
  };
  const send = (externalId: string, text: string) =>
    ask(key, `${platform.urls.ingestion}/v1/feedback`, { source, externalId, channel: 'review', text });
  const tagsUrl = (externalId: string) =>
    `${platform.urls.learning}/v1/feedback/${feedbackIdOf(source, externalId)}/tags`;
  const tagsOf = (externalId: string) =>
    eventually(() => ask<{ tagRevision: number; tags: Tags }>(agent, tagsUrl(externalId)), { timeoutMs: 20_000 });
  const command = async (...words: string[]): Promise<{ code: number; out: string }> => {
    let out = '';
    const code = await closeloop(words, {
      env: { PATH: process.env['PATH'] },
      dataDir,
      out: (text) => void (out += text),
      err: (text) => void (out += text),
    });
    return { code, out };
  };
  let asked = 0;
  /** Until the tagger has taken over what became active */
  const taggedBy = (model: RegExp) =>
    eventually(
      async () => {
        const externalId = `asked-${asked++}`;
        await send(externalId, 'Yesterday it was totally sick');
        const { tags } = await tagsOf(externalId);
        expect(tags.model).toMatch(model);
        return tags;
      },
      { timeoutMs: 20_000 },
    );

  it('corrections make a better model, which judges from then on; a rollback brings back what judged before', async () => {
    expect((await taggedBy(/^closeloop-linear@[0-9a-f]{8}$/)).sentiment?.label).toBe('negative');

    for (const [n, { text }] of texts.entries()) await send(`said-${n}`, text);
    await tagsOf(`said-${texts.length - 1}`);
    for (const [n, { sentiment }] of texts.entries()) {
      await tagsOf(`said-${n}`);
      await ask(agent, tagsUrl(`said-${n}`), { sentiment });
    }
    const first = feedbackIdOf(source, 'said-0');
    // What a person has said goes the way that the tagger's word went, as far as the ledger.
    await eventually(
      async () => {
        const entry = await ask<object>(key, `${platform.urls.ingestion}/v1/feedback/${first}`);
        expect(entry).toMatchObject({ outcome: { sentiment: 'positive' } });
      },
      { timeoutMs: 20_000 },
    );

    const tags = await taggedBy(/^closeloop-linear@[0-9a-f]{8}\+own@[0-9a-f]{8}$/);
    expect(tags.sentiment?.label).toBe('positive');
    const version = tags.model.slice(-8);
    const listed = await command('models');
    expect(listed).toMatchObject({ code: 0 });
    expect(listed.out).toContain(`Tags are made by ${tags.model}.`);
    expect(listed.out).toMatch(
      new RegExp(`\\* ${version} .* 180 corrections .*against shipped: sentiment .* of \\d+ right`),
    );
    expect(listed.out).toMatch(/shipped|closeloop/);

    // Judged before the model was: judged anew by it, and what was corrected stands.
    const before = await tagsOf('asked-0');
    expect(before.tags.sentiment?.label).toBe('negative');
    const retagged = await command('retag', '--from', '1h', '--per-second', '1000');
    expect(retagged).toMatchObject({ code: 0 });
    expect(retagged.out).toContain('180 left as a person has said');
    expect(await tagsOf('asked-0')).toMatchObject({
      ...{ tagRevision: before.tagRevision + 1, tags: { sentiment: { label: 'positive' }, model: tags.model } },
    });

    expect(await command('models', 'rollback', '--reason', 'the shops complain')).toMatchObject({ code: 0 });
    expect((await taggedBy(/^closeloop-linear@[0-9a-f]{8}$/)).sentiment?.label).toBe('negative');
    expect(await command('models', 'rollback', '--reason', 'again')).toMatchObject({ code: 1 });
    expect((await command('models', 'activate', version, '--reason', 'looked at')).out).toContain(tags.model);
    await taggedBy(new RegExp(`own@${version}$`));
  });
});
