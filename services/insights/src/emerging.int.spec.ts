import { feedbackRouted, hopEventId, type Feedback, type FeedbackRouted } from '@closeloop/contracts';
import { createTopics } from '@closeloop/messaging';
import { createService, migrateDatabase, type RunningService } from '@closeloop/platform';
import { eventually, testEnvironment, type PublishedMessage, type TestEnvironment } from '@closeloop/testing';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { routedOf, type RoutedGiven } from './history.fixture.js';
import { insightsDatabase } from './insights.database.js';
import { InsightsModule } from './insights.module.js';

jest.setTimeout(60_000);

let environment: TestEnvironment;
let service: RunningService;
let manager: string;
let agent: string;
let stranger: string;

const dayMs = 86_400_000;
const today = Math.floor(Date.now() / dayMs);
const dateOf = (day: number): string => new Date(day * dayMs).toISOString().slice(0, 10);
const onDay = (day: number): Partial<Feedback> => ({ occurredAt: `${dateOf(day)}T12:00:00.000Z` });

const routedMessage = (data: FeedbackRouted): PublishedMessage => ({
  ...{ key: data.feedback.feedbackId, value: data },
  headers: {
    ...{ ce_specversion: '1.0', ce_id: hopEventId('routed', { ...data.feedback, ...data }) },
    ...{ ce_type: feedbackRouted.topic, ce_source: 'closeloop/spec', ce_subject: data.feedback.feedbackId },
    ...{ ce_time: '2026-03-01T10:00:00.000Z', 'content-type': 'application/json' },
  },
});
const routed = (data: readonly FeedbackRouted[]) => environment.publish(feedbackRouted.topic, data.map(routedMessage));

const many = (count: number, name: string, day: number, given: RoutedGiven): FeedbackRouted[] =>
  Array.from({ length: count }, (_, at) =>
    routedOf(`${name}-${day}-${at}`, { ...given, content: { ...given.content, ...onDay(day) } }),
  );
/** A fortnight of five a day, of them two on which 25 come; and all else, as ever. */
const rise = (topic: string, last: number, given: RoutedGiven, name = topic): FeedbackRouted[] =>
  Array.from({ length: 14 }, (_, at) => last - 13 + at).flatMap((day) => [
    ...many(day > last - 2 ? 25 : 5, name, day, { ...given, topics: [topic] }),
    ...many(10, `not-${name}`, day, given),
  ]);

interface Issue {
  readonly emergingId: string;
  readonly topic: string;
  readonly product: string | null;
  readonly since: string;
  readonly lastDay: string;
  readonly observed: number;
  readonly expected: number;
  readonly team: string;
  readonly state: string;
  readonly insightId: string | null;
  readonly carriedBy: readonly {
    readonly product: string | null;
    readonly observed: number;
    readonly expected: number;
  }[];
  readonly feedback: readonly { readonly feedbackId: string; readonly excerpt: string }[];
}
const call = (path: string, token: string, init: RequestInit = {}) =>
  fetch(service.url + path, {
    ...init,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
  });
const issues = async (query: string, token = manager): Promise<Issue[]> => {
  const response = await call(`/v1/emerging?${query}`, token);
  expect(response.status).toBe(200);
  return ((await response.json()) as { items: Issue[] }).items;
};
/** 2015-02-23 */
const longAgo = 16_489;
/** So long after that it has no history: 2015-09-11 */
const autumn = longAgo + 200;
const scoredDay = today - 100;
const february = 'from=2015-02-01&to=2015-03-01';

beforeAll(async () => {
  environment = await testEnvironment({ prefix: 'emerging' });
  await Promise.all([createTopics(environment.env), migrateDatabase('insights', insightsDatabase, environment.env)]);
  [service, manager, agent, stranger] = await Promise.all([
    createService('insights', InsightsModule, {
      env: { ...environment.env, INSIGHTS_EMERGING_EVERY_MS: '200' },
      logger: false,
    }),
    environment.token({ sub: 'mia', roles: ['manager'] }),
    environment.token({ sub: 'ann', roles: ['agent'], teams: ['apps'] }),
    environment.token({ sub: 'bob', roles: ['agent'], teams: ['billing'] }),
  ]);
  const rated = (value: number) => ({ rating: { value, scale: 5 } });
  await routed([
    ...rise('app/crash', today - 1, { team: 'apps', content: { product: 'phone' } }),
    ...rise('flight/cancelled', longAgo, { team: 'support', content: { product: 'Delta', historic: true } }),
    ...['Delta', 'United'].flatMap((product) =>
      rise('bag/lost', autumn, { team: 'support', content: { product, historic: true } }, `bag of ${product}`),
    ),
    // the same stars but for one topic; so long before that it is no history of what rises
    ...many(40, 'praise', scoredDay, {
      team: 'apps',
      topics: ['service'],
      content: { product: 'tablet', ...rated(5) },
    }),
    ...many(40, 'plain', scoredDay, { team: 'apps', content: { product: 'tablet', ...rated(2) } }),
    ...many(40, 'mixed', scoredDay, { team: 'apps', content: { product: 'tablet', ...rated(3) } }),
  ]);
}, 120_000);
afterAll(async () => {
  await service?.close();
  await environment?.close();
});

