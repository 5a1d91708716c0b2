import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { feedbackRouted, loopChanged, loopIdOf, type LoopChanged } from '@closeloop/contracts';
import { createTopics } from '@closeloop/messaging';
import { createService, migrateDatabase, type RunningService } from '@closeloop/platform';
import { eventually, testEnvironment, type Recorder, type TestEnvironment } from '@closeloop/testing';
import { type SlaDocument } from './domain/sla/document.js';
import { firstSettings } from './infrastructure/migrations/first-sla-settings.js';
import { loopDatabase } from './loop.database.js';
import { LoopModule } from './loop.module.js';
import { messageOf, routed, type RoutedOptions } from './routed.fixture.js';

jest.setTimeout(90_000);

let environment: TestEnvironment;
let recorder: Recorder;
const tokens: Record<string, string> = {};
const running: RunningService[] = [];

beforeAll(async () => {
  environment = await testEnvironment({ prefix: 'sla' });
  await createTopics(environment.env);
  await migrateDatabase('loop', loopDatabase, environment.env);
  recorder = await environment.record(loopChanged.topic);
  const people = {
    ann: { roles: ['agent'], teams: ['support'] },
    lena: { roles: ['agent'], teams: ['leads'] },
    mia: { roles: ['manager'], teams: [] },
  } as const;
  for (const [sub, { roles, teams }] of Object.entries(people)) {
    tokens[sub] = await environment.token({ sub, roles: [...roles], teams: [...teams] });
  }
}, 120_000);
afterAll(() => environment?.close());
afterEach(async () => {
  await Promise.all(running.splice(0).map((service) => service.close()));
});

