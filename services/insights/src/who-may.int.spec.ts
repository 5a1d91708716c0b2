import { createTopics } from '@closeloop/messaging';
import { createService, migrateDatabase, type RunningService } from '@closeloop/platform';
import {
  answersTo,
  credentialsIn,
  eventually,
  expectedBy,
  notCovered,
  testEnvironment,
  type AccessRow,
  type Credentials,
  type TestEnvironment,
} from '@closeloop/testing';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { insightsDatabase } from './insights.database.js';
import { InsightsModule } from './insights.module.js';

jest.setTimeout(60_000);

let environment: TestEnvironment;
let service: RunningService;
let credentials: Credentials;

beforeAll(async () => {
  environment = await testEnvironment({ prefix: 'insights-may' });
  await Promise.all([createTopics(environment.env), migrateDatabase('insights', insightsDatabase, environment.env)]);
  service = await createService('insights', InsightsModule, { env: environment.env, logger: false });
  credentials = await credentialsIn(environment);
  await environment.query('insights', outerLoop);
  await eventually(async () => expect((await fetch(`${service.url}/health/ready`)).status).toBe(200));
}, 120_000);
afterAll(async () => {
  await service?.close();
  await environment?.close();
});

const insightId = '6f1c1f0e-5d0f-4b6e-9a3b-0c7d1e5a4c21';
const improvementId = '6f1c1f0e-5d0f-4b6e-9a3b-0c7d1e5a4c22';
/** An insight and an improvement of the team support. */
const outerLoop = `
  insert into insight (insight_id, version, state, title, claim, team, raiser_kind, raiser, raised_at, loop_ids, feedback_ids)
    values ('${insightId}', 1, 'raised', 'x', 'x', 'support', 'system', 'spec', now(), '{}', '{}');
  insert into improvement (improvement_id, version, state, title, team, owner, due, action, metric, created_at, created_by)
    values ('${improvementId}', 1, 'planned', 'x', 'support', 'lena', '2027-01-31', 'x', '{"name": "csat", "filters": {}}', now(), 'lena')`;
/** Whoever may is told that it has another version by now. */
const late = { headers: { 'if-match': '"9"' } };
const insight = { params: { insightId } };
const improvement = { params: { improvementId } };
const plan = {
  ...{ title: 'x', team: 'support', owner: 'lena', due: '2027-01-31', action: 'x' },
  metric: { name: 'csat' },
};

const volume = { params: { name: 'volume' } };
const noIssue = { params: { emergingId: '00000000-0000-5000-8000-000000000000' }, body: { reason: 'x' } };
const ofSupport = { ...volume, query: '?team=support' };

