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
import { routingDatabase } from './routing.database.js';
import { RoutingModule } from './routing.module.js';

jest.setTimeout(60_000);

let environment: TestEnvironment;
let service: RunningService;
let credentials: Credentials;

beforeAll(async () => {
  environment = await testEnvironment({ prefix: 'routing-may' });
  await Promise.all([createTopics(environment.env), migrateDatabase('routing', routingDatabase, environment.env)]);
  service = await createService('routing', RoutingModule, { env: environment.env, logger: false });
  credentials = await credentialsIn(environment);
  await eventually(async () => expect((await fetch(`${service.url}/health/ready`)).status).toBe(200));
}, 120_000);
afterAll(async () => {
  await service?.close();
  await environment?.close();
});

let teams = 0;
const aTeam = () => ({ body: { name: `team-${++teams}`, displayName: 'A team' } });
async function teamToGo(): Promise<{ params: { name: string } }> {
  const { body } = aTeam();
  await fetch(`${service.url}/v1/teams`, {
    ...{ method: 'POST', body: JSON.stringify(body) },
    headers: { authorization: `Bearer ${credentials.admin}`, 'content-type': 'application/json' },
  });
  return { params: { name: body.name } };
}

const noRuleSet = { params: { id: '999999' }, headers: { 'if-match': '"1"' } };

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
  ['GET /v1/teams', '401 401 401 2xx 2xx 2xx 2xx'],
  ['POST /v1/teams', '401 401 401 403 403 2xx 2xx', aTeam],
  ['DELETE /v1/teams/:name', '401 401 401 403 403 2xx 2xx', teamToGo],
  ['GET /v1/conditions', '401 401 401 2xx 2xx 2xx 2xx'],
  ['POST /v1/conditions/check', '401 401 401 403 403 2xx 2xx', () => ({ body: { when: 'true' } })],
  ['GET /v1/rule-sets', '401 401 401 2xx 2xx 2xx 2xx'],
  ['GET /v1/rule-sets/:id', '401 401 401 2xx 2xx 2xx 2xx', () => ({ params: { id: 'active' } })],
  ['POST /v1/rule-sets', '401 401 401 403 403 2xx 2xx', () => ({ body: { rules: [] } })],
  // let in; there is none of that number
  ['PUT /v1/rule-sets/:id', '401 401 401 403 403 404 404', () => ({ ...noRuleSet, body: { rules: [] } })],
  ['DELETE /v1/rule-sets/:id', '401 401 401 403 403 404 404', () => noRuleSet],
  ['POST /v1/rule-sets/:id/activate', '401 401 401 403 403 404 404', () => ({ ...noRuleSet, body: { reason: 'x' } })],
];

describe('who may, at the routing service', () => {
  it('is said of every route', () => {
    expect(notCovered(service.routes, rows)).toEqual({ withoutRow: [], withoutRoute: [] });
  });

  it.each(rows.map((row) => [row[0], row] as const))('%s', async (_route, row) => {
    expect(await answersTo(service.url, row, credentials)).toEqual(expectedBy(row));
  });
});
