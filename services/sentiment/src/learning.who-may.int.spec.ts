import {
  feedbackTagged,
  hopEventId,
  loopChanged,
  loopEventId,
  loopIdOf,
  type FeedbackTagged,
  type LoopChanged,
} from '@closeloop/contracts';
import { createTopics } from '@closeloop/messaging';
import { createService, migrateDatabase, verifyAudit, type RunningService } from '@closeloop/platform';
import {
  answersTo,
  credentialsIn,
  eventually,
  expectedBy,
  notCovered,
  testEnvironment,
  type AccessRow,
  type Caller,
  type Credentials,
  type TestEnvironment,
} from '@closeloop/testing';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { feedbackWith } from './domain/feedback.fixture.js';
import { learningDatabase } from './learning.database.js';
import { LearningModule } from './learning.module.js';

jest.setTimeout(60_000);

let environment: TestEnvironment;
let service: RunningService;
let credentials: Credentials;
/** In a loop of team support */
const feedbackId = '00000000-0000-5000-8000-000000000001';
/** Tagged, and not settled yet */
const nobodysId = '00000000-0000-5000-8000-000000000002';

beforeAll(async () => {
  environment = await testEnvironment({ prefix: 'learning-may' });
  await Promise.all([createTopics(environment.env), migrateDatabase('learning', learningDatabase, environment.env)]);
  service = await createService('learning', LearningModule, {
    ...{ env: { ...environment.env, LEARNING_EVERY_SECONDS: '0' }, logger: false },
  });
  credentials = await credentialsIn(environment);
  const headersOf = (id: string, type: string, subject: string) => ({
    ...{ ce_specversion: '1.0', ce_id: id, ce_type: type, ce_source: 'closeloop/spec', ce_subject: subject },
    ...{ ce_time: '2026-11-21T10:00:00.000Z', 'content-type': 'application/json' },
  });
  const both = [feedbackId, nobodysId].map((id) => feedbackWith({ feedbackId: id, text: 'It rained.' }));
  await environment.publish(
    feedbackTagged.topic,
    both.map((feedback) => ({
      key: feedback.feedbackId,
      value: {
        ...{ feedback, tagRevision: 1 },
        tags: {
          ...{ language: { tag: 'en', confidence: 0.9 }, model: 'spec-1', taggedBy: 'model' },
          sentiment: { label: 'positive', score: 0.5, confidence: 0.5 },
        },
      } satisfies FeedbackTagged,
      headers: headersOf(
        hopEventId('tagged', { ...feedback, tagRevision: 1 }),
        feedbackTagged.topic,
        feedback.feedbackId,
      ),
    })),
  );
  const loopId = loopIdOf(feedbackId);
  await environment.publish(loopChanged.topic, [
    {
      key: loopId,
      value: {
        ...{ loopId, version: 1, change: 'opened', at: '2026-11-21T10:00:00.000Z', actor: { kind: 'source' } },
        loop: { state: 'opened', cycle: 1, team: 'support', priority: 'high' },
        feedback: {
          ...{ feedbackId, revision: 1, tagRevision: 1, routeRevision: 1 },
          ...{ settlement: 1, outcome: 'loop', team: 'support' },
        },
      } satisfies LoopChanged,
      headers: headersOf(loopEventId(loopId, 1), loopChanged.topic, loopId),
    },
  ]);
  await eventually(async () => {
    expect(await environment.query('learning', 'select from tagged_feedback')).toHaveLength(2);
    expect(await environment.query('learning', 'select from feedback_place')).toHaveLength(1);
  });
}, 120_000);
afterAll(async () => {
  await service?.close();
  await environment?.close();
});

const tags = () => ({ params: { feedbackId } });
const nobodys = () => ({ params: { feedbackId: nobodysId } });
let corrections = 0;
/** Each another one than stands */
const correction = () => ({ ...tags(), body: { sentiment: ['negative', 'neutral', 'mixed'][++corrections % 3] } });
async function aRetag(): Promise<{ params: { retagId: string } }> {
  const response = await fetch(`${service.url}/v1/retags`, {
    ...{ method: 'POST', body: JSON.stringify({ from: '2001-01-01T00:00:00Z', to: '2001-01-02T00:00:00Z' }) },
    headers: { authorization: `Bearer ${credentials.admin}`, 'content-type': 'application/json' },
  });
  return { params: { retagId: ((await response.json()) as { retagId: string }).retagId } };
}

