import {
  feedbackRouted,
  hopEventId,
  loopChanged,
  loopIdOf,
  resendHeader,
  type Feedback,
  type FeedbackRouted,
  type LoopChanged,
  type Route,
  type Tags,
} from '@closeloop/contracts';
import { createTopics } from '@closeloop/messaging';
import { createService, migrateDatabase, type RunningService } from '@closeloop/platform';
import { eventually, testEnvironment, type Recorder, type TestEnvironment } from '@closeloop/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DryRunRules, type DryRunLine } from './application/dry-run.handler.js';
import { feedbackWith, tagsWith } from './domain/feedback.fixture.js';
import { KeptStore } from './domain/kept-store.js';
import { RehearsalModule } from './rehearsal.module.js';
import { routingDatabase } from './routing.database.js';
import { RoutingModule } from './routing.module.js';

const uuid = (last: number): string => `00000000-0000-5000-8000-${String(last).padStart(12, '0')}`;
const receivedAt = (day: number, second = 0): string =>
  new Date(Date.UTC(2026, 9, day) + second * 1_000).toISOString().replace('.000Z', 'Z');
const triage: Route = {
  ...{ team: 'triage', priority: 'medium', slaPolicy: 'standard', labels: [], loop: 'open', ruleSetVersion: 1 },
  rule: 'default',
};