/** The id of a rebuild that is under way: another one is given up for it. */
async function aRebuild(): Promise<{ params: { rebuildId: string } }> {
  const post = async (path: string) => {
    const response = await fetch(`${service.url}/v1/rebuilds${path}`, {
      ...{ method: 'POST', headers: { authorization: `Bearer ${credentials.admin}` } },
    });
    return (await response.json()) as { rebuildId: string };
  };
  const { rebuildId } = await post('');
  return { params: { rebuildId } };
}
const endRebuilds = async (): Promise<object> => {
  const { params } = await aRebuild();
  await fetch(`${service.url}/v1/rebuilds/${params.rebuildId}/give-up`, {
    ...{ method: 'POST', headers: { authorization: `Bearer ${credentials.admin}` } },
  });
  return {};
};

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
  ['GET /v1/metrics', '401 401 401 2xx 2xx 2xx 2xx'],
  ['GET /v1/metrics/:name', '401 401 401 2xx 2xx 2xx 2xx', () => volume],
  ['GET /v1/metrics/:name', '401 401 401 2xx 403 2xx 2xx', () => ofSupport],
  ['GET /v1/metrics/:name/feedback', '401 401 401 2xx 2xx 2xx 2xx', () => volume],
  ['GET /v1/metrics/:name/feedback', '401 401 401 2xx 403 2xx 2xx', () => ofSupport],
  ['POST /v1/rebuilds', '401 401 401 403 403 403 2xx', endRebuilds],
  ['GET /v1/rebuilds/:rebuildId', '401 401 401 403 403 403 2xx', aRebuild],
  ['POST /v1/rebuilds/:rebuildId/compare', '401 401 401 403 403 403 2xx', aRebuild],
  ['POST /v1/rebuilds/:rebuildId/give-up', '401 401 401 403 403 403 2xx', aRebuild],
  ['POST /v1/rebuilds/:rebuildId/adopt', '401 401 401 403 403 403 2xx', aRebuild],
  ['GET /v1/insights', '401 401 401 2xx 2xx 2xx 2xx'],
  // let in, and told what is wrong with nothing
  ['POST /v1/insights', '401 401 401 400 400 400 400', () => ({ body: {} })],
  ['GET /v1/insights/:insightId', '401 401 401 2xx 404 2xx 2xx', () => insight],
  [
    ...(['POST /v1/insights/:insightId/:command', '401 401 401 409 404 409 409'] as const),
    () => ({ params: { insightId, command: 'accept' }, ...late, body: {} }),
  ],
  ['GET /v1/improvements', '401 401 401 2xx 2xx 2xx 2xx'],
  ['POST /v1/improvements', '401 401 401 2xx 403 2xx 2xx', () => ({ body: plan })],
  ['GET /v1/improvements/:improvementId', '401 401 401 2xx 404 2xx 2xx', () => improvement],
  [
    ...(['PATCH /v1/improvements/:improvementId', '401 401 401 409 404 409 409'] as const),
    () => ({ ...improvement, ...late, body: { title: 'y' } }),
  ],
  ['GET /v1/improvements/:improvementId/loops', '401 401 401 2xx 404 2xx 2xx', () => improvement],
  [
    ...(['POST /v1/improvements/:improvementId/loops', '401 401 401 409 404 409 409'] as const),
    () => ({ ...improvement, ...late, body: { rule: { topic: 'billing' } } }),
  ],
  [
    ...(['POST /v1/improvements/:improvementId/done', '401 401 401 409 404 409 409'] as const),
    () => ({ ...improvement, ...late, body: {} }),
  ],
  ['GET /v1/ownership', '401 401 401 2xx 2xx 2xx 2xx'],
  [
    ...(['PUT /v1/ownership', '401 401 401 403 403 409 409'] as const),
    () => ({ ...late, body: { defaultTeam: 'product', rules: [] } }),
  ],
  ['GET /v1/drivers', '401 401 401 2xx 2xx 2xx 2xx', () => ({ query: '?outcome=nps' })],
  ['GET /v1/drivers', '401 401 401 2xx 403 2xx 2xx', () => ({ query: '?outcome=nps&team=support' })],
  ['GET /v1/emerging', '401 401 401 2xx 2xx 2xx 2xx'],
  ['GET /v1/emerging', '401 401 401 2xx 403 2xx 2xx', () => ({ query: '?team=support' })],
  // there is none: who may not is refused before that is seen
  ['POST /v1/emerging/:emergingId/dismiss', '401 401 401 403 403 404 404', () => noIssue],
  ['GET /v1/customers/:customerKey', '401 401 401 404 404 404 404', () => ({ params: { customerKey: 'nobody' } })],
];

describe('who may, at insights', () => {
  it('is said of every route', () => {
    // a stream that does not end: insights.int.spec.ts follows it
    const followed = service.routes.filter(({ path }) => path !== '/v1/changes');
    expect(notCovered(followed, rows)).toEqual({ withoutRow: [], withoutRoute: [] });
  });

  it.each(rows.map((row) => [row[0], row] as const))('%s', async (_route, row) => {
    expect(await answersTo(service.url, row, credentials)).toEqual(expectedBy(row));
  });

  it.each(['nobody', 'connector', 'stranger'] as const)('GET /v1/changes: not %s', async (caller) => {
    const key = credentials[caller];
    const response = await fetch(`${service.url}/v1/changes`, {
      headers: key ? { authorization: `Bearer ${key}` } : {},
    });
    expect(response.status).toBe(401);
  });
});
