import {
  deriveId,
  feedbackRouted,
  hopEventId,
  loopChanged,
  loopEventId,
  loopIdOf,
  type FeedbackRouted,
  type LoopChanged,
} from '@closeloop/contracts';
import { createTopics } from '@closeloop/messaging';
import { createService, migrateDatabase, type RunningService } from '@closeloop/platform';
import {
  eventually,
  testEnvironment,
  type PublishedMessage,
  type RecordedMessage,
  type TestEnvironment,
} from '@closeloop/testing';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type MetricAnswer } from './domain/metric-answer.js';
import { loopOf, routedOf, type StepGiven } from './history.fixture.js';
import { insightsDatabase } from './insights.database.js';
import { InsightsModule } from './insights.module.js';

jest.setTimeout(60_000);

let environment: TestEnvironment;
let service: RunningService;
let manager: string;
let agent: string;

const headers = (id: string, type: string, subject: string) => ({
  ...{ ce_specversion: '1.0', ce_id: id, ce_type: type, ce_source: 'closeloop/spec', ce_subject: subject },
  ...{ ce_time: '2026-03-01T10:00:00.000Z', 'content-type': 'application/json' },
});
const routedMessage = (data: FeedbackRouted): PublishedMessage => ({
  ...{ key: data.feedback.feedbackId, value: data },
  headers: headers(hopEventId('routed', { ...data.feedback, ...data }), feedbackRouted.topic, data.feedback.feedbackId),
});
const changedMessage = (data: LoopChanged): PublishedMessage => ({
  ...{ key: data.loopId, value: data },
  headers: headers(loopEventId(data.loopId, data.version), loopChanged.topic, data.loopId),
});
const routed = (...data: FeedbackRouted[]) => environment.publish(feedbackRouted.topic, data.map(routedMessage));
const changed = (...data: LoopChanged[]) => environment.publish(loopChanged.topic, data.map(changedMessage));

const ask = (path: string, token = manager) =>
  fetch(service.url + path, { headers: { authorization: `Bearer ${token}` } });
const json = async <T = Record<string, unknown>>(path: string, token = manager): Promise<T> => {
  const response = await ask(path, token);
  expect({ path, status: response.status }).toEqual({ path, status: 200 });
  return (await response.json()) as T;
};
const metric = (path: string, token?: string) => json<MetricAnswer>(`/v1/metrics/${path}`, token);
const march = 'from=2026-03-01&to=2026-04-01';

beforeAll(async () => {
  environment = await testEnvironment({ prefix: 'insights' });
  await Promise.all([createTopics(environment.env), migrateDatabase('insights', insightsDatabase, environment.env)]);
  [service, manager, agent] = await Promise.all([
    createService('insights', InsightsModule, { env: environment.env, logger: false }),
    environment.token({ sub: 'mia', roles: ['manager'] }),
    environment.token({ sub: 'ann', roles: ['agent'], teams: ['billing'] }),
  ]);
  // 40 answers: 20 promoters, 12 passives, 8 detractors; detractors of billing, about refunds
  const scores = [...Array<number>(20).fill(9), ...Array<number>(12).fill(8), ...Array<number>(8).fill(3)];
  await routed(
    ...scores.map((score, index) =>
      routedOf(`nps-${index}`, {
        content: {
          ...{ channel: 'survey', survey: { metric: 'nps', score, scale: 10 }, receivedAt: '2026-03-05T10:00:00.000Z' },
          ...{
            attributes: { question: '=recommend?' },
            product: index < 3 ? 'rare' : 'phone',
            customerKey: `c-${index}`,
          },
        },
        ...(score < 7 ? { team: 'billing', topics: ['billing/refund'] } : { sentiment: 'positive' as const }),
      }),
    ),
    // of another question, and on another scale
    routedOf('nps-other', {
      content: { survey: { metric: 'nps', score: 4, scale: 5 }, attributes: { question: 'other' }, channel: 'survey' },
    }),
  );
  const answered: StepGiven[] = [
    { change: 'opened', state: 'opened', at: '2026-03-05T10:00:00.000Z', team: 'billing' },
    { change: 'responded', state: 'responded', at: '2026-03-05T12:00:00.000Z', team: 'billing' },
    { change: 'resolved', state: 'resolved', at: '2026-03-06T10:00:00.000Z', team: 'billing' },
    { change: 'confirmed', state: 'verified', at: '2026-03-07T10:00:00.000Z', team: 'billing' },
  ];
  await changed(
    ...loopOf('nps-32', answered),
    ...loopOf('nps-33', answered),
    ...loopOf('nps-34', answered.slice(0, 1)),
  );
  await eventually(
    async () => {
      expect((await metric(`volume?${march}`)).rows[0]?.n).toBe(41);
      expect((await metric(`closure-rate?${march}`)).rows[0]).toMatchObject({
        n: 3,
        parts: { verified: 2, opened: 1 },
      });
    },
    { timeoutMs: 30_000 },
  );
}, 120_000);
afterAll(async () => {
  await service?.close();
  await environment?.close();
});