describe('rehearsal beside routing, on a real Kafka and Postgres', () => {
  let environment: TestEnvironment;
  let env: Record<string, string>;
  let routing: RunningService;
  /** Two replicas */
  let replicas: RunningService[];
  let routed: Recorder;
  let manager: string;
  let agent: string;

  const start = () => createService('rehearsal', RehearsalModule, { env, logger: false });

  const publish = (
    given: readonly {
      feedback: Feedback;
      tags?: Tags | null;
      route?: Route | null;
      resent?: boolean;
      tagRevision?: number;
    }[],
  ) =>
    environment.publish(
      feedbackRouted.topic,
      given.map(({ feedback, tags = tagsWith({}), route = triage, resent, tagRevision = 1 }) => ({
        key: feedback.feedbackId,
        value: { feedback, tagRevision, tags, routeRevision: 1, route } satisfies FeedbackRouted,
        headers: headersOf(
          hopEventId('routed', { ...feedback, tagRevision, routeRevision: 1 }),
          feedbackRouted.topic,
          feedback.feedbackId,
          resent,
        ),
      })),
    );
  const headersOf = (id: string, type: string, subject: string, resent = false) => ({
    ...{ ce_specversion: '1.0', ce_id: id, ce_type: type, ce_source: 'closeloop/spec', ce_subject: subject },
    ...{ ce_time: '2026-11-21T10:00:00.000Z', 'content-type': 'application/json' },
    ...(resent && { [resendHeader]: 'a-republish' }),
  });
  const call = async (url: string, method: string, path: string, body?: unknown, token = manager) => {
    const response = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown> };
  };
  const ask = (method: string, path: string, body?: unknown, token = manager) =>
    call(replicas[0]!.url, method, path, body, token);
  const draft = async (rules: readonly object[]): Promise<string> => {
    const { status, body } = await call(routing.url, 'POST', '/v1/rule-sets', { rules });
    expect(status).toBe(201);
    return body['id'] as string;
  };
  const activate = async (id: string) => {
    const { status, body } = await call(routing.url, 'POST', `/v1/rule-sets/${id}/activate`, { reason: 'spec' });
    expect(status).toBe(200);
    return body['version'] as number;
  };
  const explain = (id: string, body: unknown) => ask('POST', `/v1/rule-sets/${id}/explain`, body);
  const kept = (feedbackId: string) =>
    eventually(async () => expect((await explain('active', { feedbackId })).status).toBe(200), { timeoutMs: 20_000 });
  const linesOf = async (response: Response) =>
    (await response.text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as DryRunLine & Record<string, unknown>);
  const dryRun = (id: string, body: unknown, { query = '', type = 'application/json' } = {}) =>
    fetch(`${replicas[0]!.url}/v1/rule-sets/${id}/dry-run${query}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${manager}`, 'content-type': type },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  const toldOf = (feedbackId: string) =>
    routed.messages
      .filter(({ key, headers }) => key === feedbackId && headers['ce_source'] === 'closeloop/rehearsal')
      .map(({ headers, value }) => ({ id: headers['ce_id'], ...(JSON.parse(value.toString()) as FeedbackRouted) }));

  beforeAll(async () => {
    environment = await testEnvironment({ prefix: 'rehearsal' });
    env = { ...environment.env, ROUTING_RULES_REFRESH_MS: '200', ROUTING_KEEP_DAYS: '3650' };
    await Promise.all([createTopics(env), migrateDatabase('routing', routingDatabase, env)]);
    [routed, manager, agent, routing, ...replicas] = await Promise.all([
      environment.record(feedbackRouted.topic),
      environment.token({ sub: 'mia', roles: ['manager'] }),
      environment.token({ sub: 'ann', roles: ['agent'], teams: ['support'] }),
      createService('routing', RoutingModule, { env, logger: false }),
      start(),
      start(),
    ]);
  });

  afterAll(async () => {
    await Promise.all([routing, ...(replicas ?? [])].map((service) => service?.close()));
    await environment?.close();
  });

  it('given a kept feedback: explains each rule, with the values that were seen', async () => {
    const feedback = feedbackWith({ feedbackId: uuid(1), text: 'The crew was kind, the seat was terrible' });
    const tags = tagsWith({ sentiment: { label: 'mixed', score: 0, confidence: 0.7 } });
    await publish([{ feedback, tags }]);
    await kept(uuid(1));
    const id = await draft([
      { name: 'rated', when: 'feedback.rating.value <= 2', team: 'support', loop: 'open' },
      {
        name: 'angry',
        when: 'feedback.channel == "review" && tags.sentiment.label == "negative"',
        team: 'support',
        loop: 'open',
      },
      { name: 'crew', when: 'feedback.text.contains("crew")', team: 'operations', loop: 'open' },
      { name: 'all', when: 'true', team: 'triage', loop: 'none' },
    ]);
    expect(await explain(id, { feedbackId: uuid(1) })).toMatchObject({
      status: 200,
      body: {
        ...{ ruleSet: id, state: 'draft', feedback: { feedbackId: uuid(1), revision: 1 }, tagged: true },
        route: { team: 'operations', rule: 'crew', ruleSetVersion: null },
        rules: [
          {
            ...{ name: 'rated', matched: false },
            because: [{ part: 'feedback.rating.value <= 2', saw: [{ field: 'feedback.rating.value', absent: true }] }],
          },
          {
            ...{ name: 'angry', matched: false },
            because: [
              {
                part: 'tags.sentiment.label == "negative"',
                saw: [{ field: 'tags.sentiment.label', value: 'mixed' }],
              },
            ],
          },
          { name: 'crew', matched: true, wins: true },
          { name: 'all', matched: true },
        ],
      },
    });
    expect((await explain('active', { feedbackId: uuid(1) })).body).toMatchObject({ version: 1, state: 'active' });
    expect((await explain(id, { feedback: { text: 'crew' } })).body).toMatchObject({
      ...{ route: { rule: 'crew' }, tagged: false },
    });
    expect((await explain(id, { feedback: { colour: 7 } })).body['errors']).toMatchObject([
      { pointer: '/feedback/colour' },
    ]);
    expect((await explain(id, { feedbackId: uuid(999) })).status).toBe(404);
    expect((await explain(id, {})).status).toBe(400);
    expect((await explain('draft-99', { feedbackId: uuid(1) })).status).toBe(404);
    expect((await ask('POST', '/v1/rule-sets/active/explain', { feedbackId: uuid(1) }, agent)).status).toBe(403);
  });

  it('given a deletion: the words are gone, and an earlier revision does not bring them back', async () => {
    const feedback = feedbackWith({ feedbackId: uuid(2), text: 'my number is 0151 5550199' });
    await publish([{ feedback }]);
    await kept(uuid(2));
    const { text: _text, ...rest } = feedback;
    await publish([
      { feedback: { ...rest, kind: 'deleted', revision: 2, contentHash: 'c'.repeat(64) }, tags: null, route: null },
      { feedback },
    ]);
    await eventually(async () => expect((await explain('active', { feedbackId: uuid(2) })).status).toBe(404));
    await publish([{ feedback: feedbackWith({ feedbackId: uuid(3) }) }]);
    await kept(uuid(3));
    const rows = await environment.query(
      'routing',
      'select revision, feedback from kept_feedback where feedback_id = $1',
      [uuid(2)],
    );
    expect(rows).toEqual([{ revision: 2, feedback: null }]);
  });

  it('given a draft: says over a period what would move, from where to where, against the active rules or others', async () => {
    const feedback = Array.from({ length: 1_200 }, (_, n) =>
      feedbackWith({
        feedbackId: uuid(10_000 + n),
        text: n % 3 === 0 ? `the pool number ${n}` : `hello ${n}`,
        receivedAt: receivedAt(1, n),
      }),
    );
    await publish(feedback.map((one) => ({ feedback: one })));
    await kept(uuid(11_199));
    await kept(uuid(10_000));
    const period = { from: receivedAt(1), to: receivedAt(2) };
    await eventually(async () => {
      const [row] = await environment.query<{ count: number }>(
        'routing',
        `select count(*)::int from kept_feedback where received_at < $1`,
        [period.to],
      );
      expect(row!.count).toBe(1_200);
    });
    const pool = { name: 'pool', when: 'feedback.text.contains("pool")', team: 'operations', loop: 'join' };
    const id = await draft([pool]);
    const response = await dryRun(id, period);
    expect(response.headers.get('content-type')).toContain('ndjson');
    const lines = await linesOf(response);
    expect(lines[0]).toEqual({ kind: 'progress', lookedAt: 0, moved: 0, of: 1_200 });
    const report = lines.at(-1)!;
    expect(report).toMatchObject({
      ...{ kind: 'report', ruleSet: id, against: '1', lookedAt: 1_200, changed: 400, moved: 400 },
      teams: [{ from: 'triage', to: 'operations', count: 400 }],
      loops: [{ from: 'open', to: 'join', count: 400 }],
    });
    const [{ examples }] = report['teams'] as [{ examples: { excerpt: string }[] }];
    expect(examples).toHaveLength(3);
    expect(examples[0]).toMatchObject({
      feedbackId: uuid(10_000),
      excerpt: 'the pool number 0',
      rules: ['default', 'pool'],
    });
    expect(report['rules']).toContainEqual({ name: 'pool', after: 400 });

    // From 400 on: the period ends before the others came
    const part = { from: receivedAt(1, 600), to: receivedAt(1, 900), against: id };
    expect((await linesOf(await dryRun('active', part))).at(-1)).toMatchObject({
      ...{ ruleSet: '1', against: id, lookedAt: 300, moved: 100, teams: [{ from: 'operations', to: 'triage' }] },
    });
    expect((await dryRun(id, { ...period, against: 'draft-99' })).status).toBe(400);
    expect((await dryRun(id, { days: 3, from: receivedAt(1) })).status).toBe(400);
    expect((await dryRun('draft-99', {})).status).toBe(404);
  }, 60_000);

  it('given a file: says what would move of it, and which lines it cannot read', async () => {
    const id = await draft([
      { name: 'sad', when: 'tags.sentiment.label == "negative"', team: 'billing', loop: 'open' },
      { name: 'sms', when: 'feedback.channel == "sms"', team: 'product', loop: 'open' },
    ]);
    const none = await draft([]);
    const file = [
      { text: 'hello', channel: 'sms' },
      { feedback: { text: 'oh no' }, tags: { sentiment: { label: 'negative', score: -1, confidence: 1 } } },
      { text: 'plain' },
      { text: 'x', colour: 'red' },
    ];
    const text = `${file.map((line) => JSON.stringify(line)).join('\n')}\n\nnot json\n`;
    const response = await dryRun(id, text, { query: `?against=${none}`, type: 'application/x-ndjson' });
    const lines = await linesOf(response);
    expect(lines.filter(({ kind }) => (kind as string) === 'refused')).toMatchObject([
      { line: 4, errors: [{ pointer: '/colour' }] },
      { line: 6, errors: [{ rule: 'json' }] },
    ]);
    expect(lines.at(-1)).toMatchObject({ kind: 'report', against: none, lookedAt: 3, moved: 2, refused: 2 });
  });

  it('given somebody who hangs up: the dry run ends, and there is room for the next', async () => {
    const runs = replicas[0]!.app.get(DryRunRules);
    const pages: number[] = [];
    const store = replicas[0]!.app.get(KeptStore);
    const page = store.page.bind(store);
    // A period without an end: it goes on until somebody ends it.
    store.page = async (period, _after, limit) => {
      pages.push(limit);
      const { items } = await page(period, undefined, limit);
      await new Promise((resolve) => setTimeout(resolve, 50));
      return { items, last: { receivedAt: receivedAt(1), feedbackId: uuid(10_000) } };
    };
    try {
      expect(runs).toBeDefined();
      const url = `${replicas[0]!.url}/v1/rule-sets/active/dry-run`;
      const hangUps = await Promise.all(
        [0, 1].map(async () => {
          const controller = new AbortController();
          const response = await fetch(url, {
            ...{ method: 'POST', signal: controller.signal },
            headers: { authorization: `Bearer ${manager}`, 'content-type': 'application/json' },
            body: JSON.stringify({ from: receivedAt(1), to: receivedAt(2) }),
          });
          const reader = response.body!.getReader();
          for (let read = 0; read < 2; read++) await reader.read();
          return controller;
        }),
      );
      expect((await dryRun('active', {})).status).toBe(429);
      for (const controller of hangUps) controller.abort();
      await eventually(
        async () => {
          const seen = pages.length;
          await new Promise((resolve) => setTimeout(resolve, 500));
          expect(pages).toHaveLength(seen);
        },
        { timeoutMs: 20_000 },
      );
    } finally {
      store.page = page;
    }
    expect((await linesOf(await dryRun('active', { from: receivedAt(1), to: receivedAt(2) }))).at(-1)).toMatchObject({
      kind: 'report',
    });
  }, 60_000);

  it('given a reroute: tells the routes that change, goes on after a restart, and tells none of them twice', async () => {
    const feedback = Array.from({ length: 60 }, (_, n) =>
      feedbackWith({
        feedbackId: uuid(20_000 + n),
        text: n % 2 === 0 ? 'the sauna' : 'hello',
        receivedAt: receivedAt(3, n),
      }),
    );
    await publish(feedback.map((one) => ({ feedback: one })));
    await Promise.all(feedback.map(({ feedbackId }) => kept(feedbackId)));
    const version = await activate(
      await draft([{ name: 'sauna', when: 'feedback.text.contains("sauna")', team: 'operations', loop: 'open' }]),
    );
    const period = { from: receivedAt(3), to: receivedAt(4), reason: 'the sauna is theirs' };
    expect((await ask('POST', '/v1/reroutes', period, agent)).status).toBe(403);
    expect((await ask('POST', '/v1/reroutes', { ...period, reason: undefined })).status).toBe(400);
    const begun = performance.now();
    const asked = await ask('POST', '/v1/reroutes', { ...period, perSecond: 20 });
    expect(asked).toMatchObject({ status: 202, body: { state: 'running', ruleSetVersion: version, askedBy: 'mia' } });
    const path = `/v1/reroutes/${asked.body['rerouteId'] as string}`;
    await eventually(async () => expect((await ask('GET', path)).body['lookedAt']).toBeGreaterThan(0));
    // Both, so that none goes on meanwhile
    await Promise.all(replicas.map((replica) => replica.close()));
    const [row] = await environment.query<{ state: string; looked_at: number }>('routing', 'select * from reroute');
    expect(row).toMatchObject({ state: 'running' });
    expect(row!.looked_at).toBeLessThan(60);
    replicas = await Promise.all([start(), start()]);
    await eventually(async () => expect((await ask('GET', path)).body['state']).toBe('done'), { timeoutMs: 20_000 });
    // Twenty at once, then two pauses of a second
    expect(performance.now() - begun).toBeGreaterThan(2_000);
    expect((await ask('GET', path)).body).toMatchObject({ lookedAt: 60, rerouted: 30, moved: 30 });
    await eventually(() => expect(feedback.flatMap(({ feedbackId }) => toldOf(feedbackId))).toHaveLength(30));
    expect(toldOf(uuid(20_000))).toMatchObject([
      {
        id: hopEventId('routed', { ...feedback[0]!, tagRevision: 1, routeRevision: 2 }),
        ...{ tagRevision: 1, routeRevision: 2, route: { team: 'operations', rule: 'sauna', ruleSetVersion: version } },
      },
    ]);
    expect(toldOf(uuid(20_001))).toEqual([]);
    const audit = await environment.query('routing', 'select actor, action from audit_log where resource = $1', [
      asked.body['rerouteId'],
    ]);
    expect(audit).toEqual([{ actor: 'mia', action: 'reroute.asked' }]);

    // The same again changes nothing; other rules make the next revision.
    const again = await ask('POST', '/v1/reroutes', { ...period, perSecond: 1_000 });
    const pathAgain = `/v1/reroutes/${again.body['rerouteId'] as string}`;
    await eventually(async () => expect((await ask('GET', pathAgain)).body['state']).toBe('done'));
    expect((await ask('GET', pathAgain)).body).toMatchObject({ lookedAt: 60, rerouted: 0 });
    await activate(await draft([]));
    await ask('POST', '/v1/reroutes', { ...period, perSecond: 1_000 });
    await eventually(() =>
      expect(toldOf(uuid(20_000))).toMatchObject([{}, { routeRevision: 3, route: { team: 'triage' } }]),
    );

    // What the hop has said is sent again by a republish: what the reroute has said of it is, too.
    await publish([{ feedback: feedback[0]!, resent: true }]);
    await eventually(() => expect(toldOf(uuid(20_000))).toHaveLength(3));
    expect(toldOf(uuid(20_000))[2]).toEqual(toldOf(uuid(20_000))[1]);
  }, 60_000);

  it('given a reroute whose rules are not active any more, or that somebody stops: it ends, and says why', async () => {
    const period = { from: receivedAt(1), to: receivedAt(2), reason: 'slowly', perSecond: 1 };
    const asked = await ask('POST', '/v1/reroutes', period);
    const path = `/v1/reroutes/${asked.body['rerouteId'] as string}`;
    expect((await ask('POST', `${path}/stop`)).body).toMatchObject({ state: 'stopped', stoppedBecause: 'asked' });
    const next = await ask('POST', '/v1/reroutes', period);
    await activate(await draft([{ name: 'x', when: 'false', team: 'product', loop: 'open' }]));
    await eventually(async () =>
      expect((await ask('GET', `/v1/reroutes/${next.body['rerouteId'] as string}`)).body).toMatchObject({
        ...{ state: 'stopped', stoppedBecause: 'other-rules-active' },
      }),
    );
    expect((await ask('GET', '/v1/reroutes/nonsense')).status).toBe(404);
    expect(((await ask('GET', '/v1/reroutes')).body as { items: object[] }).items.length).toBeGreaterThan(3);
  });

  it('given loops that people move: learns where feedback of their topic belongs, and the hop says so', async () => {
    const events = Array.from({ length: 6 }, (_, n) => {
      const feedbackId = uuid(30_000 + n);
      const loopId = loopIdOf(feedbackId);
      const changed = (version: number, change: LoopChanged['change'], team: string): LoopChanged => ({
        ...{ loopId, version, change, at: '2026-11-26T10:00:00.000Z', actor: { kind: 'agent', id: 'ann' } },
        loop: { state: 'opened', cycle: 1, team, priority: 'medium' },
        ...(change === 'opened' && {
          feedback: {
            feedbackId,
            revision: 1,
            tagRevision: 1,
            routeRevision: 1,
            settlement: 1,
            outcome: 'loop' as const,
          },
        }),
      });
      return [changed(1, 'opened', 'triage'), changed(2, 'assigned', n === 0 ? 'support' : 'operations')];
    });
    const tags = tagsWith({ topics: [{ name: 'hotel/spa', confidence: 0.8 }] });
    // Loops are heard of before their feedback is: it is waited for.
    await environment.publish(
      loopChanged.topic,
      events.flat().map((event) => ({
        key: event.loopId,
        value: event,
        headers: headersOf(uuid(900_000 + event.version), loopChanged.topic, event.loopId),
      })),
    );
    await eventually(async () => {
      const rows = await environment.query('routing', 'select 1 from moved_loop');
      expect(rows).toHaveLength(6);
    });
    expect((await ask('GET', '/v1/fallbacks')).body).toMatchObject({ version: 0, items: [], threshold: null });
    await publish(events.map((_, n) => ({ feedback: feedbackWith({ feedbackId: uuid(30_000 + n) }), tags })));
    await eventually(
      async () =>
        expect((await ask('GET', '/v1/fallbacks', undefined, agent)).body).toMatchObject({
          items: [{ topic: 'hotel/spa', team: 'operations', n: 6, toTeam: 5 }],
        }),
      { timeoutMs: 30_000 },
    );
    const confidence = expect.closeTo(0.4365, 3) as unknown as number;
    const routeOf = async (url: string) =>
      (await call(url, 'POST', '/v1/rule-sets/active/explain', { feedback: { text: 'spa' }, tags })).body['route'];
    await eventually(async () =>
      expect(await routeOf(replicas[0]!.url)).toMatchObject({
        ...{ team: 'triage', rule: 'default' },
        fallback: { team: 'operations', topic: 'hotel/spa', confidence, applied: false },
      }),
    );
    const surer = await createService('rehearsal', RehearsalModule, {
      env: { ...env, ROUTING_FALLBACK_THRESHOLD: '0.5' },
      logger: false,
    });
    expect(await routeOf(surer.url)).toMatchObject({ team: 'triage', fallback: { applied: false } });
    await surer.close();
  }, 60_000);

  it('given feedback that came too long ago: it is forgotten, a batch at a time', async () => {
    const store = replicas[0]!.app.get(KeptStore);
    expect(await store.forget(1, 100)).toBe(100);
    while ((await store.forget(1, 1_000)) > 0);
    const [row] = await environment.query<{ count: number }>('routing', 'select count(*)::int from kept_feedback');
    expect(row!.count).toBe(0);
  });
});
