import { createTopics } from '@closeloop/messaging';
import { createService, migrateDatabase, type RunningService } from '@closeloop/platform';
import {
  answersTo,
  credentialsIn,
  expectedBy,
  notCovered,
  testEnvironment,
  type AccessRow,
  type Credentials,
  type TestEnvironment,
} from '@closeloop/testing';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { learningDatabase } from './learning.database.js';
import { SentimentModule } from './sentiment.module.js';

jest.setTimeout(60_000);

let environment: TestEnvironment;
let service: RunningService;
let credentials: Credentials;

beforeAll(async () => {
  environment = await testEnvironment({ prefix: 'sentiment-may' });
  // it asks learning's database which model is active
  await Promise.all([createTopics(environment.env), migrateDatabase('learning', learningDatabase, environment.env)]);
  service = await createService('sentiment', SentimentModule, { env: environment.env, logger: false });
  credentials = await credentialsIn(environment);
}, 120_000);
afterAll(async () => {
  await service?.close();
  await environment?.close();
});

/** It takes no API keys. A route that is not here fails the spec: add a line. */
const rows: readonly AccessRow[] = [
  // nobody, connector, stranger, agent, outsider, manager, admin
  ['GET /health/live', '2xx'],
  ['GET /health/ready', '2xx'],
  ['GET /metrics', '2xx'],
  ['GET /v1/station', '401 401 401 403 403 2xx 2xx'],
];

describe('who may, at the sentiment service', () => {
  it('is said of every route', () => {
    expect(notCovered(service.routes, rows)).toEqual({ withoutRow: [], withoutRoute: [] });
  });

  it.each(rows.map((row) => [row[0], row] as const))('%s', async (_route, row) => {
    expect(await answersTo(service.url, row, credentials)).toEqual(expectedBy(row));
  });
});