describe('Metrics, from Kafka to HTTP', () => {
  it('are listed with what they are', async () => {
    const { metrics } = await json<{ metrics: { name: string; definition: string; dimensions: string[] }[] }>(
      '/v1/metrics',
    );
    expect(metrics.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        ...['volume', 'nps', 'csat', 'ces', 'ces-top', 'rating', 'rating-top', 'negative-share', 'first-response-time'],
        ...[
          'time-to-close',
          'closure-rate',
          'verified-closure-rate',
          'reopen-rate',
          'sla-attainment',
          'backlog',
          'fcr',
        ],
      ]),
    );
    for (const { definition, dimensions } of metrics)
      expect([definition.length > 20, dimensions.length > 5]).toEqual([true, true]);
  });

  it('have n and interval; surveys by question and scale, never together', async () => {
    const { rows, by } = await metric(`nps?${march}`);
    expect(by).toEqual(['question', 'scale']);
    expect(rows).toEqual([
      {
        ...{ values: { question: '=recommend?', scale: '10' }, n: 40, value: 30, small: false, hidden: false },
        interval: [expect.closeTo(5.78, 1), expect.closeTo(54.2, 1)],
        parts: { promoter: 20, passive: 12, detractor: 8 },
      },
      { values: { question: 'other', scale: '5' }, n: 1, value: null, interval: null, small: true, hidden: false },
    ]);
  });

  it('are split and filtered by any mix, of cubes and of facts alike', async () => {
    const byTeam = await metric(`negative-share?${march}&by=team,topic`);
    expect(byTeam.rows.map(({ values, n, value }) => [values['team'], values['topic'], n, value])).toEqual([
      ['billing', 'billing/refund', 8, 1],
      ['support', null, 33, 1 / 33],
    ]);
    const mixed = await metric(`volume?${march}&by=product,language,topic&team=billing&team=support&channel=survey`);
    expect(mixed.rows.map(({ values, n }) => [values['product'], values['topic'], n])).toEqual([
      [null, null, 1],
      ['phone', null, 29],
      ['phone', 'billing/refund', 8],
      ['rare', null, 3],
    ]);
    const daily = await metric(`volume?${march}&grain=week&location=`);
    expect(daily.rows.map(({ period, n }) => [period, n])).toEqual([
      ['2026-02-23', 1],
      ['2026-03-02', 40],
    ]);
  });

  it('are hidden where few could be recognised, and say where they are small', async () => {
    const { rows } = await metric(`volume?${march}&by=product`);
    expect(rows.map(({ values, n, value, small, hidden }) => [values['product'], n, value, small, hidden])).toEqual([
      [null, 1, null, true, true],
      ['phone', 37, 37, false, false],
      ['rare', 3, null, true, true],
    ]);
  });

  it('count what still waits as censored', async () => {
    const { rows } = await metric(`first-response-time?${march}`);
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ n: 3, parts: { ended: 2, waiting: 1 } });
    expect(rows[0]!.value! / (2 * 3_600_000)).toBeCloseTo(1, 1);
    expect((await metric(`fcr?${march}`)).rows[0]).toMatchObject({ n: 2, value: 1 });
    expect((await metric(`backlog?${march}&by=age`)).rows).toMatchObject([{ values: { age: '>30d' }, n: 1 }]);
    expect((await metric(`verified-closure-rate?${march}&by=cohort`)).rows).toMatchObject([
      { values: { cohort: '2026-W10' }, n: 3, value: 2 / 3 },
    ]);
  });

  it('come as a table, in which nothing is a formula', async () => {
    const response = await ask(`/v1/metrics/nps?${march}&format=csv`);
    expect(response.headers.get('content-type')).toContain('text/csv');
    const [head, first] = (await response.text()).split('\r\n');
    expect(head).toBe('question,scale,n,value,low,high,small,hidden');
    expect(first).toMatch(/^'=recommend\?,10,40,30,5\.\d+,54\.\d+,false,false$/);
  });

  it('open the feedback behind them, page by page', async () => {
    const page = (more: string) =>
      json<{ items: { feedbackId: string; loopId: string | null; excerpt: string }[]; cursor?: string }>(
        `/v1/metrics/nps/feedback?${march}&team=billing&limit=5${more}`,
      );
    const first = await page('');
    const second = await page(`&cursor=${first.cursor!}`);
    expect([first.items.length, second.items.length, second.cursor]).toEqual([5, 3, undefined]);
    expect(new Set([...first.items, ...second.items].map(({ feedbackId }) => feedbackId)).size).toBe(8);
    const looped = [...first.items, ...second.items].filter(({ loopId }) => loopId !== null);
    expect(looped).toHaveLength(3);
    expect(looped[0]).toMatchObject({
      ...{ channel: 'survey', team: 'billing', topics: ['billing/refund'], sentiment: 'negative' },
      ...{ survey: { metric: 'nps', score: 3, scale: 10 }, excerpt: expect.stringContaining('what nps-3') },
    });
    const open = await json<{ items: { state: string }[] }>(`/v1/metrics/backlog/feedback?${march}`);
    expect(open.items.map(({ state }) => state)).toEqual(['opened']);
  });

  it('are those of an agent’s own teams', async () => {
    expect((await metric(`volume?${march}`, agent)).rows).toMatchObject([{ n: 8 }]);
    expect((await ask(`/v1/metrics/volume?${march}&team=support`, agent)).status).toBe(403);
  });

  it.each([
    ['volume?from=yesterday', '/from', 'isTimestamp'],
    ['volume?from=2026-02-30', '/from', 'isTimestamp'],
    ['volume?from=2026-03-02&to=2026-03-01', '/to', 'order'],
    ['volume?by=priority', '/by', 'isIn'],
    ['volume?by=team,team', '/by', 'arrayUnique'],
    ['volume?planet=earth', '/planet', 'whitelistValidation'],
    ['volume?grain=hour', '/grain', 'isIn'],
    ['volume?grain=day&from=1900-01-01', '/grain', 'max'],
    ['volume?format=xml', '/format', 'isIn'],
    ['sla-attainment?clock=moon', '/clock', 'isIn'],
    ['nps/feedback?limit=0', '/limit', 'max'],
    ['nps/feedback?cursor=x', '/cursor', 'cursor'],
  ])('refuse %s', async (path, pointer, rule) => {
    const response = await ask(`/v1/metrics/${path}`);
    const problem = (await response.json()) as { errors: { pointer: string; rule: string }[] };
    expect([response.status, problem.errors[0]?.pointer, problem.errors[0]?.rule]).toEqual([400, pointer, rule]);
  });

  it('are not there under other names', async () => {
    expect((await ask('/v1/metrics/nonsense')).status).toBe(404);
  });
});