describe('Emerging issues, from Kafka to HTTP', () => {
  it('names what rose, since when, and the feedback behind it', async () => {
    await eventually(
      async () => {
        expect(await issues('open=true')).toEqual([
          expect.objectContaining({
            ...{ topic: 'app/crash', location: null, product: 'phone', team: 'apps', state: 'open', observed: 50 },
            ...{ since: dateOf(today - 2), lastDay: dateOf(today - 1), insightId: expect.any(String) },
          }),
        ]);
      },
      { timeoutMs: 30_000 },
    );
    const [issue] = await issues('open=true');
    expect(issue!.expected).toBeGreaterThan(8);
    expect(issue!.expected).toBeLessThan(25);
    expect(issue!.feedback).toHaveLength(5);
    expect(issue!.feedback[0]!.excerpt).toMatch(/^what app\/crash/);
  });

  it('raises an insight of what is new for the team that it is of, once, and of nothing that is long past', async () => {
    const [issue] = await issues('open=true');
    const raised = (await (await call('/v1/insights', manager)).json()) as { items: Record<string, unknown>[] };
    expect(raised.items).toEqual([
      expect.objectContaining({
        ...{ insightId: issue!.insightId, team: 'apps', state: 'raised', title: 'app/crash is on the rise: phone' },
        raisedBy: { kind: 'system', id: 'emerging' },
      }),
    ]);
  });

  it('judges what was imported at its own days', async () => {
    expect(await issues(february)).toEqual([
      expect.objectContaining({
        ...{ topic: 'flight/cancelled', product: 'Delta', state: 'over', team: 'support', foundOn: expect.any(String) },
        ...{ since: '2015-02-22', lastDay: '2015-02-23', observed: 50 },
      }),
    ]);
  });

  it('says what carries a rise that is wider than one product', async () => {
    const [issue] = await issues('from=2015-09-01&to=2015-10-01');
    expect(issue).toMatchObject({ topic: 'bag/lost', location: null, product: null, observed: 100 });
    expect(issue!.carriedBy.map(({ product, observed }) => [product, observed]).sort()).toEqual([
      ['Delta', 50],
      ['United', 50],
    ]);
    for (const { expected } of issue!.carriedBy) expect(expected).toBeCloseTo(issue!.expected / 2, 6);
  });

  it('shows agents those of their teams alone', async () => {
    expect((await issues('', agent)).map(({ topic }) => topic)).toEqual(['app/crash']);
    expect(await issues('', stranger)).toEqual([]);
    expect((await call('/v1/emerging?team=apps', stranger)).status).toBe(403);
  });

  it.each([
    ['open=maybe', '/open'],
    ['team=No%20Team', '/team'],
    ['limit=0', '/limit'],
    ['from=2026-02-31', '/from'],
    ['colour=red', '/colour'],
  ])('refuses %s, saying what and why', async (query, pointer) => {
    const response = await call(`/v1/emerging?${query}`, manager);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ errors: [{ pointer, message: expect.any(String) }] });
  });

  it('is dismissed by a manager, once and with a reason, and stays so', async () => {
    const [issue] = await issues('open=true');
    const path = `/v1/emerging/${issue!.emergingId}/dismiss`;
    expect((await call(path, manager, { method: 'POST', body: '{}' })).status).toBe(400);
    for (const reason of ['A test of ours', 'again']) {
      const response = await call(path, manager, { method: 'POST', body: JSON.stringify({ reason }) });
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject({ state: 'dismissed', topic: 'app/crash' });
    }
    expect(await issues('open=true')).toEqual([]);
    const audited = (await (await call('/v1/audit', manager)).json()) as { items: { action: string }[] };
    expect(audited.items.map(({ action }) => action)).toEqual(['emerging.dismissed']);
  });

  it('given that the feedback behind it was withdrawn: it is no issue any more; what somebody saw is over', async () => {
    const withdrawn = (topic: string, days: readonly number[]) =>
      days.flatMap((day) =>
        Array.from({ length: 25 }, (_, at) =>
          routedOf(`${topic}-${day}-${at}`, { deleted: true, content: { revision: 2 } }),
        ),
      );
    await routed([
      ...withdrawn('flight/cancelled', [longAgo - 1, longAgo]),
      ...withdrawn('app/crash', [today - 2, today - 1]),
    ]);
    await eventually(
      async () => {
        expect(await issues(february)).toEqual([]);
        expect((await issues(`from=${dateOf(today - 9)}`)).map(({ state }) => state)).toEqual(['dismissed']);
      },
      { timeoutMs: 30_000 },
    );
  });
});

describe('Drivers, from Kafka to HTTP', () => {
  const days = `from=${dateOf(scoredDay)}&to=${dateOf(scoredDay + 1)}`;

  it('says by how many stars a topic differs, of the own teams', async () => {
    for (const token of [manager, agent]) {
      const response = await call(`/v1/drivers?outcome=rating&${days}&product=tablet`, token);
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject({
        ...{ outcome: 'rating', unit: 'stars', controlledFor: ['channel', 'product'], n: expect.any(Number), share: 1 },
        drivers: [
          {
            topic: 'service',
            n: 40,
            significant: true,
            effect: expect.any(Number),
            interval: [expect.any(Number), expect.any(Number)],
          },
        ],
      });
    }
    const none = await call(`/v1/drivers?outcome=rating&${days}`, stranger);
    expect(await none.json()).toMatchObject({ n: 0, drivers: [], note: expect.any(String) });
  });

  it.each([
    ['', '/outcome'],
    ['outcome=ces', '/outcome'],
    ['outcome=nps&by=topic', '/by'],
    ['outcome=nps&topic=app', '/topic'],
  ])('refuses %s, saying what and why', async (query, pointer) => {
    const response = await call(`/v1/drivers?${query}`, manager);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ errors: [{ pointer, message: expect.any(String) }] });
  });
});
