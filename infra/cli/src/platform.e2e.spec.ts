import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { findProcess, isAlive, isListening } from '@closeloop/embedded';
import { testEnvironment, type TestEnvironment } from '@closeloop/testing';
import { runningInstance } from './instance.js';
import { startPlatform, type Platform } from './platform.js';
import { mainOf, programs } from './workspace.js';

// The compiled services as processes; `npm test` builds them.
describe('the platform on this machine', () => {
  let environment: TestEnvironment;
  let dataDir: string;
  let platform: Platform;
  const said: string[] = [];
  const start = () => {
    // The platform's own issuer is to be seen, and processes that have nothing of Jest.
    const { OIDC_ISSUER: _, ...env } = environment.env;
    return startPlatform({
      dataDir,
      ports: 'free',
      env: { PATH: process.env['PATH'], ...env, NODE_ENV: 'development' },
      say: (line) => said.push(line),
    });
  };
  const portOf = (url: string) => Number(new URL(url).port);

  beforeAll(async () => {
    environment = await testEnvironment();
    dataDir = await mkdtemp(join(tmpdir(), 'closeloop-platform-'));
    platform = await start();
  }, 180_000);
  afterAll(async () => {
    await platform.stop({ removeData: true });
    await environment.close();
    await rm(dataDir, { recursive: true, force: true });
  }, 120_000);

  it('answers ready on every service', async () => {
    expect(Object.keys(platform.urls)).toEqual(programs);
    for (const url of Object.values(platform.urls)) expect((await fetch(`${url}/health/ready`)).status).toBe(200);
  });

  it('gives one development key for a source, with which feedback is taken in', async () => {
    const key = await platform.apiKey('spec');
    expect(await platform.apiKey('spec')).toBe(key);
    const response = await fetch(`${platform.urls.ingestion}/v1/feedback`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ channel: 'review', text: 'The room was lovely.' }),
    });
    expect(response.status).toBe(202);
  });

  it('gives tokens that the services take', async () => {
    const response = await fetch(`${platform.urls.ingestion}/v1/ledger`, {
      headers: { authorization: `Bearer ${await platform.token({ sub: 'ann', roles: ['manager'] })}` },
    });
    expect(response.status).toBe(200);
  });

  it('gives links that sign a person in to the console, once', async () => {
    const link = await platform.signInLink({ sub: 'ann', roles: ['agent'], teams: ['billing'] });
    const entered = await fetch(link, { redirect: 'manual' });
    expect({ status: entered.status, to: entered.headers.get('location') }).toEqual({ status: 303, to: '/' });
    const cookie = entered.headers.getSetCookie().map((one) => one.split(';', 1)[0]);
    const counts = await fetch(`${platform.urls.console}/api/loop/v1/loops/counts`, {
      headers: { cookie: cookie.join('; ') },
    });
    expect(counts.status).toBe(200);
    expect((await fetch(link, { redirect: 'manual' })).headers.get('location')).toBe('/sign-in?failed=link-used');
  });

  it('refuses a second one on its folder, and says where the first is', async () => {
    await expect(start()).rejects.toThrow(new RegExp(`process ${process.pid}, .*${platform.urls.ingestion}`));
    expect((await fetch(`${platform.urls.loop}/health/ready`)).status).toBe(200);
  });

  it('stops what a killed start left, and starts again', async () => {
    // As after a kill -9 of the start: the services run on, and nobody stops them.
    const left = platform;
    await rm(join(dataDir, 'instance.json'));
    platform = await start();
    expect(said).toContain(`loop was left running (process ${left.pids.loop}); it is stopped.`);
    expect(await isAlive(left.pids.loop!)).toBe(false);
    await left.stop();
    expect((await runningInstance(dataDir))?.urls).toEqual(platform.urls);
    expect(await findProcess(mainOf('loop'), `--data-dir=${dataDir}`)).toBe(platform.pids.loop);
  }, 180_000);

  it('tells of a service that dies, and stops the others without a trace', async () => {
    const { routing } = platform.pids;
    process.kill(routing!, 'SIGKILL');
    await expect(platform.broken).resolves.toMatch(new RegExp(`^routing \\(process ${routing}\\) ended by SIGKILL`));

    const { pids, urls } = platform;
    await platform.stop();
    for (const pid of Object.values(pids)) expect(await isAlive(pid)).toBe(false);
    for (const url of Object.values(urls)) expect(await isListening(portOf(url))).toBe(false);
    expect(await runningInstance(dataDir)).toBeUndefined();
  });
});
