import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  feedbackIdOf,
  feedbackRouted,
  insightChanged,
  insightEventId,
  insightRaised,
  loopChanged,
  loopEventId,
  loopIdOf,
  noticeEventId,
  noticeIdOf,
  noticeRequested,
  noticeSettled,
  type InsightChanged,
  type InsightRaised,
  type NoticeRequested,
  type NoticeSettled,
} from '@closeloop/contracts';
import { createTopics } from '@closeloop/messaging';
import { createService, migrateDatabase, type RunningService } from '@closeloop/platform';
import { eventually, testEnvironment, type Recorder, type TestEnvironment } from '@closeloop/testing';
import { loopOf, routedOf, type RoutedGiven } from './history.fixture.js';
import { insightsDatabase } from './insights.database.js';
import { InsightsModule } from './insights.module.js';

// the machine may be busy; what is waited for is bounded by eventually()
jest.setTimeout(60_000);

let environment: TestEnvironment;
let service: RunningService;
let raisedEvents: Recorder;
let changedEvents: Recorder;
let requested: Recorder;
const tokens: Record<string, string> = {};

const loopId = (name: string): string => loopIdOf(feedbackIdOf('shop', name));
/** An event as another service sends it. */
const message = (topic: string, id: string, key: string, value: object) => ({
  ...{ key, value },
  headers: {
    ...{ ce_specversion: '1.0', ce_type: topic, ce_source: 'closeloop/spec', ce_id: id, ce_subject: key },
    ...{ ce_time: '2026-03-01T12:00:00.000Z', 'content-type': 'application/json' },
  },
});
async function publishRouted(given: readonly (readonly [name: string, given: RoutedGiven])[]): Promise<void> {
  await environment.publish(
    feedbackRouted.topic,
    given.map(([name, each]) => {
      const routed = routedOf(name, each);
      return message(feedbackRouted.topic, `routed-${name}`, routed.feedback.feedbackId, routed);
    }),
  );
}
async function publishOpened(loops: readonly (readonly [name: string, team: string])[]): Promise<void> {
  await environment.publish(
    loopChanged.topic,
    loops.flatMap(([name, team]) =>
      loopOf(name, [{ change: 'opened', state: 'opened', at: '2026-03-01T10:00:01.000Z', team }]).map((changed) =>
        message(loopChanged.topic, loopEventId(changed.loopId, changed.version), changed.loopId, changed),
      ),
    ),
  );
}

const app = { product: 'app', touchpoint: 'checkout', customerKey: 'cora' };
const supportLoops = ['s-1', 's-2', 's-3', 's-4'];

beforeAll(async () => {
  environment = await testEnvironment({ prefix: 'outer' });
  await createTopics(environment.env);
  await migrateDatabase('insights', insightsDatabase, environment.env);
  service = await createService('insights', InsightsModule, { env: environment.env, logger: false });
  [raisedEvents, changedEvents, requested] = await Promise.all([
    environment.record(insightRaised.topic),
    environment.record(insightChanged.topic),
    environment.record(noticeRequested.topic),
  ]);
  const person = async (sub: string, roles: ('agent' | 'manager' | 'admin')[], teams: string[] = []) => {
    tokens[sub] = await environment.token({ sub, roles, teams });
  };
  await person('ann', ['agent'], ['support']);
  await person('pia', ['agent'], ['product']);
  await person('bill', ['agent'], ['billing']);
  await person('mia', ['manager']);
  await publishRouted([
    ...supportLoops.map((name) => [name, { content: app, topics: ['billing/refund'] }] as const),
    ['b-1', { team: 'billing', topics: ['billing/invoice'] }],
    ['web-1', { content: { product: 'web' }, topics: ['billing/refund'] }],
  ]);
  await publishOpened([
    ...supportLoops.map((name) => [name, 'support'] as const),
    ['b-1', 'billing'],
    ['web-1', 'support'],
  ]);
  await eventually(
    async () => {
      const [row] = await environment.query<{ n: number }>(
        'insights',
        `select count(*)::int n from model.loop_fact join model.feedback_fact f on f.feedback_id = opened_by`,
      );
      expect(row!.n).toBe(6);
    },
    { timeoutMs: 30_000 },
  );
}, 120_000);
afterAll(async () => {
  await service?.close();
  await environment?.close();
});

