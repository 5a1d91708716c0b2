import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { feedbackRouted, loopIdOf } from '@closeloop/contracts';
import { createTopics } from '@closeloop/messaging';
import { createService, migrateDatabase, type RunningService } from '@closeloop/platform';
import {
  answersTo,
  credentialsIn,
  callers,
  eventually,
  expectedBy,
  notCovered,
  testEnvironment,
  type AccessRequest,
  type AccessRow,
  type Caller,
  type Credentials,
  type TestEnvironment,
} from '@closeloop/testing';
import { type PeoplesCommand } from './domain/permission.js';
import { firstSettings } from './infrastructure/migrations/first-sla-settings.js';
import { loopDatabase } from './loop.database.js';
import { LoopModule } from './loop.module.js';
import { messageOf, routed } from './routed.fixture.js';

jest.setTimeout(60_000);

let environment: TestEnvironment;
let service: RunningService;
let keys: Server;
let credentials: Credentials;
/** Loops of the team support and the source shop, for one use each */
const opened: string[] = [];
const joined: string[] = [];

beforeAll(async () => {
  environment = await testEnvironment({ prefix: 'loop-may' });
  // what ingestion answers to a key's holder
  keys = createServer((request, response) => {
    const source = /^Bearer clk_(shop|other)_/.exec(request.headers.authorization ?? '')?.[1];
    response.writeHead(source ? 200 : 401, { 'content-type': 'application/json' });
    response.end(JSON.stringify(source ? { keyId: source, source } : {}));
  });
  await new Promise<void>((resolve) => keys.listen(0, '127.0.0.1', resolve));
  const env = {
    ...environment.env,
    LOOP_ALLOW_PRIVATE_ENDPOINTS: 'true',
    INGESTION_URL: `http://127.0.0.1:${(keys.address() as AddressInfo).port}`,
  };
  await createTopics(env);
  await migrateDatabase('loop', loopDatabase, env);
  service = await createService('loop', LoopModule, { env, logger: false });
  credentials = await credentialsIn(environment);
  const names = Array.from({ length: 200 }, (_, n) => `l-${n}`);
  const events = names.map((name) => routed(name, { stars: 1 }));
  const customers = callers.map((caller) => ({ customerKey: caller }));
  const firsts = customers.map((customer) => routed(`first-${customer.customerKey}`, customer));
  await environment.publish(
    feedbackRouted.topic,
    [...events, ...firsts].map((event) => messageOf(event)),
  );
  opened.push(...events.map(({ feedback }) => feedback.feedbackId));
  await eventually(async () => expect(await count()).toBe(names.length + callers.length), { timeoutMs: 30_000 });
  const seconds = customers.map((customer) => routed(`second-${customer.customerKey}`, { ...customer, loop: 'join' }));
  await environment.publish(
    feedbackRouted.topic,
    seconds.map((event) => messageOf(event)),
  );
  joined.push(...callers);
  await eventually(async () =>
    expect(await environment.query('loop', `select from feedback where place = 'joined'`)).toHaveLength(callers.length),
  );
}, 120_000);
afterAll(async () => {
  await service?.close();
  keys?.close();
  await environment?.close();
});

const count = async (): Promise<number> =>
  (await environment.query<{ n: number }>('loop', 'select count(*)::int as n from loop'))[0]!.n;