const start = async (): Promise<RunningService> => {
  const service = await createService('loop', LoopModule, { env: environment.env, logger: false });
  running.push(service);
  return service;
};
interface View {
  readonly version: number;
  readonly state: string;
  readonly team: string;
  readonly owner?: string;
  readonly level: number;
  readonly sla?: {
    readonly terms: string;
    readonly firstResponse: { readonly customer: { readonly dueAt?: string; readonly breached: boolean } };
  };
  readonly history: readonly {
    readonly change: string;
    readonly note?: string;
    readonly at: string;
    readonly dueAt?: string;
    readonly owner?: string;
    readonly team?: string;
  }[];
}
type Body = View & { items: View[]; toApply: number; errors: { pointer: string }[] };
async function call(as: string, method: string, path: string, body?: object, version?: number) {
  const response = await fetch(running[0]!.url + path, {
    method,
    headers: {
      authorization: `Bearer ${tokens[as]}`,
      ...(body && { 'content-type': 'application/json' }),
      ...(version !== undefined && { 'if-match': `"${version}"` }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Body };
}
const view = async (loopId: string): Promise<View> => (await call('mia', 'GET', `/v1/loops/${loopId}`)).body;
const rows = <T = Record<string, unknown>>(sql: string, params: readonly unknown[] = []): Promise<T[]> =>
  environment.query<T>('loop', sql, params);

/** Sets what is promised; every replica knows it when this is done. */
async function promise(document: Partial<SlaDocument>, applyToOpen = false): Promise<number> {
  const [{ version } = { version: 0 }] = await rows<{ version: number }>(
    'select max(version) as version from sla_settings',
  );
  const { status, body } = await call('mia', 'POST', '/v1/sla-settings', {
    ...{ ...firstSettings, ...document, basedOn: version, applyToOpen, reason: 'spec' },
  });
  expect(status).toBe(201);
  // the poller's pause
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  return body.toApply;
}
let count = 0;
async function opened(options: RoutedOptions = {}): Promise<string> {
  const event = routed(`sla-${++count}`, { receivedAt: new Date().toISOString(), ...options });
  await environment.publish(feedbackRouted.topic, [messageOf(event)]);
  const loopId = loopIdOf(event.feedback.feedbackId);
  await eventually(async () => expect((await call('mia', 'GET', `/v1/loops/${loopId}`)).status).toBe(200));
  return loopId;
}
const told = (loopId: string): LoopChanged[] =>
  recorder.messages
    .map(({ value }) => JSON.parse(value.toString()) as LoopChanged)
    .filter((event) => event.loopId === loopId);

/** A first answer within two seconds, then up the chain, second by second. */
const quick: Partial<SlaDocument> = {
  policies: [{ name: 'standard', firstResponse: { customer: 'PT2S' }, resolution: { customer: 'PT60S' } }],
  teams: [
    {
      team: 'support',
      chain: [
        { after: 'PT0S', owner: 'lena' },
        { after: 'PT1S', owner: 'mia' },
        { after: 'PT2S', team: 'quality' },
      ],
    },
  ],
};

describe('a loop that nobody answers', () => {
  it('is warned of, breached, and goes up the chain, each level once and never early, with two replicas', async () => {
    await Promise.all([start(), start()]);
    await promise(quick);
    const ids = await Promise.all(Array.from({ length: 10 }, () => opened()));
    for (const loopId of ids) {
      await eventually(async () => expect((await view(loopId)).level).toBe(3), { timeoutMs: 60_000 });
      const { history, ...loop } = await view(loopId);
      expect(loop).toMatchObject({ state: 'opened', team: 'quality', level: 3 });
      expect(loop.owner).toBeUndefined();
      expect(loop.sla?.firstResponse.customer).toMatchObject({ breached: true });
      expect(history.slice(1).map(({ change, note, owner, team }) => [note ?? change, owner ?? team])).toEqual([
        ['warned', undefined],
        ['breached', undefined],
        ['escalated', 'lena'],
        ['escalated', 'mia'],
        ['escalated', 'quality'],
      ]);
      for (const { at, dueAt } of history.slice(1)) {
        expect(Date.parse(at)).toBeGreaterThanOrEqual(Date.parse(dueAt!));
      }
      // told on the wire by names that its readers know
      await eventually(() => expect(told(loopId)).toHaveLength(6));
      expect(told(loopId).map(({ change, note, loop: state }) => [change, note, state?.level])).toEqual([
        ['opened', undefined, undefined],
        ['noted', 'warned', undefined],
        ['noted', 'breached', undefined],
        ['escalated', undefined, 1],
        ['escalated', undefined, 2],
        ['escalated', undefined, 3],
      ]);
    }
  });

  it('that nobody looked at while it was due goes up late, once', async () => {
    await start();
    await promise(quick);
    const loopId = await opened();
    await running.splice(0)[0]!.close();
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    expect(await rows('select 1 from loop_history where loop_id = $1 and version > 3', [loopId])).toEqual([]);
    await start();
    await eventually(async () => expect((await view(loopId)).level).toBe(3), { timeoutMs: 30_000 });
    expect((await view(loopId)).history.filter(({ change }) => change === 'escalated')).toHaveLength(3);
  });

  it('is the person’s to whom it went, whatever the team', async () => {
    await start();
    await promise({ ...quick, teams: [{ team: 'support', chain: [{ after: 'PT0S', owner: 'lena' }] }] });
    const loopId = await opened();
    expect((await call('lena', 'GET', `/v1/loops/${loopId}`)).status).toBe(404);
    await eventually(async () => expect((await view(loopId)).owner).toBe('lena'), { timeoutMs: 30_000 });
    const { body } = await call('lena', 'GET', `/v1/loops/${loopId}`);
    const mine = await call('lena', 'GET', '/v1/loops?owner=lena');
    expect(mine.body.items.map(({ team }) => team)).toContain('support');
    expect((await call('lena', 'GET', '/v1/loops')).body.items).toEqual([]);
    const answered = { text: 'We are on it.', channel: 'review' };
    expect((await call('lena', 'POST', `/v1/loops/${loopId}/respond`, answered, body.version)).status).toBe(200);
  });
});

describe('an answer in time', () => {
  it('keeps the promise: the deadline goes to what comes next', async () => {
    await start();
    await promise({
      policies: [{ name: 'standard', firstResponse: { customer: 'PT30S' }, resolution: { customer: 'PT600S' } }],
    });
    const receivedAt = new Date();
    const loopId = await opened({ receivedAt: receivedAt.toISOString() });
    const due = async () =>
      (
        await rows<{ kind: string; due_at: Date }>('select kind, due_at from deadline where loop_id = $1', [loopId])
      ).map(({ kind, due_at }) => [kind, due_at.getTime() - receivedAt.getTime()]);
    const answered = { text: 'We are on it.', channel: 'review' };
    const { version } = await view(loopId);
    expect(version).toBe(1);
    expect(await due()).toEqual([['clock', 22_500]]);
    expect((await call('ann', 'POST', `/v1/loops/${loopId}/respond`, answered, version)).status).toBe(200);
    expect(await due()).toEqual([['clock', 450_000]]);
    expect((await view(loopId)).sla?.firstResponse.customer).toMatchObject({ breached: false });
  });
});

describe('other promises', () => {
  it('leave open loops as they were, unless asked; then all of them have the new ones, once', async () => {
    await start();
    await promise({ policies: [{ name: 'standard', firstResponse: { customer: 'PT1H' } }] });
    const loopId = await opened();
    const imported = await opened({ historic: true });
    const before = (await view(loopId)).sla!;
    await promise({ policies: [{ name: 'standard', firstResponse: { customer: 'PT2H' } }] });
    expect((await view(loopId)).sla!.firstResponse.customer.dueAt).toBe(before.firstResponse.customer.dueAt);
    const open = await rows('select 1 from loop where closed_at is null and not historic');
    expect(await promise({ policies: [{ name: 'standard', firstResponse: { customer: 'PT4H' } }] }, true)).toBe(
      open.length,
    );
    await eventually(async () => expect(await rows(`select 1 from deadline where kind = 'terms'`)).toEqual([]), {
      timeoutMs: 30_000,
    });
    const { sla, history } = await view(loopId);
    expect(Date.parse(sla!.firstResponse.customer.dueAt!) - Date.parse(before.firstResponse.customer.dueAt!)).toBe(
      3 * 3_600_000,
    );
    expect(history.map(({ change, note }) => note ?? change)).toEqual(['opened', 'terms-set']);
    expect((await view(imported)).sla).toBeUndefined();
    const stale = await rows<{ n: number }>(
      `select count(*)::int n from loop where closed_at is null and not historic
        and split_part(terms, '/', 1)::int < (select max(version) from sla_settings)`,
    );
    expect(stale).toEqual([{ n: 0 }]);
  });

  it('are made by managers, from the newest, and refused where they cannot hold', async () => {
    await start();
    const active = (await call('ann', 'GET', '/v1/sla-settings/active')).body;
    const document = { ...firstSettings, basedOn: active.version };
    expect((await call('ann', 'POST', '/v1/sla-settings', document)).status).toBe(403);
    expect((await call('mia', 'POST', '/v1/sla-settings', { ...document, basedOn: active.version + 1 })).status).toBe(
      409,
    );
    const wrong = await call('mia', 'POST', '/v1/sla-settings', { ...document, defaultPolicy: 'gold' });
    expect([wrong.status, wrong.body.errors.map(({ pointer }) => pointer)]).toEqual([400, ['/defaultPolicy']]);
    const nul = await call('mia', 'POST', '/v1/sla-settings', { ...document, reason: 'a\0' });
    expect([nul.status, nul.body.errors.map(({ pointer }) => pointer)]).toEqual([400, ['/reason']]);
    expect((await call('mia', 'GET', '/v1/sla-settings/999999')).status).toBe(404);
    expect((await call('mia', 'GET', '/v1/sla-settings')).body.items[0]).toMatchObject({ version: active.version });
    const both = await Promise.all([1, 2].map(() => call('mia', 'POST', '/v1/sla-settings', document)));
    expect(both.map(({ status }) => status).sort()).toEqual([201, 409]);
  });
});

describe('a reroute', () => {
  it('moves what nobody touched, with its clock; what an agent touched is told and stays', async () => {
    await start();
    // just now: no limit passes meanwhile, which would be a step of its own
    const receivedAt = new Date().toISOString();
    const name = `sla-${count + 1}`;
    const loopId = await opened({ receivedAt, historic: false });
    const untouched = await view(loopId);
    expect(untouched.team).toBe('support');
    const again = (over: RoutedOptions) =>
      environment.publish(feedbackRouted.topic, [messageOf(routed(name, { receivedAt, ...over }))]);
    await again({ routeRevision: 2, team: 'billing', priority: 'critical', slaPolicy: 'urgent' });
    await eventually(async () => expect((await view(loopId)).team).toBe('billing'));
    const moved = await view(loopId);
    expect(moved.sla?.terms).toContain('/urgent/');
    const [row] = await rows<{ team: string }>('select team from feedback where loop_id = $1', [loopId]);
    expect(row?.team).toBe('billing');
    await call('mia', 'POST', `/v1/loops/${loopId}/assign`, { team: 'product' }, moved.version);
    await again({ routeRevision: 3, team: 'support' });
    await eventually(async () => expect((await view(loopId)).history.at(-1)?.change).toBe('noted'));
    expect((await view(loopId)).team).toBe('product');
  });
});
