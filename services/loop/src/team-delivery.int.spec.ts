import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  feedbackRouted,
  inboxEventId,
  insightChanged,
  insightEventId,
  insightRaised,
  loopIdOf,
  TeamInbox,
  teamInboxTopic,
  validatorOf,
  type InsightChanged,
  type InsightRaised,
  type TeamInbox as Told,
} from '@closeloop/contracts';
import { createTopics } from '@closeloop/messaging';
import { createService, migrateDatabase, type RunningService } from '@closeloop/platform';
import { eventually, testEnvironment, type TestEnvironment } from '@closeloop/testing';
import { SMTPServer } from 'smtp-server';
import { Webhook } from 'standardwebhooks';
import { DeliveryTimes } from './domain/delivery.js';
import { DeliveryStore } from './domain/delivery-store.js';
import { DeliveryTimer } from './inbound/delivery.timer.js';
import { loopDatabase } from './loop.database.js';
import { LoopModule } from './loop.module.js';
import { answers, type Received, ReceiverFixture } from './receiver.fixture.js';
import { messageOf, routed, type RoutedOptions } from './routed.fixture.js';

// the machine may be busy; what is waited for is bounded by eventually()
jest.setTimeout(60_000);

const short: Partial<DeliveryTimes> = {
  ...{ firstRetryMs: 40, longestRetryMs: 150, leaseMs: 1_500, connectMs: 400, answerMs: 800 },
  ...{ circuitAfter: 4, circuitMs: 300, longestCircuitMs: 400, longestSleepMs: 100 },
};

let environment: TestEnvironment;
let env: Record<string, string>;
let receiver: ReceiverFixture;
let smtp: SMTPServer;
const mails: string[] = [];
let service: RunningService;
const running: RunningService[] = [];
const tokens: Record<string, string> = {};

beforeAll(async () => {
  environment = await testEnvironment({ prefix: 'delivery' });
  receiver = await ReceiverFixture.start();
  smtp = new SMTPServer({
    disabledCommands: ['STARTTLS', 'AUTH'],
    onData(stream, _session, callback) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        mails.push(Buffer.concat(chunks).toString().replaceAll('=\r\n', ''));
        callback();
      });
    },
  });
  await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve));
  env = {
    ...environment.env,
    LOOP_ALLOW_PRIVATE_ENDPOINTS: 'true',
    LOOP_CONFIRMATION_WINDOW_SECONDS: '1',
    WEBHOOK_SECRETS_KEY: Buffer.alloc(32, 7).toString('base64'),
    SMTP_URL: `smtp://127.0.0.1:${(smtp.server.address() as { port: number }).port}`,
  };
  await createTopics(env);
  await migrateDatabase('loop', loopDatabase, env);
  for (const [name, roles, teams] of [
    ['root', ['admin'], []],
    ['mia', ['manager'], []],
    ['ann', ['agent'], ['own']],
    ['ben', ['agent'], ['other']],
  ] as const) {
    tokens[name] = await environment.token({ sub: name, roles: [...roles], teams: [...teams] });
  }
  service = await start();
}, 120_000);
afterAll(async () => {
  await Promise.all(running.splice(0).map((one) => one.close()));
  smtp?.close();
  receiver?.close();
  await environment?.close();
});

async function start(): Promise<RunningService> {
  const started = await createService('loop', LoopModule, { env, logger: false });
  Object.assign(started.app.get(DeliveryTimes), short);
  running.push(started);
  return started;
}
const stop = async (one: RunningService): Promise<void> => {
  running.splice(running.indexOf(one), 1);
  await one.close();
};

const rows = <T = Record<string, unknown>>(sql: string, params: readonly unknown[] = []): Promise<T[]> =>
  environment.query<T>('loop', sql, params);