/** It takes no API keys. A route that is not here fails the spec: add a line. */
const rows: readonly AccessRow[] = [
  // nobody, connector, stranger, agent, outsider, manager, admin
  ['GET /health/live', '2xx'],
  ['GET /health/ready', '2xx'],
  ['GET /metrics', '2xx'],
  ['GET /openapi.json', '2xx'],
  ['GET /v1/station', '401 401 401 403 403 2xx 2xx'],
  ['GET /v1/audit', '401 401 401 403 403 2xx 2xx'],
  ['GET /v1/audit/head', '401 401 401 403 403 2xx 2xx'],
  ['GET /v1/feedback/:feedbackId/tags', '401 401 401 2xx 404 2xx 2xx', tags],
  ['POST /v1/feedback/:feedbackId/tags', '401 401 401 2xx 404 2xx 2xx', correction],
  // whose it is comes later on its way: no agent's until then
  ['GET /v1/feedback/:feedbackId/tags', '401 401 401 404 404 2xx 2xx', nobodys],
  [
    'POST /v1/feedback/:feedbackId/tags',
    '401 401 401 404 404 2xx 2xx',
    () => ({ ...nobodys(), body: { sentiment: 'mixed' } }),
  ],
  ['GET /v1/accuracy', '401 401 401 403 403 2xx 2xx'],
  ['GET /v1/models', '401 401 401 403 403 2xx 2xx'],
  ['POST /v1/models/learn', '401 401 401 403 403 2xx 2xx'],
  ['POST /v1/models/active', '401 401 401 403 403 2xx 2xx', () => ({ body: { version: 'shipped', reason: 'x' } })],
  // let in; there is nothing to go back to
  ['POST /v1/models/rollback', '401 401 401 403 403 409 409', () => ({ body: { reason: 'x' } })],
  ['GET /v1/retags', '401 401 401 403 403 2xx 2xx'],
  ['GET /v1/retags/:retagId', '401 401 401 403 403 2xx 2xx', aRetag],
  ['POST /v1/retags', '401 401 401 403 403 2xx 2xx', () => ({ body: { from: '2001-01-01T00:00:00Z' } })],
  ['POST /v1/retags/:retagId/stop', '401 401 401 403 403 2xx 2xx', aRetag],
];

describe('who may, at the learning service', () => {
  it('is said of every route', () => {
    expect(notCovered(service.routes, rows)).toEqual({ withoutRow: [], withoutRoute: [] });
  });

  it.each(rows.map((row) => [row[0], row] as const))('%s', async (_route, row) => {
    expect(await answersTo(service.url, row, credentials)).toEqual(expectedBy(row));
  });

  it('and what people did is in the audit log', async () => {
    const [{ last }] = (await environment.query('learning', 'select coalesce(max(id), 0) as last from audit_log')) as [
      { last: string },
    ];
    const post = async (by: Caller, path: string, body: object) =>
      (
        await fetch(service.url + path, {
          ...{ method: 'POST', body: JSON.stringify(body) },
          headers: { authorization: `Bearer ${credentials[by]}`, 'content-type': 'application/json' },
        })
      ).status;
    const said = { sentiment: 'mixed', topics: [{ name: 'service', sentiment: 'negative' }], intent: null };
    // sent twice, said once
    for (let twice = 0; twice < 2; twice++)
      expect(await post('agent', `/v1/feedback/${feedbackId}/tags`, said)).toBe(200);
    const { retagId } = (await aRetag()).params;
    await post('manager', `/v1/retags/${retagId}/stop`, {});
    await environment.query(
      'learning',
      `insert into own_model (version, base, made_by, corrections, rated, trials)
      select '0a0a0a0a', model, 'x', 1, 1, '{}' from retag limit 1`,
    );
    expect(await post('manager', '/v1/models/active', { version: '0a0a0a0a', reason: 'Ann wants it' })).toBe(200);
    expect(await post('admin', '/v1/models/rollback', { reason: 'Ann does not' })).toBe(200);

    const ann = { actor: 'ann', roles: ['agent'] };
    const mia = { actor: 'mia', roles: ['manager'] };
    const reason = { hash: expect.stringMatching(/^[0-9a-f]{64}$/) };
    const entries = await environment.query(
      'learning',
      `select actor, roles, action, kind, resource, before, after from audit_log
       where id > ${last} order by id`,
    );
    // the service may have been faster than the manager: then there was nothing to stop
    const [retag] = await environment.query('learning', `select state from retag where retag_id = '${retagId}'`);
    expect(entries).toEqual([
      {
        ...{ ...ann, action: 'tags.corrected', kind: 'feedback', resource: feedbackId },
        before: { revision: 1, tagRevision: 4, sentiment: 'neutral', topics: [], intent: null },
        after: { revision: 1, tagRevision: 5, sentiment: 'mixed', topics: ['service negative'], intent: null },
      },
      {
        ...{ actor: 'root', roles: ['admin'], action: 'retag.asked', kind: 'retag', resource: retagId, before: null },
        after: expect.objectContaining({ from: '2001-01-01T00:00:00.000Z', to: '2001-01-02T00:00:00.000Z' }),
      },
      ...(retag!['state'] === 'stopped'
        ? [
            {
              ...{ ...mia, action: 'retag.stopped', kind: 'retag', resource: retagId },
              ...{ before: { state: 'running' }, after: { state: 'stopped' } },
            },
          ]
        : []),
      {
        ...{ ...mia, action: 'model.activated', kind: 'model', resource: '0a0a0a0a' },
        ...{ before: { active: 'shipped', number: 0 }, after: { active: '0a0a0a0a', number: 1, reason } },
      },
      {
        ...{ actor: 'root', roles: ['admin'], action: 'model.rolled-back', kind: 'model', resource: 'shipped' },
        ...{ before: { active: '0a0a0a0a', number: 1 }, after: { active: 'shipped', number: 2, reason } },
      },
    ]);
    await eventually(async () => {
      const verdict = await verifyAudit('learning', environment.env);
      expect(verdict).toMatchObject({ unsealed: 0 });
      expect(verdict!.finding).toBeUndefined();
    });
  });
});