describe('What follows what happens', () => {
  it('is told to those whose teams it is about, once', async () => {
    const hangUp = new AbortController();
    const follow = (token: string) =>
      fetch(`${service.url}/v1/changes`, { headers: { authorization: `Bearer ${token}` }, signal: hangUp.signal });
    const streams = await Promise.all([follow(manager), follow(agent)]);
    expect(streams[0].headers.get('content-type')).toContain('text/event-stream');
    const heard = streams.map(() => '');
    const reading = streams.map(async (stream, at) => {
      const decoder = new TextDecoder();
      for await (const bytes of stream.body!) heard[at] += decoder.decode(bytes as Uint8Array);
    });
    const steps = ['support', 'billing'].map((team) =>
      loopOf(`news-${team}`, [{ change: 'opened', state: 'opened', at: '2026-03-05T10:00:00.000Z', team }]),
    );
    await changed(...steps.flat(), ...steps.flat());
    const told = (text: string) =>
      [...text.matchAll(/event: loop\ndata: (.*)\n/g)]
        .map(([, data]) => (JSON.parse(data!) as { team: string }).team)
        .sort();
    await eventually(() => expect(heard.map(told)).toEqual([['billing', 'support'], ['billing']]));
    expect(heard[1]).toContain(`"loopId":"${steps[1]![0]!.loopId}","version":1,"change":"opened"`);
    hangUp.abort();
    await Promise.allSettled(reading);
  });
});

describe('A customer', () => {
  it('has one timeline over feedback and loops, scores, and no number without a model', async () => {
    const view = await json('/v1/customers/c-32');
    expect(view).toMatchObject({
      customerKey: 'c-32',
      scores: { nps: { value: 3, scale: 10, n: 1 } },
      churnRisk: { value: null, model: null, note: expect.any(String) },
    });
    expect((view['timeline'] as { kind: string; change?: string }[]).map(({ kind, change }) => change ?? kind)).toEqual(
      [...['confirmed', 'resolved', 'responded'], ...['feedback', 'opened'].sort(() => 0)],
    );
    expect((await ask('/v1/customers/c-1', agent)).status).toBe(404);
    expect((await ask('/v1/customers/nobody')).status).toBe(404);
    // as a derived id it is the same one
    expect(await json(`/v1/customers/${deriveId('customer', 'c-32')}`)).toMatchObject({ timeline: view['timeline'] });
  });
});

