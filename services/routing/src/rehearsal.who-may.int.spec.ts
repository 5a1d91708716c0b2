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
import { feedbackWith, tagsWith } from './domain/feedback.fixture.js';
import { RehearsalModule } from './rehearsal.module.js';
import { routingDatabase } from './routing.database.js';

jest.setTimeout(60_000);

let environment: TestEnvironment;
let service: RunningService;
let credentials: Credentials;

beforeAll(async () => {
  environment = await testEnvironment({ prefix: 'rehearsal-may' });
  await Promise.all([createTopics(environment.env), migrateDatabase('routing', routingDatabase, environment.env)]);
  service = await createService('rehearsal', RehearsalModule, { env: environment.env, logger: false });
  credentials = await credentialsIn(environment);
  await eventually(async () => expect((await fetch(`${service.url}/health/ready`)).status).toBe(200));
}, 120_000);
afterAll(async () => {
  await service?.close();
  await environment?.close();
});

const active = { params: { id: 'active' } };
const given = { feedback: feedbackWith({ text: 'It rained.' }), tags: tagsWith({}) };
const period = { from: '2001-01-01T00:00:00Z', to: '2001-01-02T00:00:00Z', reason: 'x' };
async function aReroute(): Promise<{ params: { rerouteId: string } }> {
  const response = await fetch(`${service.url}/v1/reroutes`, {
    ...{ method: 'POST', body: JSON.stringify(period) },
    headers: { authorization: `Bearer ${credentials.admin}`, 'content-type': 'application/json' },
  });
  return { params: { rerouteId: ((await response.json()) as { rerouteId: string }).rerouteId } };
}

/** It takes no API keys. A route that is not here fails the spec: add a line. */
const rows: readonly AccessRow[] = [
  // nobody, connector, stranger, agent, outsider, manager, admin
  ['GET /health/live', '2xx'],
  ['GET /health/ready', '2xx'],
  ['GET /metrics', '2xx'],
  ['GET /openapi.json', '2xx'],
  ['GET /v1/station', '401 401 401 403 403 2xx 2xx'],
  // what customers said is shown by both, of all teams
  ['POST /v1/rule-sets/:id/explain', '401 401 401 403 403 2xx 2xx', () => ({ ...active, body: given })],
  ['POST /v1/rule-sets/:id/dry-run', '401 401 401 403 403 2xx 2xx', () => ({ ...active, body: { days: 1 } })],
  ['GET /v1/reroutes', '401 401 401 403 403 2xx 2xx'],
  ['POST /v1/reroutes', '401 401 401 403 403 2xx 2xx', () => ({ body: period })],
  ['GET /v1/reroutes/:rerouteId', '401 401 401 403 403 2xx 2xx', aReroute],
  ['POST /v1/reroutes/:rerouteId/stop', '401 401 401 403 403 2xx 2xx', aReroute],
  ['GET /v1/fallbacks', '401 401 401 2xx 2xx 2xx 2xx'],
];

describe('who may, at the rehearsal', () => {
  it('is said of every route', () => {
    expect(notCovered(service.routes, rows)).toEqual({ withoutRow: [], withoutRoute: [] });
  });

  it.each(rows.map((row) => [row[0], row] as const))('%s', async (_route, row) => {
    expect(await answersTo(service.url, row, credentials)).toEqual(expectedBy(row));
  });
});
