import {
  deadLetterHeaders,
  deadLetterTopic,
  deriveId,
  feedbackIdOf,
  feedbackTagged,
  loopChanged,
  loopIdOf,
  pipeline,
  settlementEventId,
} from '@closeloop/contracts';
import {
  answersTo,
  eventually,
  expectedBy,
  notCovered,
  type AccessRequest,
  type AccessRow,
  type Caller,
} from '@closeloop/testing';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { IngestionFixture } from './ingestion.fixture.js';

jest.setTimeout(60_000);

let ingestion: IngestionFixture;
let credentials: Record<Caller, string | undefined>;
/** Of the source shop, with the team support */
const feedbackId = feedbackIdOf('shop', 'known');
const letter = deriveId('a letter for all');
const at = '2026-11-22T02:00:00.000Z';

beforeAll(async () => {
  ingestion = await IngestionFixture.start(1);
  const { test } = ingestion;
  credentials = {
    ...{ nobody: undefined, connector: await ingestion.key('shop'), stranger: await ingestion.key('other') },
    agent: await test.token({ sub: 'ann', roles: ['agent'], teams: ['support'] }),
    outsider: await test.token({ sub: 'bill', roles: ['agent'], teams: ['billing'] }),
    manager: await test.token({ sub: 'mia', roles: ['manager'] }),
    admin: ingestion.admin,
  };
  await ingestion.post('/v1/feedback', { channel: 'review', externalId: 'known', text: 'Hello.' });
  await ingestion.publish(loopChanged, [
    {
      ...{ id: settlementEventId(feedbackId, 1), subject: loopIdOf(feedbackId) },
      data: {
        ...{ loopId: loopIdOf(feedbackId), version: 0, change: 'settled', at, actor: { kind: 'system' }, loop: null },
        feedback: {
          ...{ feedbackId, revision: 1, tagRevision: 1, routeRevision: 1, settlement: 1 },
          ...{ outcome: 'no-loop', team: 'support' },
        },
      },
    },
  ]);
  await test.publish(deadLetterTopic(feedbackTagged.topic), [
    {
      ...{ key: feedbackId, value: { feedback: { feedbackId, revision: 1 } } },
      headers: {
        ...{ [deadLetterHeaders.id]: letter, [deadLetterHeaders.group]: pipeline.routing.group },
        ...{ [deadLetterHeaders.topic]: feedbackTagged.topic, [deadLetterHeaders.partition]: '0' },
        ...{ [deadLetterHeaders.offset]: '4', [deadLetterHeaders.reason]: 'handler-error' },
        ...{ [deadLetterHeaders.attempts]: '3', [deadLetterHeaders.time]: at, [deadLetterHeaders.message]: 'no' },
      },
    },
  ]);
  await eventually(async () => {
    const { body } = await ingestion.get(`/v1/feedback/${feedbackId}`, { as: credentials.admin! });
    expect(body).toMatchObject({ outcome: { team: 'support' }, deadLetters: [{ id: letter }] });
  });
}, 120_000);
afterAll(() => ingestion?.stop());

let count = 0;
const next = (what: string): string => `${what}-${++count}`;
const said = () => ({ channel: 'review', externalId: next('f'), text: 'Hello.' });
const cloudEvent = (): AccessRequest => ({
  headers: { 'content-type': 'application/cloudevents+json' },
  body: { specversion: '1.0', type: 'feedback.inbound.v1', source: '/a', id: next('e'), data: said() },
});
const lines = (): AccessRequest => ({
  headers: { 'content-type': 'application/x-ndjson' },
  body: `${JSON.stringify(said())}\n`,
});
/** A key that is there, to be revoked */
const aKey = async () => ({ id: (await ingestion.key(next('key'))).split('_')[1]! });
/** A connector that is there, to be changed */
async function aConnector(): Promise<{ name: string }> {
  const name = next('hook');
  await ingestion.post('/v1/webhook-connectors', { name, source: 'hooks' }, { as: ingestion.admin });
  return { name };
}

const aSender = (source: string) => ({
  params: { source },
  body: { kind: 'webhook', url: 'https://93.184.215.14/replies' },
});
/** Of a source whose replies are sent */
async function senderSet(): Promise<AccessRequest> {
  const { params, body } = aSender(next('s'));
  const response = await fetch(`${ingestion.replicas[0]!.url}/v1/reply-senders/${params.source}`, {
    ...{ method: 'PUT', body: JSON.stringify(body) },
    headers: { authorization: `Bearer ${ingestion.admin}`, 'content-type': 'application/json' },
  });
  if (response.status !== 200) throw new Error(await response.text());
  return { params, body: {} };
}

/**
 * domain.md: connectors are held to their source, agents to their teams; managers read all; admins all. What one may not read is not there.
 * A route that is not here fails the spec: add a line.
 */