/** What comes over the wire, and is looked at by expect. */
type Body = ReturnType<typeof JSON.parse>;
interface Answer {
  readonly status: number;
  readonly etag: string | null;
  readonly body: Body;
}
async function call(who: string, method: string, path: string, body?: object, version?: number): Promise<Answer> {
  const response = await fetch(service.url + path, {
    method,
    headers: {
      authorization: `Bearer ${tokens[who]}`,
      ...(body && { 'content-type': 'application/json' }),
      ...(version !== undefined && { 'if-match': `"${version}"` }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    etag: response.headers.get('etag'),
    body: text === '' ? undefined : JSON.parse(text),
  };
}
let claims = 0;
const claim = (names: readonly string[] = ['s-1', 's-2'], more: object = {}) => ({
  title: `Refunds fail ${++claims}`,
  claim: 'The third refund this week that failed on Android.',
  ...{ topic: 'billing/refund', product: 'app', loopIds: names.map(loopId) },
  ...more,
});
const raise = async (more: object = {}, names?: readonly string[]): Promise<Body> => {
  const answer = await call('ann', 'POST', '/v1/insights', claim(names, more));
  expect(answer.status).toBe(201);
  return answer.body;
};
const plan = {
  ...{ title: 'Refund again', owner: 'pia', due: '2027-01-31', action: 'Retry the refund.' },
  metric: { name: 'csat', filters: { product: ['app'] } },
};

describe('an insight', () => {
  it('is raised from loops at hand, and goes to the team that owns what it is about', async () => {
    const given = claim();
    const answer = await call('ann', 'POST', '/v1/insights', given);
    expect(answer).toMatchObject({ status: 201, etag: '"1"' });
    expect(answer.body).toMatchObject({
      ...{ state: 'raised', team: 'product', topic: 'billing/refund', product: 'app', loopIds: given.loopIds },
      raisedBy: { kind: 'agent', id: 'ann', team: 'support' },
      evidence: { loops: 2, feedback: 0, since: '2026-03-01T10:00:00.000Z' },
    });
    const { insightId } = answer.body as { insightId: string };
    const told = await eventually(() => {
      const found = raisedEvents.messages.find(({ key }) => key === insightId);
      if (!found) throw new Error('nobody was told');
      return found;
    });
    expect(told.headers['ce_id']).toBe(insightEventId(insightId, 1));
    expect(JSON.parse(told.value.toString()) as InsightRaised).toMatchObject({
      insightId,
      team: 'product',
      ...{ title: given.title },
    });
    // once more is the same one
    expect(await call('ann', 'POST', '/v1/insights', given)).toMatchObject({ status: 200, body: { insightId } });
    const [one, other] = await Promise.all(
      [0, 1].map(() => call('ann', 'POST', '/v1/insights', { ...given, title: 'At once' })),
    );
    expect([one!.status, other!.status].sort()).toEqual([200, 201]);
  });

  it.each([
    ['/title', { title: '' }],
    ['/loopIds', { loopIds: [] }],
    ['/loopIds/0', { loopIds: ['x'] }],
    ['/loopIds/1', { loopIds: [loopId('s-1'), loopId('b-1')] }],
    ['/feedbackIds/0', { feedbackIds: [feedbackIdOf('shop', 'nothing')] }],
    ['/topic', { topic: 'Not A Topic' }],
    ['/journeyStage', { journeyStage: 'sleep' }],
    ['/team', { team: 'Not a team' }],
    ['/severity', { severity: 3 }],
    ['/claim', { claim: 'a\u0000b' }],
  ])('with a wrong %s is refused by its name', async (pointer, wrong) => {
    const answer = await call('ann', 'POST', '/v1/insights', claim(undefined, wrong));
    expect(answer.status).toBe(400);
    expect(answer.body.errors.map((error: { pointer: string }) => error.pointer)).toContain(pointer);
  });

  it('is answered by the team that owns it; whoever raised it hears of it', async () => {
    const { insightId } = await raise();
    const path = `/v1/insights/${insightId}`;
    expect((await call('bill', 'GET', path)).status).toBe(404);
    expect((await call('bill', 'POST', `${path}/accept`, {}, 1)).status).toBe(404);
    expect((await call('ann', 'POST', `${path}/accept`, {}, 1)).status).toBe(403);
    expect((await call('pia', 'POST', `${path}/accept`, {})).status).toBe(428);
    expect((await call('pia', 'POST', `${path}/decline`, {}, 1)).body.errors[0].pointer).toBe('/reason');
    expect((await call('pia', 'POST', `${path}/praise`, {}, 1)).status).toBe(404);
    const accepted = await call('pia', 'POST', `${path}/accept`, { note: 'We look into it.' }, 1);
    expect(accepted).toMatchObject({
      status: 200,
      etag: '"2"',
      body: { state: 'accepted', reason: 'We look into it.' },
    });
    // two answer at once: one is told what the other did
    expect(await call('mia', 'POST', `${path}/decline`, { reason: 'no' }, 1)).toMatchObject({
      ...{ status: 409, etag: '"2"' },
      body: { version: 2, state: 'accepted', happened: [{ change: 'accepted', version: 2 }] },
    });
    expect(await call('pia', 'POST', `${path}/accept`, {}, 2)).toMatchObject({
      status: 422,
      body: { reason: 'not-from-this-state', state: 'accepted' },
    });
    const mine = await call('ann', 'GET', '/v1/insights?raisedBy=me&state=answered');
    expect(mine.body.items).toMatchObject([{ insightId, state: 'accepted', reason: 'We look into it.' }]);
    const told = await eventually(() => {
      const found = changedEvents.json<InsightChanged>().filter((one) => one.insightId === insightId);
      expect(found).toHaveLength(1);
      return found;
    });
    expect(told[0]).toMatchObject({
      ...{ version: 2, change: 'accepted', state: 'accepted', reason: 'We look into it.', team: 'product' },
      raisedBy: { kind: 'agent', id: 'ann', team: 'support' },
    });
    const history = (await call('ann', 'GET', path)).body.history as { change: string }[];
    expect(history.map(({ change }) => change)).toEqual(['raised', 'accepted']);
  });

  it('that says what another one says is merged into it, with what it rests on', async () => {
    const [one, other] = [await raise({}, ['s-1', 's-2']), await raise({}, ['s-2', 's-3'])];
    const merge = (into: string) => call('pia', 'POST', `/v1/insights/${one.insightId}/merge`, { into }, 1);
    expect(await merge(loopId('nothing'))).toMatchObject({ status: 400, body: { errors: [{ pointer: '/into' }] } });
    expect(await merge(one.insightId)).toMatchObject({ status: 422, body: { reason: 'into-itself' } });
    expect(await merge(other.insightId)).toMatchObject({
      status: 200,
      body: { state: 'merged', into: other.insightId },
    });
    const { body } = await call('mia', 'GET', `/v1/insights/${other.insightId}`);
    expect(body).toMatchObject({ version: 2, state: 'raised', loopIds: ['s-2', 's-3', 's-1'].map(loopId) });
  });

  it('goes by the table of ownership, which managers set', async () => {
    const before = await call('ann', 'GET', '/v1/ownership');
    expect(before).toMatchObject({ status: 200, body: { defaultTeam: 'product', rules: [] } });
    const version = before.body.version as number;
    const table = { defaultTeam: 'product', rules: [{ touchpoint: 'checkout', team: 'billing' }] };
    expect((await call('ann', 'PUT', '/v1/ownership', table, version)).status).toBe(403);
    expect((await call('mia', 'PUT', '/v1/ownership', table)).status).toBe(428);
    const unnamed = { ...table, rules: [...table.rules, { team: 'billing' }] };
    expect((await call('mia', 'PUT', '/v1/ownership', unnamed, version)).body.errors).toMatchObject([
      { pointer: '/rules/1' },
    ]);
    const set = await call('mia', 'PUT', '/v1/ownership', table, version);
    expect(set).toMatchObject({ status: 200, etag: `"${version + 1}"`, body: { ...table, version: version + 1 } });
    expect((await call('mia', 'PUT', '/v1/ownership', table, version)).status).toBe(409);
    const { insightId, team } = await raise({ touchpoint: 'checkout' });
    expect(team).toBe('billing');
    const given = await call('bill', 'POST', `/v1/insights/${insightId}/assign`, { team: 'product' }, 1);
    expect(given.body).toMatchObject({ state: 'raised', team: 'product' });
  });

  it('is heard of as it happens by those who see it', async () => {
    const stop = new AbortController();
    const heard: Record<string, string> = {};
    const follow = async (who: string): Promise<void> => {
      const response = await fetch(`${service.url}/v1/changes`, {
        headers: { authorization: `Bearer ${tokens[who]}` },
        signal: stop.signal,
      });
      heard[who] = '';
      for await (const part of response.body!) heard[who] += Buffer.from(part).toString();
    };
    const following = Promise.allSettled(['ann', 'pia', 'bill'].map(follow));
    await eventually(() => expect(Object.values(heard).filter((text) => text.includes('retry:'))).toHaveLength(3));
    const { insightId } = await raise();
    await eventually(() => {
      expect(heard['ann']).toContain(insightId);
      expect(heard['pia']).toContain(insightId);
    });
    expect(heard['pia']).toContain('event: insight');
    expect(heard['bill']).not.toContain(insightId);
    stop.abort();
    await following;
  });
});

describe('an improvement', () => {
  it('gathers loops, and when it is done each of them asks for its customer to be told, once', async () => {
    const { insightId } = await raise({}, ['s-1', 's-2']);
    const improve = (body: object) => call('pia', 'POST', `/v1/insights/${insightId}/improve`, body, 1);
    for (const [pointer, wrong] of [
      ['/due', { due: '2027-02-31' }],
      ['/metric/name', { metric: { name: 'happiness' } }],
      ['/metric/filters/age', { metric: { name: 'csat', filters: { age: ['<1d'] } } }],
      ['/metric/filters/product', { metric: { name: 'csat', filters: { product: 'app' } } }],
      ['/owner', { owner: '' }],
    ] as const) {
      expect(await improve({ ...plan, ...wrong })).toMatchObject({ status: 400, body: { errors: [{ pointer }] } });
    }
    const improving = await improve(plan);
    expect(improving.body).toMatchObject({ state: 'improving', improvement: { state: 'planned', team: 'product' } });
    const { improvementId } = improving.body as { improvementId: string };
    const path = `/v1/improvements/${improvementId}`;
    expect((await call('bill', 'GET', path)).status).toBe(404);
    expect((await call('pia', 'GET', path)).body).toMatchObject({
      loops: 2,
      insightIds: [insightId],
      told: { wanted: 0 },
    });

    expect((await call('mia', 'POST', `${path}/loops`, { loopIds: [loopId('x')] }, 1)).status).toBe(400);
    const attached = await call('mia', 'POST', `${path}/loops`, { loopIds: [loopId('web-1'), loopId('s-1')] }, 1);
    expect(attached).toMatchObject({ status: 200, etag: '"2"', body: { attached: 1 } });
    const rule = { topic: 'billing', product: 'app', from: '2026-03-01', to: '2026-03-02' };
    expect((await call('pia', 'POST', `${path}/loops`, { rule: { from: '2026-03-01' } }, 2)).status).toBe(400);
    expect(await call('pia', 'POST', `${path}/loops`, { rule }, 2)).toMatchObject({
      status: 200,
      body: { attached: 2, rule },
    });
    expect((await call('pia', 'PATCH', path, { state: 'doing', due: '2027-03-01' }, 3)).body).toMatchObject({
      state: 'doing',
    });
    expect((await call('pia', 'PATCH', path, { due: '2027-03-01' }, 4)).status).toBe(422);
    // one that came since belongs to the rule, too
    await publishRouted([['s-9', { content: app, topics: ['billing/refund'] }]]);
    await publishOpened([['s-9', 'support']]);
    await eventually(async () => {
      const known = await environment.query('insights', 'select 1 from model.loop_fact where loop_id = $1', [
        loopId('s-9'),
      ]);
      expect(known).toHaveLength(1);
    });

    expect((await call('pia', 'POST', `${path}/done`, {}, 4)).body).toMatchObject({ reason: 'message-missing' });
    const text = 'Refunds work on Android again.';
    const done = await call('pia', 'POST', `${path}/done`, { message: text }, 4);
    expect(done.body).toMatchObject({ state: 'done', message: text, version: 5 });
    expect((await call('pia', 'POST', `${path}/done`, { message: text }, 5)).body).toMatchObject({ reason: 'ended' });
    const names = ['s-1', 's-2', 's-3', 's-4', 's-9', 'web-1'];
    const asked = await eventually(() => {
      const own = requested.json<NoticeRequested>().filter((one) => one.improvementId === improvementId);
      expect(own).toHaveLength(names.length);
      return own;
    });
    expect(asked.map((one) => one.loopId).sort()).toEqual(names.map(loopId).sort());
    for (const one of asked) expect(one).toMatchObject({ text, noticeId: noticeIdOf(improvementId, one.loopId) });
    expect((await call('pia', 'GET', path)).body).toMatchObject({
      ...{ loops: 6, told: { wanted: 6, pending: 6, sent: 0, skipped: {} } },
    });

    const settle = (name: string, outcome: NoticeSettled['outcome'], reason?: string) => {
      const noticeId = noticeIdOf(improvementId, loopId(name));
      const at = '2026-03-05T10:00:00.000Z';
      const data: NoticeSettled = {
        noticeId,
        improvementId,
        loopId: loopId(name),
        outcome,
        at,
        ...(reason && { reason }),
      };
      return message(noticeSettled.topic, noticeEventId('settled', noticeId), data.loopId, data);
    };
    await environment.publish(noticeSettled.topic, [
      settle('s-1', 'sent'),
      settle('s-2', 'skipped', 'same-customer'),
      settle('s-3', 'skipped', 'opted-out'),
      settle('s-4', 'sent'),
      // as it may come twice; and one that nobody asked for
      settle('s-1', 'sent'),
      settle('x', 'sent'),
    ]);
    await eventually(async () =>
      expect((await call('pia', 'GET', path)).body.told).toEqual({
        ...{ wanted: 5, sent: 2, skipped: { 'opted-out': 1 }, pending: 2 },
      }),
    );
    expect((await call('ann', 'GET', `/v1/insights/${insightId}`)).body.state).toBe('improved');
    const { timeline } = (await call('ann', 'GET', '/v1/customers/cora')).body;
    const told = (timeline as { kind: string }[]).filter(({ kind }) => kind === 'improvement');
    expect(told).toHaveLength(2);
    expect(told[0]).toMatchObject({ improvementId, at: '2026-03-05T10:00:00.000Z', excerpt: plan.title });
    const audited = await call('mia', 'GET', '/v1/audit?limit=200');
    const actions = (audited.body.items as { action: string; resource: { id: string } }[])
      .filter(({ resource }) => resource.id === improvementId)
      .map(({ action }) => action);
    expect(actions.sort()).toEqual([
      ...['improvement.changed', 'improvement.done', 'improvement.loops-attached', 'improvement.loops-attached'],
      'improvement.planned',
    ]);
    expect(JSON.stringify(audited.body)).not.toContain(text);
  });

  it('that is dropped gives its insight back', async () => {
    const { insightId } = await raise();
    const { body } = await call('pia', 'POST', `/v1/insights/${insightId}/improve`, plan, 1);
    const path = `/v1/improvements/${body.improvementId}`;
    expect((await call('pia', 'PATCH', path, { state: 'dropped' }, 1)).body).toMatchObject({ state: 'dropped' });
    expect((await call('ann', 'GET', `/v1/insights/${insightId}`)).body).toMatchObject({
      state: 'accepted',
      version: 3,
    });
    expect((await call('pia', 'PATCH', path, { title: 'x' }, 2)).body).toMatchObject({ reason: 'ended' });
  });

  it('shows what it moved, and how much more than where nothing was changed', async () => {
    const planned = await call('mia', 'POST', '/v1/improvements', { ...plan, team: 'product' });
    expect(planned).toMatchObject({ status: 201, body: { state: 'planned' } });
    const { improvementId } = planned.body as { improvementId: string };
    await call('mia', 'POST', `/v1/improvements/${improvementId}/done`, {}, 1);
    // work on it went from 10 to 20 March
    await environment.query(
      'insights',
      `update improvement set started_at = '2026-03-10T09:00:00Z', ended_at = '2026-03-20T15:00:00Z' where improvement_id = $1`,
      [improvementId],
    );
    const answers = (product: string, day: string, good: number, all: number) =>
      Array.from(
        { length: all },
        (_, n) =>
          [
            `csat-${product}-${day}-${n}`,
            {
              content: {
                ...{ product, occurredAt: `${day}T12:00:00.000Z`, channel: 'survey' as const },
                survey: { metric: 'csat' as const, score: n < good ? 5 : 2, scale: 5 },
              },
            },
          ] as const,
      );
    const given = [
      ...[...answers('app', '2026-03-05', 20, 40), ...answers('web', '2026-03-05', 30, 40)],
      ...[...answers('app', '2026-03-25', 36, 40), ...answers('web', '2026-03-25', 32, 40)],
      // while it was done, and long before
      ...[...answers('app', '2026-03-15', 0, 10), ...answers('app', '2026-01-05', 0, 10)],
    ];
    await publishRouted(given);
    const { effect } = await eventually(
      async () => {
        const { body } = await call('pia', 'GET', `/v1/improvements/${improvementId}`);
        expect([body.effect.before.n, body.effect.after.n]).toEqual([40, 40]);
        expect(body.effect.comparison?.after.n).toBe(40);
        expect(body.effect.comparison.before.n).toBe(40);
        return body;
      },
      { timeoutMs: 30_000 },
    );
    expect(effect.before).toMatchObject({
      from: '2026-02-10T00:00:00.000Z',
      to: '2026-03-10T00:00:00.000Z',
      value: 0.5,
    });
    expect(effect.after).toMatchObject({
      from: '2026-03-21T00:00:00.000Z',
      to: '2026-04-18T00:00:00.000Z',
      value: 0.9,
    });
    expect(effect.difference.value).toBeCloseTo(0.4);
    // Newcombe's method 10 of 36/40 and 20/40, by hand from Wilson's intervals (.7695, .9604) and (.3520, .6480)
    expect(effect.difference.interval[0]).toBeCloseTo(0.203, 2);
    expect(effect.difference.interval[1]).toBeCloseTo(0.56, 2);
    expect(effect.comparison).toMatchObject({ by: 'product', before: { value: 0.75 }, after: { value: 0.8 } });
    expect(effect.comparison.net.value).toBeCloseTo(0.35);
    const [low, high] = effect.comparison.net.interval as [number, number];
    expect(low).toBeLessThan(effect.difference.interval[0]);
    expect(high).toBeGreaterThan(effect.comparison.net.value);
  });
});

it('managers watch the share of insights that is answered, and the time from first evidence to improvement', async () => {
  const today = new Date();
  const from = new Date(today.getTime() - 86_400_000).toISOString().slice(0, 10);
  const to = new Date(today.getTime() + 2 * 86_400_000).toISOString().slice(0, 10);
  const read = async (name: string, more = '') =>
    (await call('mia', 'GET', `/v1/metrics/${name}?from=${from}&to=${to}${more}`)).body;
  const all = (await call('mia', 'GET', '/v1/insights?limit=200')).body.items as { state: string }[];
  const answered = all.filter(({ state }) => state !== 'raised').length;
  const share = await read('insights-answered');
  expect(share).toMatchObject({ unit: 'share', rows: [{ n: all.length, value: answered / all.length }] });
  expect(share.rows[0].interval).toHaveLength(2);
  const byTeam = await read('insights-answered', '&by=team&topic=billing');
  expect(byTeam.rows.reduce((sum: number, { n }: { n: number }) => sum + n, 0)).toBe(all.length);
  const lead = await read('insight-lead-time');
  expect(lead.rows[0].n).toBe(all.length);
  expect(lead.rows[0].parts).toEqual({ improving: 1, waiting: all.length - 1 });
  const { metrics } = (await call('mia', 'GET', '/v1/metrics')).body as { metrics: { name: string }[] };
  expect(metrics.map(({ name }) => name)).toEqual(expect.arrayContaining(['insights-answered', 'insight-lead-time']));
});