async function done(loopId: string, version: number, command: PeoplesCommand, body?: object): Promise<number> {
  const response = await fetch(`${service.url}/v1/loops/${loopId}/${command}`, {
    method: 'POST',
    headers: {
      ...{ authorization: `Bearer ${credentials.admin}`, 'if-match': `"${version}"` },
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const answer = (await response.json()) as { version: number };
  if (response.status !== 200) throw new Error(`${command}: ${response.status} ${JSON.stringify(answer)}`);
  return answer.version;
}

type Step = readonly [PeoplesCommand, object?];
const answer = { text: 'We are sorry.', channel: 'review' };
/** A loop that nobody has used, and that these commands were given to. */
async function fresh(...steps: readonly Step[]): Promise<{ feedbackId: string; loopId: string; version: number }> {
  const feedbackId = opened.pop()!;
  const loopId = loopIdOf(feedbackId);
  let version = 1;
  for (const [command, body] of steps) version = await done(loopId, version, command, body);
  return { feedbackId, loopId, version };
}
/** A command for a loop at which it may be given. */
const command =
  (name: PeoplesCommand, body?: object, ...steps: readonly Step[]) =>
  async (): Promise<AccessRequest> => {
    const { loopId, version } = await fresh(...steps);
    return { params: { loopId, command: name }, headers: { 'if-match': `"${version}"` }, body };
  };
const split = (): AccessRequest => {
  const customer = joined.pop()!;
  const { feedbackId } = routed(`second-${customer}`).feedback;
  const loopId = loopIdOf(routed(`first-${customer}`).feedback.feedbackId);
  return { params: { loopId, command: 'split' }, headers: { 'if-match': '"2"' }, body: { feedbackId } };
};
const draft = async (): Promise<AccessRequest> => {
  const { loopId, feedbackId } = await fresh();
  return { params: { loopId }, body: { text: 'We', feedbackId, revision: 1 } };
};
const evidence = async (caller: Caller): Promise<AccessRequest> => {
  const { feedbackId } = await fresh(['respond', answer]);
  const body = { feedbackId, kind: 'confirm', evidence: { type: 'survey' } };
  return { headers: { 'idempotency-key': caller }, body };
};

async function slaSettings(): Promise<AccessRequest> {
  const response = await fetch(`${service.url}/v1/sla-settings/active`, {
    headers: { authorization: `Bearer ${credentials.admin}` },
  });
  const { version } = (await response.json()) as { version: number };
  return { body: { ...firstSettings, basedOn: version, reason: 'Ann asked for it' } };
}

let templates = 0;
const newTemplate = (): AccessRequest => ({
  params: { team: 'support' },
  body: { name: `t-${++templates}`, texts: [{ language: 'en', text: 'Hello' }], fallback: 'en' },
});
async function template(): Promise<AccessRequest> {
  const { body, params } = newTemplate();
  const response = await fetch(`${service.url}/v1/teams/support/templates`, {
    method: 'POST',
    headers: { authorization: `Bearer ${credentials.admin}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const { templateId } = (await response.json()) as { templateId: string };
  return { params: { ...params, id: templateId }, headers: { 'if-match': '"1"' }, body };
}
/** The same without a body. */
const bare = (request: () => Promise<AccessRequest>) => async (): Promise<AccessRequest> => {
  const { body: _body, ...rest } = await request();
  return rest;
};
async function rendering(): Promise<AccessRequest> {
  const { params } = await template();
  return { ...(params && { params }), body: { loopId: (await fresh()).loopId } };
}

const endpoints = 'GET /v1/teams/:team/endpoints';
const anEndpoint = (method: string, rest: string) => `${method} /v1/teams/:team/endpoints/:endpointId${rest}`;
/** Nothing listens there, and nothing is sent. */
const webhook = { kind: 'webhook', url: 'http://127.0.0.1:9/', changes: ['split'], paused: true };
async function madeEndpoint(): Promise<string> {
  const response = await fetch(`${service.url}/v1/teams/support/endpoints`, {
    method: 'POST',
    headers: { authorization: `Bearer ${credentials.admin}`, 'content-type': 'application/json' },
    body: JSON.stringify(webhook),
  });
  return ((await response.json()) as { endpointId: string }).endpointId;
}
const endpoint = (body?: object) => async (): Promise<AccessRequest> => ({
  params: { team: 'support', endpointId: await madeEndpoint() },
  ...(body && { body }),
});
async function delivery(): Promise<AccessRequest> {
  const [row] = await environment.query<{ deliveryId: string }>(
    'loop',
    `insert into delivery (delivery_id, endpoint_id, team, loop_id, version)
      values (gen_random_uuid(), $1, 'support', gen_random_uuid(), 1) returning delivery_id "deliveryId"`,
    [await madeEndpoint()],
  );
  return { params: { deliveryId: row!.deliveryId } };
}

const commands = 'POST /v1/loops/:loopId/:command';
const acknowledged: Step = ['acknowledge'];

/**
 * domain.md: connectors are held to their source, agents to their teams; managers read all, and move work; admins all. What one may not
 * read is not there. A route that is not here fails the spec: add a line.
 */
const rows: readonly AccessRow[] = [
  // nobody, connector, stranger, agent, outsider, manager, admin
  ['GET /health/live', '2xx'],
  ['GET /health/ready', '2xx'],
  ['GET /metrics', '2xx'],
  ['GET /openapi.json', '2xx'],
  ['GET /v1/station', '401 403 403 403 403 2xx 2xx'],
  ['GET /v1/audit', '401 403 403 403 403 2xx 2xx'],
  ['GET /v1/audit/head', '401 403 403 403 403 2xx 2xx'],
  ['GET /v1/loops', '401 403 403 2xx 2xx 2xx 2xx'],
  ['GET /v1/loops', '401 403 403 2xx 403 2xx 2xx', () => ({ query: '?team=support' })],
  ['GET /v1/loops/counts', '401 403 403 2xx 2xx 2xx 2xx'],
  ['GET /v1/loops/:loopId', '401 403 403 2xx 404 2xx 2xx', async () => ({ params: await one() })],
  ['PUT /v1/loops/:loopId/draft', '401 403 403 2xx 404 403 2xx', draft],
  ['DELETE /v1/loops/:loopId/draft', '401 403 403 2xx 404 2xx 2xx', async () => ({ params: await one() })],
  ['POST /v1/loops/:loopId/draft/lock', '401 403 403 2xx 404 403 2xx', async () => ({ params: await one() })],
  ['GET /v1/loops/:loopId/suggestions', '401 403 403 2xx 404 403 2xx', async () => ({ params: await one() })],
  ['GET /v1/teams/:team/templates', '401 403 403 2xx 403 2xx 2xx', () => ({ params: { team: 'support' } })],
  ['POST /v1/teams/:team/templates', '401 403 403 403 403 2xx 2xx', newTemplate],
  ['GET /v1/teams/:team/templates/:id', '401 403 403 2xx 404 2xx 2xx', bare(template)],
  ['PUT /v1/teams/:team/templates/:id', '401 403 403 403 403 2xx 2xx', template],
  ['DELETE /v1/teams/:team/templates/:id', '401 403 403 403 403 2xx 2xx', bare(template)],
  ['POST /v1/teams/:team/templates/:id/render', '401 403 403 2xx 404 2xx 2xx', rendering],
  [commands, '401 403 403 2xx 404 403 2xx', command('acknowledge')],
  [commands, '401 403 403 2xx 404 403 2xx', command('respond', answer)],
  [commands, '401 403 403 2xx 404 403 2xx', command('wait', undefined, acknowledged)],
  [commands, '401 403 403 2xx 404 403 2xx', command('resume', undefined, acknowledged, ['wait'])],
  [commands, '401 403 403 2xx 404 403 2xx', command('resolve', undefined, acknowledged)],
  [commands, '401 403 403 2xx 404 403 2xx', command('reopen', { reason: 'x' }, ['dismiss', { reason: 'x' }])],
  [commands, '401 403 403 2xx 404 403 2xx', command('dismiss', { reason: 'x' })],
  [commands, '401 403 403 2xx 404 403 2xx', command('escalate')],
  [commands, '401 403 403 2xx 404 403 2xx', split],
  [commands, '401 403 403 2xx 404 2xx 2xx', command('assign', { team: 'billing' })],
  [commands, '401 403 403 2xx 404 2xx 2xx', command('set-priority', { priority: 'high' })],
  ['GET /v1/sla-settings', '401 403 403 2xx 2xx 2xx 2xx'],
  ['GET /v1/sla-settings/:version', '401 403 403 2xx 2xx 2xx 2xx', () => ({ params: { version: 'active' } })],
  ['POST /v1/sla-settings', '401 403 403 403 403 2xx 2xx', slaSettings],
  ['POST /v1/evidence', '401 2xx 404 403 403 403 403', evidence],
  [endpoints, '401 403 403 2xx 403 2xx 2xx', () => ({ params: { team: 'support' } })],
  [anEndpoint('GET', ''), '401 403 403 2xx 403 2xx 2xx', endpoint()],
  [
    'POST /v1/teams/:team/endpoints',
    '401 403 403 403 403 2xx 2xx',
    () => ({ params: { team: 'support' }, body: webhook }),
  ],
  [anEndpoint('PATCH', ''), '401 403 403 403 403 2xx 2xx', endpoint({ paused: true })],
  [anEndpoint('DELETE', ''), '401 403 403 403 403 2xx 2xx', endpoint()],
  [anEndpoint('POST', '/rotate-secret'), '401 403 403 403 403 2xx 2xx', endpoint({ overlapHours: 1 })],
  [anEndpoint('POST', '/test'), '401 403 403 403 403 2xx 2xx', endpoint()],
  [
    anEndpoint('POST', '/replay'),
    '401 403 403 403 403 2xx 2xx',
    endpoint({ from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' }),
  ],
  ['GET /v1/deliveries', '401 403 403 2xx 2xx 2xx 2xx'],
  ['GET /v1/deliveries', '401 403 403 2xx 403 2xx 2xx', () => ({ query: '?team=support' })],
  ['GET /v1/deliveries/:deliveryId', '401 403 403 2xx 404 2xx 2xx', delivery],
  ['POST /v1/deliveries/:deliveryId/replay', '401 403 403 403 403 2xx 2xx', delivery],
  ['GET /v1/follow-ups', '401 403 403 2xx 2xx 2xx 2xx'],
  ['GET /v1/follow-ups', '401 403 403 2xx 403 2xx 2xx', () => ({ query: '?team=support' })],
  // whoever has the link, and nobody else
  ['GET /f/:token', '404'],
  ['POST /f/:token', '404'],
  ['POST /v1/history/republish', '401 403 403 403 403 403 2xx', () => ({ body: { rebuild: loopIdOf('rebuild') } })],
  ['POST /v1/reconciliation', '401 403 403 403 403 2xx 2xx', () => ({ body: { rows: [] } })],
];
const one = async () => ({ loopId: (await fresh()).loopId });

describe('who may, at the loop service', () => {
  it('is said of every route', () => {
    expect(notCovered(service.routes, rows)).toEqual({ withoutRow: [], withoutRoute: [] });
  });

  it.each(rows.map((row) => [row[0], row] as const))('%s', async (_route, row) => {
    expect(await answersTo(service.url, row, credentials)).toEqual(expectedBy(row));
  });

  it('lists and counts for an agent what is of the own teams alone', async () => {
    for (const [caller, team] of [
      ['agent', 'support'],
      ['outsider', 'billing'],
    ] as const) {
      const ask = async (path: string) =>
        (await fetch(service.url + path, { headers: { authorization: `Bearer ${credentials[caller]}` } })).json();
      const { items } = (await ask('/v1/loops?limit=200')) as { items: { team: string }[] };
      expect(new Set(items.map((loop) => loop.team))).toEqual(new Set([team]));
      const { byTeam } = (await ask('/v1/loops/counts')) as { byTeam: object };
      expect(Object.keys(byTeam)).toEqual([team]);
    }
  });

  it('and what people did is in the audit log, each by who did it', async () => {
    const entries = await environment.query<{ actor: string; action: string; roles: string[] }>(
      'loop',
      `select actor, roles, action, before, after from audit_log where actor <> 'root' order by id`,
    );
    expect(entries.map(({ actor, action }) => `${actor} ${action}`).sort()).toEqual(
      [
        ...[
          'acknowledged',
          'responded',
          'waited',
          'resumed',
          'resolved',
          'reopened',
          'dismissed',
          'escalated',
          'split',
        ],
        ...['assigned', 'priority-set'],
      ]
        .map((change) => `ann loop.${change}`)
        .concat(['mia loop.assigned', 'mia loop.priority-set', 'mia sla-settings.activated', 'mia delivery.replayed'])
        .concat(['mia template.created', 'mia template.changed', 'mia template.removed'])
        .concat(
          ['created', 'changed', 'deleted', 'secret-rotated', 'replayed'].map((change) => `mia endpoint.${change}`),
        )
        .sort(),
    );
    expect(entries.find(({ actor, action }) => actor === 'mia' && action === 'loop.assigned')).toEqual({
      ...{ actor: 'mia', roles: ['manager'], action: 'loop.assigned' },
      ...{ before: { version: 1, team: 'support' }, after: { version: 2, team: 'billing' } },
    });
    expect(entries.find(({ action }) => action === 'loop.responded')).toMatchObject({
      before: { state: 'opened', owner: null },
      after: {
        ...{ state: 'responded', owner: 'ann', channel: 'review' },
        text: { hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
      },
    });
    expect(entries.find(({ action }) => action === 'sla-settings.activated')).toMatchObject({
      before: { active: 1 },
      after: {
        ...{ active: 2, toApply: 0, document: expect.stringMatching(/^[0-9a-f]{64}$/) },
        reason: { hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
      },
    });
    const [{ all }] = (await environment.query<{ all: string }>(
      'loop',
      'select json_agg(a)::text as all from audit_log a',
    )) as [{ all: string }];
    expect(all).not.toMatch(new RegExp(`${answer.text}|Ann asked`));
  });
});