describe('A rebuild', () => {
  it('takes what its owners send again, and what happens meanwhile, and then answers with the same', async () => {
    const admin = await environment.token({ sub: 'root', roles: ['admin'] });
    const post = async (path: string) => {
      const response = await fetch(service.url + path, {
        method: 'POST',
        headers: { authorization: `Bearer ${admin}` },
      });
      return { status: response.status, body: (await response.json()) as { rebuildId: string } };
    };
    const { rebuildId } = (await post('/v1/rebuilds')).body;
    expect((await post('/v1/rebuilds')).status).toBe(409);
    const path = `/v1/rebuilds/${rebuildId}`;

    // what stands in Kafka is what the owners would send again; all but one step
    const [routedBefore, changedBefore] = await Promise.all(
      [feedbackRouted, loopChanged].map(({ topic }) => environment.record(topic)),
    );
    const again = (messages: readonly RecordedMessage[], more: object) =>
      messages.map(({ key, value, headers: before }) => ({
        ...{ key, value },
        headers: { ...before, closeloop_resend: `rebuild:${rebuildId}`, ...more },
      }));
    await eventually(() => expect(changedBefore!.messages.length).toBeGreaterThanOrEqual(9));
    await eventually(() => expect(routedBefore!.messages.length).toBeGreaterThanOrEqual(41));
    const kept = changedBefore!.messages.filter(({ value }) => !value.toString().includes('confirmed'));
    const confirmed = changedBefore!.messages.filter(({ value }) => value.toString().includes('confirmed'));
    const before = await metric(`volume?${march}&by=channel,topic&grain=day`);
    await environment.publish(feedbackRouted.topic, again(routedBefore!.messages, {}));
    await environment.publish(loopChanged.topic, again(kept, { replay_group: 'closeloop.insights' }));
    // both hear of it
    await routed(routedOf('meanwhile', { content: { receivedAt: '2026-04-02T10:00:00.000Z' } }));
    await eventually(async () =>
      expect((await metric('volume?from=2026-04-02&to=2026-04-03')).rows).toMatchObject([{ n: 1 }]),
    );

    const compared = async () => {
      expect((await post(`${path}/compare`)).status).toBe(202);
      return eventually(async () => {
        const { comparison } = await json<{ comparison?: Compared[] }>(path, admin);
        expect(comparison).toBeDefined();
        return comparison!;
      });
    };
    const different = async () =>
      (await compared())
        .filter(({ same }) => !same)
        .map(({ table, onlyLive, onlyNext }) => [table, onlyLive, onlyNext]);
    await eventually(async () =>
      expect(await different()).toEqual([
        ['loop_step', 2, 0],
        ['loop_fact', 2, 2],
        ['cube_day', expect.any(Number), expect.any(Number)],
        ['cube_month', expect.any(Number), expect.any(Number)],
      ]),
    );
    await environment.publish(loopChanged.topic, again(confirmed, { replay_group: 'closeloop.insights' }));
    await eventually(async () => expect(await different()).toEqual([]));
    expect(await post(`${path}/adopt`)).toMatchObject({ status: 200, body: { state: 'done' } });
    expect((await post(`${path}/give-up`)).status).toBe(422);
    expect(await metric(`volume?${march}&by=channel,topic&grain=day`)).toEqual(before);
    // it goes on with what answers now
    await routed(routedOf('afterwards', { content: { receivedAt: '2026-04-02T11:00:00.000Z' } }));
    await eventually(async () =>
      expect((await metric('volume?from=2026-04-02&to=2026-04-03')).rows).toMatchObject([{ n: 2 }]),
    );
  });
});

interface Compared {
  readonly table: string;
  readonly same: boolean;
  readonly onlyLive: number;
  readonly onlyNext: number;
}

describe('What cannot be counted', () => {
  it('is a dead letter, and what is around it is counted', async () => {
    const letters = await environment.record(`${loopChanged.topic}.dead-letter`);
    const [good] = loopOf('beside-poison', [{ change: 'opened', state: 'opened', at: '2026-03-20T10:00:00.000Z' }]);
    const loopId = loopIdOf(deriveId('poison'));
    await environment.publish(loopChanged.topic, [
      { key: good!.loopId, value: { loopId, nonsense: true }, headers: headers('x', loopChanged.topic, loopId) },
      { ...changedMessage(good!), key: good!.loopId },
    ]);
    await eventually(() =>
      expect(letters.messages.map((letter) => letter.headers['dl_group'])).toEqual(['closeloop.insights']),
    );
    await eventually(async () =>
      expect((await metric('closure-rate?from=2026-03-20&to=2026-03-21')).rows).toMatchObject([{ n: 1 }]),
    );
  });
});