interface Attempt {
  readonly status?: number;
  readonly error?: string;
  readonly replayedBy?: string;
}
interface Body {
  readonly [member: string]: unknown;
  readonly endpointId: string;
  readonly secret: string;
  readonly version: number;
  readonly items: readonly Body[];
  readonly attempts: readonly Attempt[];
  readonly state: string;
  readonly deliveryId: string;
  readonly cursor?: string;
  readonly errors?: readonly { readonly pointer: string; readonly rule: string }[];
}
async function call(
  method: string,
  path: string,
  {
    as = 'root',
    body,
    version,
    at = service,
  }: { as?: string; body?: unknown; version?: number; at?: RunningService } = {},
) {
  const response = await fetch(at.url + path, {
    method,
    headers: {
      ...(tokens[as] && { authorization: `Bearer ${tokens[as]}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(version !== undefined && { 'if-match': `"${version}"` }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as Body };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

let count = 0;
let team: string;
let path: string;
beforeEach(() => {
  team = `team-${++count}`;
  path = `/${team}`;
});
// what a spec leaves undone is not to disturb the next one
afterEach(() => rows('update endpoint set deleted_at = clock_timestamp() where deleted_at is null'));

async function endpoint(more: object = {}): Promise<Body> {
  const { status, body } = await call('POST', `/v1/teams/${team}/endpoints`, {
    body: { kind: 'webhook', url: receiver.url(path), ...more },
  });
  expect([status, body]).toEqual([201, expect.anything()]);
  return body;
}
/** A loop that feedback has opened. */
async function opened(options: RoutedOptions = {}): Promise<{ loopId: string; name: string }> {
  const name = `${options.team ?? team}-${++count}`;
  await environment.publish(feedbackRouted.topic, [messageOf(routed(name, { team, ...options }))]);
  const loopId = loopIdOf(routed(name).feedback.feedbackId);
  await eventually(async () => expect((await call('GET', `/v1/loops/${loopId}`)).status).toBe(200));
  return { loopId, name };
}
async function command(loopId: string, name: string, body?: object): Promise<void> {
  const { version } = (await call('GET', `/v1/loops/${loopId}`)).body;
  const done = await call('POST', `/v1/loops/${loopId}/${name}`, { version, ...(body && { body }) });
  expect([name, done.status]).toEqual([name, 200]);
}
const toldOf = ({ body }: Received): Told => (JSON.parse(body) as { data: Told }).data;
const changesAt = (at = path): string[] => receiver.of(at).map((one) => `${toldOf(one).version} ${toldOf(one).change}`);
const deliveries = async (query = ''): Promise<readonly Body[]> =>
  (await call('GET', `/v1/deliveries?team=${team}${query}`)).body.items;
const statesOf = async (): Promise<string[]> => (await deliveries()).map(({ state }) => state);
const settled = (number: number) =>
  eventually(async () => expect(await statesOf()).toEqual(Array.from({ length: number }, () => 'sent')));

describe('a webhook', () => {
  it('hears each step with the words, under an id of its own, signed so that the library verifies it', async () => {
    const { secret } = await endpoint();
    const { loopId } = await opened({ text: 'The lamp is broken' });
    await command(loopId, 'acknowledge');
    await settled(2);
    expect(changesAt()).toEqual(['1 opened', '2 acknowledged']);
    for (const { body, headers } of receiver.of(path)) {
      const sent = new Webhook(secret).verify(body, headers as Record<string, string>) as { type: string; data: Told };
      expect(sent).toMatchObject({
        data: { loopId, feedback: { text: 'The lamp is broken' }, tags: { model: 'spec-1' } },
      });
      expect(validatorOf(TeamInbox)(sent.data)).toBeUndefined();
      expect(sent.type).toBe(`loop.${sent.data.change}`);
    }
    const ids = receiver.of(path).map(({ headers }) => headers['webhook-id']);
    expect(new Set(ids).size).toBe(2);
    expect((await deliveries()).map(({ deliveryId }) => deliveryId).reverse()).toEqual(ids);
  });

  it('hears of insights: the team that is to answer one, and what became of it the team that raised it', async () => {
    const raiser = `${team}-raiser`;
    await endpoint({ changes: ['mine-to-act'] });
    await endpoint({ changes: ['breached'], url: receiver.url(`${path}-narrow`) });
    const { body: other } = await call('POST', `/v1/teams/${raiser}/endpoints`, {
      body: { kind: 'webhook', url: receiver.url(`${path}-raiser`) },
    });
    expect(other.endpointId).toBeDefined();
    const insightId = '6f1c1f0e-5d0f-4b6e-9a3b-0c7d1e5a4c23';
    const at = '2026-03-01T12:00:00.000Z';
    const raisedBy = { kind: 'agent' as const, id: 'ann', team: raiser };
    const raised: InsightRaised = {
      ...{ insightId, at, title: 'Refunds fail', claim: 'On Android.', about: {}, raisedBy, team },
      evidence: { loopIds: [], feedbackIds: [], loops: 0, feedback: 0 },
    };
    const declined: InsightChanged = {
      ...{ insightId, version: 2, change: 'declined', at, actor: { kind: 'agent', id: 'mia' }, state: 'declined' },
      ...{ title: 'Refunds fail', team, raisedBy, reason: 'It is mended.' },
    };
    const publish = (topic: string, version: number, value: object) =>
      environment.publish(topic, [
        {
          ...{ key: insightId, value },
          headers: {
            ...{ ce_specversion: '1.0', ce_type: topic, ce_source: 'closeloop/insights', ce_time: at },
            ...{ ce_id: insightEventId(insightId, version), ce_subject: insightId, 'content-type': 'application/json' },
          },
        },
      ]);
    // twice, as an outbox may send it
    for (let n = 0; n < 2; n++) await publish(insightRaised.topic, 1, raised);
    await publish(insightChanged.topic, 2, declined);
    await settled(1);
    await eventually(() => expect(receiver.of(`${path}-raiser`)).toHaveLength(1));
    const heard = (where: string) => receiver.of(where).map(({ body }) => JSON.parse(body) as object);
    expect(heard(path)).toEqual([
      { type: 'insight.raised', timestamp: at, data: { ...raised, version: 1, change: 'raised', state: 'raised' } },
    ]);
    expect(heard(`${path}-raiser`)).toEqual([{ type: 'insight.declined', timestamp: at, data: declined }]);
    expect(receiver.of(`${path}-narrow`)).toEqual([]);
    expect((await deliveries())[0]).toMatchObject({ insightId, version: 1, state: 'sent' });
    expect((await deliveries())[0]).not.toHaveProperty('loopId');
  });

  it('hears what it selected, of its team alone, and last of a loop that leaves the team', async () => {
    await endpoint({ changes: ['mine-to-act'] });
    await opened({ team: `${team}-neighbours` });
    const { loopId } = await opened();
    await command(loopId, 'acknowledge');
    await command(loopId, 'assign', { team: `${team}-neighbours` });
    await command(loopId, 'escalate');
    await settled(2);
    expect(changesAt()).toEqual(['1 opened', '3 assigned']);
    expect(toldOf(receiver.of(path)[1]!).loop.team).toBe(`${team}-neighbours`);
  });

  it('is told again until it takes it, in order for each loop, and each attempt is in the log', async () => {
    receiver.behaves(path, (response, nth) => void response.writeHead(nth < 4 ? 500 : 204).end());
    await endpoint();
    const { loopId } = await opened();
    await command(loopId, 'acknowledge');
    await command(loopId, 'wait');
    await settled(3);
    expect(changesAt()).toEqual(['1 opened', '1 opened', '1 opened', '1 opened', '2 acknowledged', '3 waited']);
    const first = (await deliveries()).at(-1)!;
    expect(first).toMatchObject({ attemptCount: 4, loopId, version: 1 });
    expect(first.attempts.map(({ status }) => status)).toEqual([500, 500, 500, 204]);
    expect(new Set(receiver.of(path).map(({ headers }) => headers['webhook-id'])).size).toBe(3);
  });

  it('that answers 401 to a right signature, redirects or resets is told again, and nobody else hears of it', async () => {
    const elsewhere = receiver.url(`${path}-elsewhere`);
    receiver.behaves(path, (response, nth) => {
      if (nth === 1) response.writeHead(401).end();
      else if (nth === 2) response.writeHead(307, { location: elsewhere }).end();
      else if (nth === 3) response.socket!.resetAndDestroy();
      else response.writeHead(200).end('{}');
    });
    await endpoint();
    await opened();
    await settled(1);
    expect((await deliveries())[0]!.attempts).toMatchObject([
      { status: 401 },
      { status: 307, error: 'it redirects, and redirects are not followed' },
      { error: 'ECONNRESET' },
      { status: 200 },
    ]);
    expect(receiver.of(`${path}-elsewhere`)).toEqual([]);
  });

  it('waits as long as it is asked to', async () => {
    receiver.behaves(path, (response, nth) =>
      nth === 1 ? response.writeHead(429, { 'retry-after': '9999' }).end() : response.writeHead(204).end(),
    );
    await endpoint();
    await opened();
    await settled(1);
    const [first, second] = receiver.of(path);
    // bounded by the longest wait, which is 150 ms here
    expect(second!.at - first!.at).toBeGreaterThanOrEqual(140);
  });

  it('that is gone is paused and says so, and goes on when somebody has it go on', async () => {
    receiver.behaves(path, (response, nth) => response.writeHead(nth === 1 ? 410 : 204).end());
    const { endpointId } = await endpoint();
    const { loopId } = await opened();
    const own = `/v1/teams/${team}/endpoints/${endpointId}`;
    await eventually(async () => expect((await call('GET', own)).body).toMatchObject({ paused: { by: 'gone' } }));
    await command(loopId, 'acknowledge');
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(receiver.of(path)).toHaveLength(1);
    expect(await statesOf()).toEqual(['pending', 'pending']);
    expect((await call('PATCH', own, { body: { paused: false } })).body).not.toHaveProperty('paused');
    await settled(2);
    expect(changesAt()).toEqual(['1 opened', '1 opened', '2 acknowledged']);
  });

  it('that hangs holds up no other, and no transaction stays open meanwhile', async () => {
    receiver.behaves(path, () => undefined);
    await endpoint();
    await Promise.all(Array.from({ length: 12 }, () => opened()));
    await eventually(() => expect(receiver.of(path).length).toBeGreaterThanOrEqual(4));
    const open = await rows<{ n: number }>(
      `select count(*)::int n from pg_stat_activity
        where datname = current_database() and state like 'idle in transaction%' and now() - state_change > interval '100 ms'`,
    );
    expect(open[0]!.n).toBe(0);
    const slow = team;
    team = `${slow}-quick`;
    path = `/${team}`;
    await endpoint();
    const before = performance.now();
    const many = await Promise.all(Array.from({ length: 5 }, () => opened()));
    await settled(many.length);
    expect(performance.now() - before).toBeLessThan(5_000);
    // no more than its share at once, and each left in time
    expect(
      (
        await rows<{ n: number }>(`select count(*)::int n from delivery where team = $1 and lease is not null`, [slow])
      )[0]!.n,
    ).toBeLessThanOrEqual(4);
  });

  it('that fails often rests, is probed with one at a time, and hears everything when it is well again', async () => {
    let well = false;
    receiver.behaves(path, (response) => response.writeHead(well ? 204 : 503).end());
    const { endpointId } = await endpoint();
    for (let number = 0; number < 6; number++) await opened();
    const own = `/v1/teams/${team}/endpoints/${endpointId}`;
    await eventually(async () => {
      const { failures, openUntil } = (await call('GET', own)).body as { failures?: number; openUntil?: string };
      expect([failures! >= 4, openUntil]).toEqual([true, expect.any(String)]);
    });
    const rest = (interval: string) =>
      rows('update endpoint set open_until = clock_timestamp() + $2::interval where endpoint_id = $1', [
        endpointId,
        interval,
      ]);
    await rest('1 minute');
    const claimed = await service.app.get(DeliveryStore).claim(10, 4, new Map(), service.app.get(DeliveryTimes));
    expect(claimed.filter(({ receiver: { endpointId: of } }) => of === endpointId)).toEqual([]);
    await rest('0 seconds');
    await new Promise((resolve) => setTimeout(resolve, 200));
    const asked = receiver.of(path).length;
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    // 400 ms of rest after each probe, and one attempt a probe
    expect(receiver.of(path).length - asked).toBeGreaterThanOrEqual(1);
    expect(receiver.of(path).length - asked).toBeLessThanOrEqual(5);
    well = true;
    await settled(6);
    expect((await call('GET', own)).body).toMatchObject({ failures: 0 });
    expect((await call('GET', own)).body).not.toHaveProperty('openUntil');
  });

  it('is given up when its time is over, and the next of the loop goes on', async () => {
    receiver.behaves(path, (response, _nth, received) =>
      response.writeHead(toldOf(received).version === 1 ? 500 : 204).end(),
    );
    await endpoint();
    const { loopId } = await opened();
    await command(loopId, 'acknowledge');
    await rows(`update delivery set give_up_at = clock_timestamp() where loop_id = $1`, [loopId]);
    await eventually(async () => expect(await statesOf()).toEqual(['sent', 'given-up']));
  });

  it('hears nothing of words that were erased in the meantime', async () => {
    let isThere = false;
    receiver.behaves(path, (response) => response.writeHead(isThere ? 204 : 500).end());
    await endpoint({ changes: ['opened'] });
    const { name } = await opened({ text: 'my secret' });
    await environment.publish(feedbackRouted.topic, [messageOf(routed(name, { team, revision: 2, deleted: true }))]);
    await eventually(async () =>
      expect(await rows('select 1 from words where feedback_id = $1', [routed(name).feedback.feedbackId])).toEqual([]),
    );
    isThere = true;
    await settled(1);
    expect(receiver.of(path).at(-1)!.body).not.toContain('my secret');
    expect(toldOf(receiver.of(path).at(-1)!)).not.toHaveProperty('feedback');
  });
});

describe('replicas', () => {
  it('deliver each once in the good case', async () => {
    const other = await start();
    // a lease that is over, and an answer that came too late, are not the good case: a busy machine is slower than 1.5 s
    for (const { app } of running) Object.assign(app.get(DeliveryTimes), new DeliveryTimes());
    await endpoint();
    await Promise.all(Array.from({ length: 40 }, () => opened()));
    await settled(40);
    const ids = receiver.of(path).map(({ headers }) => headers['webhook-id']);
    expect([ids.length, new Set(ids).size]).toEqual([40, 40]);
    await stop(other);
    Object.assign(service.app.get(DeliveryTimes), short);
  });

  it('send the same again, under the same id, when one was killed between the sending and the writing', async () => {
    await service.app.get(DeliveryTimer).onModuleDestroy();
    const doomed = await start();
    // it dies after the receiver has answered, before anything of it is written
    doomed.app.get(DeliveryStore).record = () => Promise.reject(new Error('killed'));
    await endpoint();
    await opened();
    await eventually(() => expect(receiver.of(path)).toHaveLength(1));
    await doomed.app.get(DeliveryTimer).onModuleDestroy();
    expect(await statesOf()).toEqual(['pending']);
    const heir = await start();
    await settled(1);
    const ids = receiver.of(path).map(({ headers }) => headers['webhook-id']);
    expect([ids.length, new Set(ids).size]).toEqual([2, 1]);
    await stop(doomed);
    await stop(service);
    service = heir;
  });

  it('that stop finish what is under way, or give it back at once', async () => {
    receiver.behaves(path, (response) => void setTimeout(() => response.writeHead(204).end(), 300));
    const leaving = service;
    await endpoint();
    await opened();
    await eventually(() => expect(receiver.of(path)).toHaveLength(1));
    service = await start();
    await stop(leaving);
    expect(await statesOf()).toEqual(['sent']);
    expect(receiver.of(path)).toHaveLength(1);
  });
});

describe('docs/teams.md', () => {
  it('has a receiver that verifies what is sent, and refuses what is not', async () => {
    const markdown = await readFile(join(import.meta.dirname, '../../../docs/teams.md'), 'utf8');
    const code = /```js\n([^]*?)```/.exec(markdown)![1]!;
    const port = await freePort();
    const { secret } = await endpoint({ url: `http://127.0.0.1:${port}/` });
    const run = spawn(process.execPath, ['--input-type=module', '-e', code], {
      env: { PORT: String(port), SECRET: secret },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      let printed = '';
      run.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
      const forged = () => fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: '{}' });
      await eventually(async () => expect((await forged()).status).toBe(401));
      await opened({ text: 'Lukewarm' });
      await settled(1);
      const [{ deliveryId }] = (await deliveries()) as [Body];
      await eventually(() => expect(printed).toBe(`${deliveryId} loop.opened medium Lukewarm\n`));
    } finally {
      run.kill();
    }
  });
});

describe('secrets', () => {
  it('are drawn here, shown once, kept sealed, and sign side by side while they are changed', async () => {
    const { endpointId, secret } = await endpoint();
    const own = `/v1/teams/${team}/endpoints/${endpointId}`;
    expect(JSON.stringify((await call('GET', own)).body)).not.toContain(secret);
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
    const [kept] = await rows<{ sealed: Buffer }>('select sealed from endpoint_secret where endpoint_id = $1', [
      endpointId,
    ]);
    expect(kept!.sealed.includes(key)).toBe(false);

    const rotated = (await call('POST', `${own}/rotate-secret`, { body: { overlapHours: 1 } })).body;
    expect(rotated.secret).not.toBe(secret);
    await opened();
    await settled(1);
    const verify = (with_: string, { body, headers }: Received) =>
      new Webhook(with_).verify(body, headers as Record<string, string>);
    const [first] = receiver.of(path);
    for (const one of [secret, rotated.secret]) expect(() => verify(one, first!)).not.toThrow();

    await rows(`update endpoint_secret set expires_at = clock_timestamp() where expires_at is not null`);
    await opened();
    await settled(2);
    const second = receiver.of(path)[1]!;
    expect(() => verify(rotated.secret, second)).not.toThrow();
    expect(() => verify(secret, second)).toThrow();
  });
});

describe('a replay', () => {
  it('sends one again under its id, and says who asked for it', async () => {
    await endpoint();
    await opened();
    await settled(1);
    const [{ deliveryId }] = (await deliveries()) as [Body];
    expect((await call('POST', `/v1/deliveries/${deliveryId}/replay`, { as: 'mia' })).status).toBe(200);
    await eventually(() => expect(receiver.of(path)).toHaveLength(2));
    await settled(1);
    const ids = receiver.of(path).map(({ headers }) => headers['webhook-id']);
    expect(ids).toEqual([deliveryId, deliveryId]);
    expect((await call('GET', `/v1/deliveries/${deliveryId}`)).body.attempts).toMatchObject([
      { status: 204 },
      { replayedBy: 'mia' },
      { status: 204 },
    ]);
  });

  it('of a time sends what was told and what would have been, for an endpoint that came later', async () => {
    const from = new Date(Date.now() - 1_000).toISOString();
    const { loopId } = await opened();
    await command(loopId, 'acknowledge');
    await command(loopId, 'assign', { team: `${team}-neighbours` });
    await command(loopId, 'escalate');
    const { endpointId } = await endpoint({ changes: ['opened', 'assigned', 'escalated'] });
    const period = { from, to: new Date(Date.now() + 60_000).toISOString() };
    const replay = () => call('POST', `/v1/teams/${team}/endpoints/${endpointId}/replay`, { body: period });
    expect((await replay()).body).toEqual({ replayed: 2, more: false });
    await settled(2);
    expect(changesAt()).toEqual(['1 opened', '3 assigned']);
    await replay();
    await eventually(() => expect(changesAt()).toHaveLength(4));
    expect(new Set(receiver.of(path).map(({ headers }) => headers['webhook-id'])).size).toBe(2);
  });
});

describe('other ways', () => {
  it('Slack gets a text, its address is a secret, and a sample says how it went', async () => {
    receiver.behaves(`${path}/services/T0/B0/secretly`, answers(200));
    const url = receiver.url(`${path}/services/T0/B0/secretly`);
    const { endpointId, ...shown } = await endpoint({ kind: 'slack', url });
    expect(shown).toMatchObject({ url: new URL(url).origin });
    expect(await rows('select 1 from endpoint where url like $1', ['%secretly%'])).toEqual([]);
    await opened({ text: 'Broken <lamp> & no answer' });
    await settled(1);
    const [message] = receiver.of(new URL(url).pathname);
    expect(JSON.parse(message!.body)).toMatchObject({
      text: `Opened · medium · ${team}: Broken &lt;lamp&gt; &amp; no answer`,
    });
    const sample = await call('POST', `/v1/teams/${team}/endpoints/${endpointId}/test`);
    expect(sample.body).toMatchObject({ taken: true, status: 200 });
  });

  it('mail comes for each step, with an id that stays', async () => {
    await endpoint({ kind: 'email', url: undefined, addresses: ['desk@example.com', 'lead@example.com'] });
    await opened({ text: 'Too loud' });
    await settled(1);
    const own = mails.filter((mail) => mail.includes(team));
    const [{ deliveryId }] = (await deliveries()) as [Body];
    expect(own).toEqual([expect.stringContaining('Too loud')]);
    expect(own[0]).toContain(`<${deliveryId}@closeloop>`);
    expect(own[0]).toContain('To: desk@example.com, lead@example.com');
  });

  it('a digest gathers what there is until its time, in one mail, once among replicas', async () => {
    const other = await start();
    const { endpointId } = await endpoint({
      ...{ kind: 'email', url: undefined, addresses: ['desk@example.com'] },
      digest: { every: 'day', at: '09:00', zone: 'Europe/Berlin' },
    });
    for (const text of ['first', 'second', 'third']) await opened({ text: `${team} ${text}` });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(mails.some((mail) => mail.includes(team))).toBe(false);
    expect(await statesOf()).toEqual(['pending', 'pending', 'pending']);
    await rows(`update endpoint set next_digest_at = clock_timestamp() where endpoint_id = $1`, [endpointId]);
    await settled(3);
    const own = mails.filter((mail) => mail.includes(team));
    expect(own).toHaveLength(1);
    for (const text of ['3 steps of loops', 'first', 'second', 'third']) expect(own[0]).toContain(text);
    const [{ at }] = (await rows<{ at: Date }>('select next_digest_at at from endpoint where endpoint_id = $1', [
      endpointId,
    ])) as [{ at: Date }];
    expect(at.getTime()).toBeGreaterThan(Date.now());
    await stop(other);
  });
});

describe('the topic of a team', () => {
  it('hears each step from whichever way it comes, with the words, under its own id; both teams when a loop moves', async () => {
    const inbox = await environment.record(teamInboxTopic(team));
    const next = await environment.record(teamInboxTopic(`${team}-next`));
    const { loopId, name } = await opened({ text: 'Cold soup' });
    await command(loopId, 'assign', { team: `${team}-next` });
    await command(loopId, 'respond', { text: 'Sorry', channel: 'review' });
    await command(loopId, 'resolve');
    // time closes it
    await eventually(() => expect(next.json<Told>().map(({ change }) => change)).toContain('expired'));
    expect(inbox.json<Told>().map(({ version, change }) => [version, change])).toEqual([
      [1, 'opened'],
      [2, 'assigned'],
    ]);
    expect(next.json<Told>().map(({ version }) => version)).toEqual([2, 3, 4, 5, 6]);
    for (const { key, value, headers } of [...inbox.messages, ...next.messages]) {
      const told = JSON.parse(value.toString()) as Told;
      expect(validatorOf(TeamInbox)(told)).toBeUndefined();
      expect([key, headers['ce_subject'], told.feedback?.text, told.tags?.model]).toEqual([
        ...[loopId, loopId, 'Cold soup', 'spec-1'],
      ]);
      const owner = headers['ce_type'] === teamInboxTopic(team) ? team : `${team}-next`;
      expect(headers['ce_id']).toBe(inboxEventId(owner, loopId, told.version));
    }
    await environment.publish(feedbackRouted.topic, [messageOf(routed(name, { team, revision: 2, deleted: true }))]);
    await eventually(() => expect(next.json<Told>().at(-1)).toMatchObject({ version: 7, change: 'noted' }));
    expect(next.json<Told>().at(-1)).not.toHaveProperty('feedback');
  });

  it('is made where it is missing', async () => {
    await opened();
    const admin = environment.kafka.admin();
    await admin.connect();
    await eventually(async () =>
      expect(await admin.listTopics()).toContain(`${environment.topicPrefix}${teamInboxTopic(team)}`),
    );
    await admin.disconnect();
  });
});

describe('who may', () => {
  it('is managers and admins; agents read those of their teams, without the secrets', async () => {
    team = 'own';
    path = '/own';
    const { endpointId } = await endpoint();
    await opened();
    await settled(1);
    const [{ deliveryId }] = (await deliveries()) as [Body];
    const own = `/v1/teams/own/endpoints/${endpointId}`;
    const minute = { from: '2026-03-01T12:00:00Z', to: '2026-03-01T12:01:00Z' };
    const table: [method: string, path: string, body: object | undefined, ann: number, ben: number, mia: number][] = [
      ['GET', '/v1/teams/own/endpoints', undefined, 200, 403, 200],
      ['GET', own, undefined, 200, 403, 200],
      ['POST', '/v1/teams/own/endpoints', { kind: 'webhook', url: receiver.url(path) }, 403, 403, 201],
      ['PATCH', own, { changes: ['all'] }, 403, 403, 200],
      ['POST', `${own}/rotate-secret`, {}, 403, 403, 200],
      ['POST', `${own}/test`, undefined, 403, 403, 200],
      ['POST', `${own}/replay`, minute, 403, 403, 200],
      ['GET', '/v1/deliveries?team=own', undefined, 200, 403, 200],
      ['GET', `/v1/deliveries/${deliveryId}`, undefined, 200, 404, 200],
      ['POST', `/v1/deliveries/${deliveryId}/replay`, undefined, 403, 403, 200],
      ['DELETE', own, undefined, 403, 403, 204],
    ];
    for (const [method, at, body, ...expected] of table) {
      const got = [];
      for (const as of ['ann', 'ben', 'mia']) {
        got.push((await call(method, at, { as, ...(body && { body }) })).status);
      }
      expect([method, at, ...got]).toEqual([method, at, ...expected]);
      expect((await call(method, at, { as: 'nobody', ...(body && { body }) })).status).toBe(401);
    }
    expect((await call('GET', '/v1/teams/own/endpoints', { as: 'ann' })).body.items[0]).not.toHaveProperty('secrets');
    expect((await call('GET', '/v1/deliveries', { as: 'ben' })).body.items).toEqual([]);
    // of another team it is not there
    expect((await call('GET', own.replace('own', 'other'))).status).toBe(404);
  });

  it('nonsense is refused with where and why', async () => {
    const { endpointId } = await endpoint();
    const mail = { kind: 'email', addresses: ['a@b.example'] };
    const url = receiver.url('/x');
    const cases: [body: object, pointer: string, rule: string][] = [
      [{ kind: 'pigeon', url }, '/kind', 'isIn'],
      [{ kind: 'webhook' }, '/url', 'isString'],
      [{ kind: 'webhook', url: 'no address' }, '/url', 'url'],
      [{ kind: 'webhook', url: 'ftp://x.example' }, '/url', 'https'],
      [{ kind: 'webhook', url: 'https://u:p@x.example' }, '/url', 'credentials'],
      [{ kind: 'webhook', url: `${url}\u0000` }, '/url', 'forbiddenCharacters'],
      [{ kind: 'webhook', url, addresses: ['a@b.example'] }, '/addresses', 'kind'],
      [{ kind: 'webhook', url, digest: { every: 'hour' } }, '/digest', 'kind'],
      [{ kind: 'webhook', url, changes: ['settled'] }, '/changes/0', 'isIn'],
      [{ kind: 'webhook', url, changes: [] }, '/changes', 'arrayMinSize'],
      [{ kind: 'email' }, '/addresses', 'isArray'],
      [{ ...mail, url }, '/url', 'kind'],
      [{ ...mail, addresses: ['a@b.example, c@d.example'] }, '/addresses/0', 'matches'],
      [{ ...mail, addresses: ['a@b.example\r\nbcc: c@d.example'] }, '/addresses/0', 'matches'],
      [{ ...mail, digest: { every: 'day', at: '25:00', zone: 'UTC' } }, '/digest/at', 'matches'],
      [{ ...mail, digest: { every: 'day', at: '09:00' } }, '/digest/zone', 'timeZone'],
      [{ ...mail, digest: { every: 'day', at: '09:00', zone: 'Moon/Crater' } }, '/digest/zone', 'timeZone'],
    ];
    for (const [body, pointer, rule] of cases) {
      const { status, body: problem } = await call('POST', `/v1/teams/${team}/endpoints`, { body });
      expect([body, status, problem.errors?.[0]]).toEqual([body, 400, expect.objectContaining({ pointer, rule })]);
    }
    const own = `/v1/teams/${team}/endpoints/${endpointId}`;
    const backwards = { from: '2026-03-02T12:00:00Z', to: '2026-03-01T12:00:00Z' };
    expect((await call('POST', `${own}/replay`, { body: backwards })).status).toBe(400);
    expect((await call('GET', '/v1/deliveries?state=lost')).status).toBe(400);
    expect((await call('GET', '/v1/deliveries?cursor=x')).status).toBe(400);
    expect((await call('GET', '/v1/deliveries?what=x')).status).toBe(400);
    expect((await call('GET', `/v1/teams/Team/endpoints`)).status).toBe(404);
    expect((await call('POST', `${own}/rotate-secret`, { body: { overlapHours: -1 } })).status).toBe(400);
    expect((await call('GET', `/v1/teams/${team}/endpoints/nonsense`)).status).toBe(404);
  });
});

describe('the log', () => {
  it('comes in pages, newest first, by what is asked for', async () => {
    const { endpointId } = await endpoint();
    const { loopId } = await opened();
    for (let number = 0; number < 4; number++) await opened();
    await settled(5);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const { body } = await call(
        'GET',
        `/v1/deliveries?endpoint=${endpointId}&limit=2${cursor ? `&cursor=${cursor}` : ''}`,
      );
      seen.push(...body.items.map(({ deliveryId }) => deliveryId));
      cursor = body.cursor;
    } while (cursor !== undefined);
    expect([seen.length, new Set(seen).size]).toEqual([5, 5]);
    expect(await deliveries(`&loopId=${loopId}`)).toHaveLength(1);
    expect(await deliveries('&state=pending,given-up')).toEqual([]);
    expect(JSON.stringify(await deliveries())).not.toContain('said');
  });

  it('is kept for some time, and what nobody tries any more is given up', async () => {
    const { endpointId } = await endpoint();
    await opened();
    await settled(1);
    const store = service.app.get(DeliveryStore);
    const times = service.app.get(DeliveryTimes);
    await rows(`update delivery set created_at = created_at - interval '31 days' where endpoint_id = $1`, [endpointId]);
    receiver.behaves(path, () => undefined);
    await call('PATCH', `/v1/teams/${team}/endpoints/${endpointId}`, { body: { paused: true } });
    await opened();
    await opened();
    await rows(
      `update delivery set give_up_at = clock_timestamp() - interval '1 s' where delivery_id =
        (select delivery_id from delivery where endpoint_id = $1 and state = 'pending' limit 1)`,
      [endpointId],
    );
    expect(await store.tidy(30, times)).toMatchObject({ count: expect.any(Number) });
    expect((await statesOf()).sort()).toEqual(['given-up', 'pending']);
    expect((await call('DELETE', `/v1/teams/${team}/endpoints/${endpointId}`)).status).toBe(204);
    await store.tidy(30, times);
    expect(await statesOf()).toEqual(['given-up', 'given-up']);
    expect((await deliveries()).map(({ attempts }) => attempts.at(-1)!.error).sort()).toEqual([
      'the endpoint took nothing in time',
      'the endpoint was deleted',
    ]);
  });

  it('and what waits are measured', async () => {
    const all = await (await fetch(`${service.url}/metrics`)).text();
    const metrics = all
      .split('\n')
      .filter((line) => line.startsWith('loop_deliver'))
      .join('\n');
    expect(metrics).toMatch(/loop_deliveries_total\{[^}]*outcome="sent"[^}]*\} [1-9]/);
    expect(metrics).toContain('loop_delivery_oldest_pending_seconds');
  });
});