const rows: readonly AccessRow[] = [
  // nobody, connector, stranger, agent, outsider, manager, admin
  ['GET /health/live', '2xx'],
  ['GET /health/ready', '2xx'],
  ['GET /metrics', '2xx'],
  ['GET /openapi.json', '2xx'],
  ['GET /docs', '2xx'],
  ['GET /docs/:file', '2xx', () => ({ params: { file: 'swagger-ui.css' } })],
  ['GET /v1/station', '401 403 403 403 403 2xx 2xx'],
  ['GET /v1/audit', '401 403 403 403 403 2xx 2xx'],
  ['GET /v1/audit/head', '401 403 403 403 403 2xx 2xx'],
  ['POST /v1/feedback', '401 2xx 2xx 403 403 403 403', () => ({ body: said() })],
  ['POST /v1/feedback', '401 2xx 403 403 403 403 403', () => ({ body: { ...said(), source: 'shop' } })],
  ['POST /v1/feedback/batch', '401 2xx 2xx 403 403 403 403', () => ({ body: [said()] })],
  ['POST /v1/feedback/import', '401 2xx 2xx 403 403 403 403', lines],
  ['POST /v1/events', '401 2xx 2xx 403 403 403 403', cloudEvent],
  // signed, not signed in: whoever has no signature is nobody
  [
    'POST /v1/webhooks/:connector',
    '401',
    async () => ({ params: { connector: (await aConnector()).name }, body: said() }),
  ],
  ['GET /v1/feedback/:feedbackId', '401 2xx 404 2xx 404 2xx 2xx', () => ({ params: { feedbackId } })],
  ['GET /v1/feedback/:feedbackId/trace', '401 2xx 404 403 403 2xx 2xx', () => ({ params: { feedbackId } })],
  ['GET /v1/ledger', '401 2xx 2xx 403 403 2xx 2xx'],
  ['GET /v1/ledger', '401 2xx 403 403 403 2xx 2xx', () => ({ query: '?source=shop' })],
  ['GET /v1/reconciliation', '401 403 403 403 403 2xx 2xx'],
  ['GET /v1/dead-letters', '401 403 403 403 403 2xx 2xx'],
  ['GET /v1/dead-letters/:id', '401 403 403 403 403 2xx 2xx', () => ({ params: { id: letter } })],
  ['GET /v1/dead-letters/:id', '401 403 403 403 403 403 2xx', () => ({ params: { id: letter }, query: '?value=true' })],
  ['POST /v1/dead-letters/replay', '401 403 403 403 403 403 2xx', () => ({ body: { ids: [letter] } })],
  ['POST /v1/dead-letters/discard', '401 403 403 403 403 403 2xx', () => ({ body: { ids: [letter], reason: 'x' } })],
  ['POST /v1/republish', '401 403 403 403 403 403 2xx', () => ({ body: { ids: [feedbackId] } })],
  ['POST /v1/api-keys', '401 403 403 403 403 403 2xx', () => ({ body: { source: 'made' } })],
  ['GET /v1/api-keys', '401 403 403 403 403 403 2xx'],
  ['GET /v1/api-keys/self', '401 2xx 2xx 403 403 403 403'],
  ['DELETE /v1/api-keys/:id', '401 403 403 403 403 403 2xx', async () => ({ params: await aKey() })],
  ['GET /v1/reply-senders', '401 403 403 403 403 403 2xx'],
  ['PUT /v1/reply-senders/:source', '401 403 403 403 403 403 2xx', () => aSender(next('s'))],
  ['POST /v1/reply-senders/:source/secrets', '401 403 403 403 403 403 2xx', () => senderSet()],
  ['DELETE /v1/reply-senders/:source', '401 403 403 403 403 403 2xx', () => senderSet()],
  ['GET /v1/webhook-connectors', '401 403 403 403 403 403 2xx'],
  ['POST /v1/webhook-connectors', '401 403 403 403 403 403 2xx', () => ({ body: { name: next('w'), source: 'w' } })],
  [
    'POST /v1/webhook-connectors/:name/secrets',
    '401 403 403 403 403 403 2xx',
    async () => ({ params: await aConnector() }),
  ],
  ['DELETE /v1/webhook-connectors/:name', '401 403 403 403 403 403 2xx', async () => ({ params: await aConnector() })],
];

describe('who may, at the door', () => {
  it('is said of every route', () => {
    expect(notCovered(ingestion.replicas[0]!.routes, rows)).toEqual({ withoutRow: [], withoutRoute: [] });
  });

  it.each(rows.map((row) => [row[0], row] as const))('%s', async (_route, row) => {
    expect(await answersTo(ingestion.replicas[0]!.url, row, credentials)).toEqual(expectedBy(row));
  });
});
