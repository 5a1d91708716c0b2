import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  feedbackRouted,
  loopChanged,
  loopEventId,
  loopIdOf,
  settlementEventId,
  validatorOf,
  type FeedbackRouted,
  type LoopChanged,
} from '@closeloop/contracts';
import { createTopics, Outbox } from '@closeloop/messaging';
import { createService, databaseUrlOf, migrateDatabase, type RunningService } from '@closeloop/platform';
import { eventually, testEnvironment, type Recorder, type TestEnvironment } from '@closeloop/testing';
import { DataSource } from 'typeorm';
import { replay } from './domain/loop.js';
import { eventOf, LoopHistoryEntity } from './infrastructure/loop-history.entity.js';
import { LoopEntity, loopOf } from './infrastructure/loop.entity.js';
import { loopDatabase } from './loop.database.js';
import { LoopModule } from './loop.module.js';
import { messageOf, routed, type RoutedOptions } from './routed.fixture.js';

// the machine may be busy; what is waited for is bounded by eventually()
jest.setTimeout(60_000);

let environment: TestEnvironment;
let service: RunningService;
let serviceEnv: Record<string, string>;
let recorder: Recorder;
let keys: Server;
const keyRequests: string[] = [];
let keysAreAway = false;
const tokens: Record<'ann' | 'ben' | 'bill' | 'mia' | 'root', string> = {
  ann: '',
  ben: '',
  bill: '',
  mia: '',
  root: '',
};

beforeAll(async () => {
  environment = await testEnvironment({ prefix: 'loop' });
  // what ingestion answers to a key's holder
  keys = createServer((request, response) => {
    const key = request.headers.authorization?.slice('Bearer '.length) ?? '';
    keyRequests.push(key);
    const source = /^clk_(shop|other)_/.exec(key)?.[1];
    response.writeHead(keysAreAway ? 500 : source ? 200 : 401, { 'content-type': 'application/json' });
    response.end(JSON.stringify(source ? { keyId: source, source } : {}));
  });
  await new Promise<void>((resolve) => keys.listen(0, '127.0.0.1', resolve));
  serviceEnv = {
    ...environment.env,
    INGESTION_URL: `http://127.0.0.1:${(keys.address() as AddressInfo).port}`,
  };
  await createTopics(serviceEnv);
  await migrateDatabase('loop', loopDatabase, serviceEnv);
  service = await createService('loop', LoopModule, { env: serviceEnv, logger: false });
  recorder = await environment.record(loopChanged.topic);
  tokens.ann = await environment.token({ sub: 'ann', roles: ['agent'], teams: ['support'] });
  tokens.ben = await environment.token({ sub: 'ben', roles: ['agent'], teams: ['support'] });
  tokens.bill = await environment.token({ sub: 'bill', roles: ['agent'], teams: ['billing'] });
  tokens.mia = await environment.token({ sub: 'mia', roles: ['manager'], teams: [] });
  tokens.root = await environment.token({ sub: 'root', roles: ['admin'], teams: [] });
}, 120_000);
afterAll(async () => {
  await service?.close();
  keys?.close();
  await environment?.close();
});

interface Told extends LoopChanged {
  id: string;
  key: string | null;
}
const told = (): Told[] =>
  recorder.messages.map(({ key, value, headers }) => ({
    ...(JSON.parse(value.toString()) as LoopChanged),
    id: headers['ce_id']!,
    key,
  }));
const send = (...events: FeedbackRouted[]): Promise<void> =>
  environment.publish(
    feedbackRouted.topic,
    events.map((event) => messageOf(event)),
  );

interface Answer {
  status: number;
  etag: string | null;
  body: Body;
}
/** The members that the specs look into; the rest is matched. */
interface Body {
  readonly [member: string]: unknown;
  readonly version?: number;
  readonly history?: readonly { readonly change: string }[];
  readonly happened?: readonly { readonly change: string }[];
  readonly items?: readonly { readonly loopId: string; readonly openedAt: string }[];
  readonly cursor?: string;
}
async function call(
  method: string,
  path: string,
  { as = 'ann', body, headers = {} }: { as?: string; body?: unknown; headers?: object } = {},
): Promise<Answer> {
  const token = (tokens as Record<string, string>)[as] ?? as;
  const response = await fetch(service.url + path, {
    method,
    headers: {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, etag: response.headers.get('etag'), body: (await response.json()) as Body };
}
const command = (
  loopId: string,
  name: string,
  version: number | undefined,
  body?: unknown,
  as: string = 'ann',
): Promise<Answer> =>
  call('POST', `/v1/loops/${loopId}/${name}`, {
    ...{ as, body },
    headers: version === undefined ? {} : { 'if-match': `"${version}"` },
  });
const evidence = (body: object, key: string | undefined, as = 'clk_shop_secret'): Promise<Answer> =>
  call('POST', '/v1/evidence', { as, body, headers: key === undefined ? {} : { 'idempotency-key': key } });

let count = 0;
/** A loop that is there, for a feedback of its own. */
async function opened(options: RoutedOptions = {}): Promise<{ loopId: string; feedbackId: string; name: string }> {
  const name = `loop-${++count}`;
  const { feedback } = routed(name, options);
  await send(routed(name, options));
  const loopId = loopIdOf(feedback.feedbackId);
  await eventually(async () => {
    expect((await call('GET', `/v1/loops/${loopId}`, { as: 'root' })).status).toBe(200);
  });
  return { loopId, feedbackId: feedback.feedbackId, name };
}

describe('from Kafka to Kafka', () => {
  it('tells of every settlement, by its own id and key', async () => {
    await send(routed('k1', { customerKey: 'k' }), routed('k3', { loop: 'none' }), routed('k4', { deleted: true }));
    const ids = Object.fromEntries(['k1', 'k3', 'k4'].map((name) => [name, routed(name).feedback.feedbackId]));
    const mine = (name: string) => told().filter(({ feedback }) => feedback?.feedbackId === ids[name]);
    await eventually(() => {
      for (const name of ['k1', 'k3', 'k4']) expect(mine(name)).toHaveLength(1);
    });
    const loopId = loopIdOf(ids['k1']!);
    expect(mine('k1')[0]).toMatchObject({ id: loopEventId(loopId, 1), key: loopId, change: 'opened' });
    expect(mine('k3')[0]).toMatchObject({
      ...{ id: settlementEventId(ids['k3']!, 1), key: loopIdOf(ids['k3']!), change: 'settled', loop: null },
      feedback: { outcome: 'no-loop' },
    });
    expect(mine('k4')[0]).toMatchObject({ change: 'settled', feedback: { outcome: 'withdrawn' } });
    const isValid = validatorOf(loopChanged.data);
    for (const { id: _id, key: _key, ...data } of told()) expect(isValid(data)).toBeUndefined();
  });

  it('a revision reaches the open loop, a deletion withdraws it', async () => {
    const { loopId, name } = await opened();
    await send(routed(name, { revision: 2, text: 'even worse' }));
    await eventually(async () => {
      expect((await call('GET', `/v1/loops/${loopId}`)).body).toMatchObject({
        version: 2,
        feedback: [{ revision: 2, feedback: { text: 'even worse' } }],
      });
    });
    await send(routed(name, { revision: 3, deleted: true }));
    await eventually(async () => {
      const { body } = await call('GET', `/v1/loops/${loopId}`);
      expect(body).toMatchObject({ state: 'withdrawn', closed: true, feedback: [{ outcome: 'withdrawn' }] });
      expect(JSON.stringify(body)).not.toContain('even worse');
    });
  });

  it('a replay for this group tells the settlement again under its own id', async () => {
    const { feedbackId, loopId, name } = await opened();
    const mine = () => told().filter(({ feedback }) => feedback?.feedbackId === feedbackId);
    await eventually(() => expect(mine()).toHaveLength(1));
    await environment.publish(feedbackRouted.topic, [
      messageOf(routed(name)),
      messageOf(routed(name), { replay_group: 'somebody.else' }),
      messageOf(routed(name), { replay_group: 'closeloop.loop' }),
    ]);
    await eventually(() => expect(mine()).toHaveLength(2));
    expect(mine()[1]).toEqual(mine()[0]);
    expect((await call('GET', `/v1/loops/${loopId}`)).body.version).toBe(1);
  });
});

describe('what is sent again on purpose', () => {
  it('tells where its loop stands by now, as it was told when it came there', async () => {
    const { loopId, feedbackId, name } = await opened({ customerKey: 'again' });
    const joined = routed(`${name}-joined`, { customerKey: 'again', loop: 'join' });
    await send(joined);
    await eventually(async () => expect((await call('GET', `/v1/loops/${loopId}`)).body.version).toBe(2));
    await command(loopId, 'acknowledge', 2);
    const mine = () => told().filter((event) => event.loopId === loopId);
    await eventually(() => expect(mine().map(({ version }) => version)).toEqual([1, 2, 3]));
    const [first, second, third] = mine();
    const again = (event: FeedbackRouted) =>
      environment.publish(feedbackRouted.topic, [messageOf(event, { closeloop_resend: 'republish:1' })]);
    await again(routed(name, { customerKey: 'again' }));
    await eventually(() => expect(mine().slice(3)).toEqual([first, third]));
    await again(joined);
    await eventually(() => expect(mine().slice(5)).toEqual([second, third]));
    // a step that carried what became of a feedback says it again as well
    await send(routed(name, { customerKey: 'again', revision: 2 }));
    await eventually(() => expect(mine()[7]).toMatchObject({ version: 4, feedback: { feedbackId, revision: 2 } }));
    await again(joined);
    await eventually(() => expect(mine().slice(8)).toEqual([second, mine()[7]]));
  });

  it('is every step of every loop, word for word, for a rebuild of insights, and for nobody else', async () => {
    const { loopId } = await opened({ customerKey: 'rebuilt' });
    await command(loopId, 'acknowledge', 1);
    await command(loopId, 'respond', 2, { text: 'We are sorry.', channel: 'review' });
    const mine = () => recorder.messages.filter(({ key }) => key === loopId);
    await eventually(() => expect(mine()).toHaveLength(3));
    const rebuild = loopIdOf('a rebuild');
    let after: unknown;
    do {
      const { status, body } = await call('POST', '/v1/history/republish', { as: 'root', body: { rebuild, after } });
      expect(status).toBe(200);
      after = body['next'];
    } while (after !== undefined);
    await eventually(() => expect(mine()).toHaveLength(6));
    const texts = mine().map(({ value }) => JSON.parse(value.toString()) as unknown);
    expect(texts.slice(3)).toEqual(texts.slice(0, 3));
    expect(texts[3]).toMatchObject({
      loop: { clocks: { firstResponse: { running: true } } },
      feedback: { settlement: 1 },
    });
    for (const { headers } of mine().slice(3)) {
      expect(headers).toMatchObject({ replay_group: 'closeloop.insights', closeloop_resend: `rebuild:${rebuild}` });
    }
  });
});

describe('reconciliation', () => {
  const asked = (rows: object[], range?: object, as = 'mia') =>
    call('POST', '/v1/reconciliation', { as, body: { rows, ...(range && { range }) } });
  const rowOf = (feedbackId: string, more: object = {}) => ({
    ...{ feedbackId, acceptedRevision: 1, settledRevision: 1, settlement: 1, outcome: 'loop', openLetterRevision: 0 },
    ...{ loopId: loopIdOf(feedbackId), loop: { state: 'opened', version: 1 } },
    ...more,
  });

  it('tells what differs between the ledger and what is kept here', async () => {
    const { feedbackId, loopId } = await opened();
    const none = await opened({ loop: 'open', customerKey: 'superseded' });
    await send(routed(none.name, { customerKey: 'superseded', revision: 3 }));
    await send(routed(none.name, { customerKey: 'superseded', revision: 2 }));
    await eventually(() =>
      expect(told().some(({ feedback }) => feedback?.feedbackId === none.feedbackId && feedback.settlement === 3)).toBe(
        true,
      ),
    );
    const good = [
      rowOf(feedbackId),
      // the superseded revision counts here and not there
      rowOf(none.feedbackId, {
        acceptedRevision: 3,
        settledRevision: 3,
        settlement: 2,
        loop: { state: 'opened', version: 2 },
      }),
    ];
    expect(await asked(good)).toMatchObject({ status: 200, body: { differences: [] } });
    await command(loopId, 'acknowledge', 1);
    const lost = loopIdOf('never accepted');
    expect((await asked([...good, rowOf(lost)])).body['differences']).toEqual([
      { feedbackId, field: 'loop.state', ledger: 'opened', loop: 'acknowledged' },
      { feedbackId, field: 'loop.version', ledger: 1, loop: 2 },
      { feedbackId: lost, field: 'feedback', ledger: 'settled', loop: null },
    ]);
  });

  it('tells what is here and in no row of the range', async () => {
    const ids = [(await opened()).feedbackId, (await opened()).feedbackId, (await opened()).feedbackId].sort();
    const [first, second, third] = ids;
    const within = async (range: object) =>
      ((await asked([rowOf(second!)], range)).body['differences'] as { feedbackId: string; ledger: unknown }[])
        .filter(({ ledger }) => ledger === null)
        .map(({ feedbackId }) => feedbackId)
        .filter((id) => ids.includes(id));
    expect(await within({ after: first, upTo: third })).toEqual([third]);
    expect(await within({})).toEqual([first, third]);
    const { receivedAt } = routed('any').feedback;
    const after = new Date(Date.parse(receivedAt) + 1).toISOString();
    expect(await within({ from: receivedAt, to: after })).toEqual([first, third]);
    expect(await within({ to: receivedAt })).toEqual([]);
  });

  it('is for managers and admins, and takes rows of the ledger only', async () => {
    expect((await asked([], undefined, 'ann')).status).toBe(403);
    expect((await asked([], undefined, 'clk_shop_secret')).status).toBe(403);
    expect(await asked([{ feedbackId: 'x' }])).toMatchObject({
      status: 400,
      body: { errors: expect.arrayContaining([expect.objectContaining({ pointer: '/rows/0/feedbackId' })]) },
    });
    expect((await asked(Array.from({ length: 1001 }, () => rowOf(loopIdOf('x'))))).status).toBe(400);
  });
});

describe('agents’ commands', () => {
  it('take a loop from opened to resolved; each answers with the next ETag and is told', async () => {
    const { loopId } = await opened();
    const acknowledged = await command(loopId, 'acknowledge', 1);
    expect(acknowledged).toMatchObject({ status: 200, etag: '"2"', body: { state: 'acknowledged', owner: 'ann' } });
    const text = 'We are sorry, Ann.';
    const responded = await command(loopId, 'respond', 2, { text, channel: 'review' }, 'ben');
    expect(responded).toMatchObject({ status: 200, etag: '"3"', body: { state: 'responded', owner: 'ann' } });
    expect((await command(loopId, 'wait', 3)).body).toMatchObject({ waiting: true });
    expect((await command(loopId, 'resume', 4)).body).toMatchObject({ waiting: false });
    expect((await command(loopId, 'set-priority', 5, { priority: 'high' })).body).toMatchObject({ priority: 'high' });
    expect((await command(loopId, 'escalate', 6)).body).toMatchObject({ level: 1 });
    expect((await command(loopId, 'resolve', 7)).body).toMatchObject({ state: 'resolved' });
    const { body, etag } = await call('GET', `/v1/loops/${loopId}`);
    expect(etag).toBe('"8"');
    expect(body.history?.map(({ change }) => change)).toEqual([
      ...['opened', 'acknowledged', 'responded', 'waited', 'resumed', 'priority-set', 'escalated', 'resolved'],
    ]);
    expect(body.history?.[2]).toMatchObject({
      actor: { kind: 'agent', id: 'ben' },
      words: { text, channel: 'review' },
    });
    await eventually(() =>
      expect(
        told()
          .filter((event) => event.loopId === loopId)
          .map(({ version, id }) => [version, id]),
      ).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((version) => [version, loopEventId(loopId, version)])),
    );
    // an answer stands in the erasable table, and is told to nobody
    expect(JSON.stringify(told())).not.toContain(text);
    const [row] = await environment.query<{ n: number }>(
      'loop',
      `select count(*)::int n from loop_history h where h::text like '%sorry%'`,
    );
    expect(row!.n).toBe(0);
  });

  it('need the expected version, and are told what happened instead', async () => {
    const { loopId } = await opened();
    expect(await command(loopId, 'acknowledge', undefined)).toMatchObject({
      status: 428,
      body: { type: 'urn:closeloop:if-match-missing' },
    });
    expect((await call('POST', `/v1/loops/${loopId}/acknowledge`, { headers: { 'if-match': 'W/"1"' } })).status).toBe(
      400,
    );
    await command(loopId, 'acknowledge', 1);
    const late = await command(loopId, 'respond', 1, { text: 'me too', channel: 'review' }, 'ben');
    expect(late).toMatchObject({
      status: 409,
      etag: '"2"',
      body: {
        ...{ type: 'urn:closeloop:version-conflict', version: 2, state: 'acknowledged' },
        happened: [{ version: 2, change: 'acknowledged', actor: { kind: 'agent', id: 'ann' } }],
      },
    });
    expect((await command(loopId, 'resolve', 9)).body).toMatchObject({ status: 409, happened: [] });
  });

  it('two at once: exactly one succeeds, the other hears who was faster', async () => {
    for (const { loopId } of await Promise.all(Array.from({ length: 8 }, () => opened()))) {
      const answers = await Promise.all(
        ['ann', 'ben', 'ann', 'ben'].map((as) =>
          command(loopId, 'respond', 1, { text: `by ${as}`, channel: 'chat' }, as),
        ),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
      for (const { status, body } of answers) {
        if (status === 409) {
          expect(body.happened?.map(({ change }) => change)).toEqual(['acknowledged', 'responded']);
        }
      }
      expect((await call('GET', `/v1/loops/${loopId}`)).body.version).toBe(3);
    }
  });

  it('are refused with the reason', async () => {
    const { loopId } = await opened();
    expect(await command(loopId, 'resolve', 1)).toMatchObject({
      status: 422,
      body: { type: 'urn:closeloop:transition-refused', reason: 'not-from-this-state', state: 'opened', version: 1 },
    });
    expect(await command(loopId, 'dismiss', 1, {})).toMatchObject({
      status: 400,
      body: { errors: expect.arrayContaining([expect.objectContaining({ pointer: '/reason' })]) },
    });
    expect((await command(loopId, 'acknowledge', 1, { surprise: 1 })).status).toBe(400);
    expect((await command(loopId, 'confirm', 1)).status).toBe(404);
    expect((await command(loopId, 'assign', 1, {})).status).toBe(400);
    const unkept = await command(loopId, 'respond', 1, { text: 'Sorry \0', channel: 'chat' });
    expect(unkept).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/text', rule: 'forbiddenCharacters' }] },
    });
    expect((await command(loopIdOf('none'), 'acknowledge', 1)).status).toBe(404);
    expect((await call('GET', `/v1/loops/${loopId}`)).body.version).toBe(1);
  });

  it('are for the team’s agents and admins; managers move work; nobody else', async () => {
    const { loopId } = await opened();
    const mine = { text: 'x', channel: 'chat' };
    expect((await command(loopId, 'respond', 1, mine, 'bill')).status).toBe(404);
    expect((await command(loopId, 'respond', 1, mine, 'mia')).status).toBe(403);
    expect((await command(loopId, 'respond', 1, mine, 'clk_shop_secret')).status).toBe(403);
    expect((await command(loopId, 'respond', 1, mine, 'nonsense')).status).toBe(401);
    expect((await command(loopId, 'respond', 1, mine, '')).status).toBe(401);
    expect((await call('GET', `/v1/loops/${loopId}`, { as: 'bill' })).status).toBe(404);
    expect((await command(loopId, 'assign', 1, { team: 'billing' }, 'mia')).body).toMatchObject({ team: 'billing' });
    expect((await command(loopId, 'acknowledge', 2, {}, 'ann')).status).toBe(404);
    expect((await command(loopId, 'acknowledge', 2, {}, 'bill')).status).toBe(200);
    expect((await command(loopId, 'resolve', 3, {}, 'root')).status).toBe(200);
  });

  it('split gives a joined feedback a loop of its own, which is told as its settlement', async () => {
    const { loopId } = await opened({ customerKey: 'split' });
    const joined = routed('split-off', { customerKey: 'split', loop: 'join' });
    const { feedbackId } = joined.feedback;
    await send(joined);
    await eventually(async () => expect((await call('GET', `/v1/loops/${loopId}`)).body.version).toBe(2));
    expect(await command(loopId, 'split', 2, { feedbackId: loopIdOf('x') })).toMatchObject({
      status: 422,
      body: { reason: 'not-in-it' },
    });
    const own = loopIdOf(feedbackId);
    expect((await command(loopId, 'split', 2, { feedbackId })).body).toMatchObject({
      ...{ version: 3, feedback: 1 },
      opened: { loopId: own, version: 1, state: 'opened', team: 'support' },
    });
    await eventually(() =>
      expect(told().filter(({ feedback }) => feedback?.feedbackId === feedbackId)).toMatchObject([
        { loopId, change: 'joined', feedback: { settlement: 1, outcome: 'joined' } },
        { loopId: own, change: 'opened', feedback: { settlement: 2, outcome: 'loop' } },
      ]),
    );
    // the words go with it; a replay tells where it is now; a revision reaches the new loop
    expect((await call('GET', `/v1/loops/${own}`)).body.feedback).toMatchObject([
      { feedbackId, feedback: { revision: 1 } },
    ]);
    await environment.publish(feedbackRouted.topic, [messageOf(joined, { replay_group: 'closeloop.loop' })]);
    await eventually(() => {
      const mine = told().filter(({ feedback }) => feedback?.feedbackId === feedbackId);
      expect(mine[2]).toEqual(mine[1]);
    });
    await send(routed('split-off', { customerKey: 'split', loop: 'join', revision: 2 }));
    await eventually(async () => expect((await call('GET', `/v1/loops/${own}`)).body.version).toBe(2));
  });

  it('a draft goes stale when what it answers is revised, and goes when it is answered', async () => {
    const { loopId, feedbackId, name } = await opened();
    const draft = { text: 'Dear', feedbackId, revision: 1 };
    expect((await call('PUT', `/v1/loops/${loopId}/draft`, { body: draft })).body).toMatchObject({ stale: false });
    expect((await call('PUT', `/v1/loops/${loopId}/draft`, { body: draft, as: 'bill' })).status).toBe(404);
    await send(routed(name, { revision: 2 }));
    await eventually(async () =>
      expect((await call('GET', `/v1/loops/${loopId}`)).body.drafts).toMatchObject([{ agent: 'ann', stale: true }]),
    );
    await command(loopId, 'respond', 2, { text: 'Dear customer', channel: 'review', confirmStale: true });
    expect((await call('GET', `/v1/loops/${loopId}`)).body.drafts).toEqual([]);
  });
});

describe('customers’ evidence', () => {
  const confirm = (feedbackId: string) => ({
    ...{ feedbackId, kind: 'confirm' },
    evidence: { type: 'reply', text: 'thank you!', at: '2026-03-02T08:00:00Z' },
  });

  it('confirms, once for each Idempotency-Key', async () => {
    const { loopId, feedbackId } = await opened();
    await command(loopId, 'respond', 1, { text: 'done', channel: 'review' });
    const first = await evidence(confirm(feedbackId), 'e1');
    expect(first).toMatchObject({ status: 200, body: { loopId, version: 4, change: 'confirmed', state: 'verified' } });
    expect(await evidence(confirm(feedbackId), 'e1')).toEqual(first);
    expect(await evidence(confirm(feedbackId), 'e2')).toMatchObject({ status: 422, body: { state: 'verified' } });
    const { body } = await call('GET', `/v1/loops/${loopId}`);
    expect(body).toMatchObject({ version: 4, state: 'verified' });
    expect(body.history?.[3]).toMatchObject({
      actor: { kind: 'customer' },
      evidence: 'reply',
      words: { text: 'thank you!' },
    });
    await eventually(() =>
      expect(
        told()
          .filter((event) => event.loopId === loopId)
          .at(-1),
      ).toMatchObject({ change: 'confirmed' }),
    );
  });

  it('objects: the next cycle, one level up', async () => {
    const { loopId, feedbackId } = await opened();
    await command(loopId, 'respond', 1, { text: 'done', channel: 'review' });
    await command(loopId, 'resolve', 3);
    const objected = { feedbackId, kind: 'object', evidence: { type: 'survey' } };
    expect((await evidence(objected, 'o1')).body).toMatchObject({ change: 'objected', state: 'reopened', cycle: 2 });
    expect((await call('GET', `/v1/loops/${loopId}`)).body).toMatchObject({ level: 1, cycle: 2, state: 'reopened' });
  });

  it('answers what we waited for: the loop waits no more, and nothing is judged', async () => {
    const { loopId, feedbackId } = await opened();
    await command(loopId, 'respond', 1, { text: 'which order was it?', channel: 'review' });
    const answer = { feedbackId, kind: 'answer', evidence: { type: 'reply', text: 'the blue one' } };
    expect(await evidence(answer, 'w1')).toMatchObject({ status: 422, body: { reason: 'not-waiting' } });
    await command(loopId, 'wait', 3);
    expect(await evidence({ ...answer, evidence: { type: 'survey' } }, 'w2')).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/evidence/type' }] },
    });
    const taken = await evidence(answer, 'w3');
    expect(taken).toMatchObject({ status: 200, body: { change: 'resumed', state: 'responded', version: 5 } });
    expect(await evidence(answer, 'w3')).toEqual(taken);
    const { body } = await call('GET', `/v1/loops/${loopId}`);
    expect(body).toMatchObject({ waiting: false, version: 5, state: 'responded' });
    expect(body.history?.[4]).toMatchObject({ actor: { kind: 'customer' }, words: { text: 'the blue one' } });
  });

  it('that is refused is recorded, and answered the same when it is repeated', async () => {
    const { loopId, feedbackId } = await opened();
    const refused = await evidence(confirm(feedbackId), 'r1');
    expect(refused).toMatchObject({
      status: 422,
      body: { type: 'urn:closeloop:transition-refused', reason: 'not-from-this-state' },
    });
    await command(loopId, 'respond', 1, { text: 'done', channel: 'review' });
    // possible by now: but this request has its answer
    expect(await evidence(confirm(feedbackId), 'r1')).toEqual(refused);
    expect(
      await environment.query('loop', `select status, kind, type from evidence where idempotency_key = 'r1'`),
    ).toEqual([{ status: 422, kind: 'confirm', type: 'reply' }]);
    expect((await evidence(confirm(feedbackId), 'r2')).status).toBe(200);
  });

  it('sent twice at once moves the loop once', async () => {
    const { loopId, feedbackId } = await opened();
    await command(loopId, 'respond', 1, { text: 'done', channel: 'review' });
    const answers = await Promise.all([1, 2, 3, 4].map(() => evidence(confirm(feedbackId), 'twice')));
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(answers[0]!.status).toBe(200);
    expect((await call('GET', `/v1/loops/${loopId}`)).body.version).toBe(4);
  });

  it('needs a key, its own source, a known feedback, and a loop', async () => {
    const { feedbackId } = await opened();
    expect((await evidence(confirm(feedbackId), undefined)).status).toBe(400);
    expect((await evidence({ ...confirm(feedbackId), kind: 'verify' }, 'n1')).status).toBe(400);
    expect((await evidence(confirm(feedbackId), 'n2', 'clk_other_secret')).status).toBe(404);
    expect((await evidence(confirm(feedbackId), 'n2', 'clk_nobody_x')).status).toBe(401);
    expect((await evidence(confirm(feedbackId), 'n2', tokens.ann)).status).toBe(403);
    expect((await evidence(confirm(loopIdOf('unknown')), 'n3')).status).toBe(404);
    await evidence(confirm(feedbackId), 'n4');
    expect(await evidence({ ...confirm(feedbackId), kind: 'object' }, 'n4')).toMatchObject({ status: 400 });
    const none = routed('no-loop-evidence', { loop: 'none' });
    await send(none);
    await eventually(async () =>
      expect(await evidence(confirm(none.feedback.feedbackId), 'n5')).toMatchObject({
        status: 422,
        body: { reason: 'no-loop' },
      }),
    );
  });

  it('a key is asked for once in a while, and not at all while it is known and ingestion is away', async () => {
    const body = confirm(loopIdOf('unknown'));
    const asked = () => keyRequests.filter((key) => key === 'clk_shop_cached').length;
    await Promise.all([1, 2, 3].map(() => evidence(body, 'k', 'clk_shop_cached')));
    await evidence(body, 'k', 'clk_shop_cached');
    expect(asked()).toBe(1);
    keysAreAway = true;
    try {
      expect((await evidence(body, 'k', 'clk_shop_cached')).status).toBe(404);
      const away = await fetch(`${service.url}/v1/evidence`, {
        method: 'POST',
        headers: {
          authorization: 'Bearer clk_shop_unseen',
          'content-type': 'application/json',
          'idempotency-key': 'k',
        },
        body: JSON.stringify(body),
      });
      expect(away.status).toBe(503);
      expect(away.headers.get('retry-after')).toMatch(/^\d+$/);
      expect(await away.json()).toMatchObject({ type: 'urn:closeloop:store-unavailable' });
    } finally {
      keysAreAway = false;
    }
    // a failure is not remembered
    expect((await evidence(body, 'k', 'clk_shop_unseen')).status).toBe(404);
  });
});

describe('reading', () => {
  it('pages through a team’s loops without a gap or a repeat, newest first', async () => {
    const names = Array.from({ length: 7 }, (_x, n) => `page-${n}`);
    const token = await environment.token({ sub: 'pat', roles: ['agent'], teams: ['paging'] });
    await send(...names.map((name) => routed(name, { team: 'paging' })));
    await eventually(async () =>
      expect((await call('GET', '/v1/loops?team=paging', { as: token })).body.items).toHaveLength(7),
    );
    const seen: { loopId: string; openedAt: string }[] = [];
    let cursor: string | undefined;
    do {
      const { body } = await call('GET', `/v1/loops?limit=3${cursor ? `&cursor=${cursor}` : ''}`, { as: token });
      seen.push(...(body.items ?? []));
      cursor = body.cursor;
    } while (cursor);
    expect(new Set(seen.map(({ loopId }) => loopId))).toEqual(
      new Set(names.map((name) => loopIdOf(routed(name).feedback.feedbackId))),
    );
    expect(seen).toHaveLength(7);
    expect(seen.map(({ openedAt }) => openedAt)).toEqual(
      seen
        .map(({ openedAt }) => openedAt)
        .sort()
        .reverse(),
    );
    const byFeedback = await call('GET', `/v1/loops?feedbackId=${routed('page-3').feedback.feedbackId}`, { as: token });
    expect(byFeedback.body.items).toHaveLength(1);
    expect((await call('GET', '/v1/loops?state=resolved', { as: token })).body.items).toEqual([]);
    expect((await call('GET', '/v1/loops?state=opened,resolved', { as: token })).body.items).toHaveLength(7);
    expect((await call('GET', '/v1/loops/counts', { as: token })).body).toMatchObject({
      ...{ total: 7, open: 7, closed: 0, verified: 0, byState: { opened: 7 } },
      byTeam: { paging: { total: 7 } },
    });
  });

  it('shows first what is due first, found by priority, by words and by what is overdue', async () => {
    const token = await environment.token({ sub: 'dee', roles: ['agent'], teams: ['due'] });
    const received = (hoursAgo: number) => new Date(Date.now() - hoursAgo * 3_600_000).toISOString();
    const those = {
      // first answers: within a day, four hours, three days; nothing is promised for what is from the past
      usual: routed('due-usual', {
        ...{ team: 'due', receivedAt: received(1), text: 'The 100%_sure lamp is broken', customerKey: 'lena-7' },
      }),
      urgent: routed('due-urgent', { team: 'due', priority: 'critical', receivedAt: received(1), stars: 1 }),
      late: routed('due-late', { team: 'due', receivedAt: received(30) }),
      relaxed: routed('due-relaxed', { team: 'due', slaPolicy: 'relaxed', priority: 'low', receivedAt: received(1) }),
      past: routed('due-past', { team: 'due', historic: true }),
    };
    const idOf = (name: keyof typeof those) => loopIdOf(those[name].feedback.feedbackId);
    await send(...Object.values(those));
    interface Listed {
      readonly loopId: string;
      readonly version: number;
      readonly dueAt?: string;
      readonly sla: Record<string, Record<string, { dueAt?: string }>>;
    }
    const list = async (query: string) =>
      (await call('GET', `/v1/loops?team=due&${query}`, { as: token })).body as unknown as {
        items: Listed[];
        cursor?: string;
      };
    const found = async (query: string) => (await list(query)).items.map(({ loopId }) => loopId);
    await eventually(async () => expect(await found('limit=10')).toHaveLength(5));

    const inOrder = (['late', 'urgent', 'usual', 'relaxed', 'past'] as const).map(idOf);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await list(`sort=due&limit=2${cursor ? `&cursor=${cursor}` : ''}`);
      seen.push(...page.items.map(({ loopId }) => loopId));
      cursor = page.cursor;
    } while (cursor);
    expect(seen).toEqual(inOrder);

    const [, urgent] = (await list('sort=due')).items;
    expect(urgent).toMatchObject({
      dueAt: urgent?.sla['firstResponse']?.['customer']?.dueAt,
      glimpse: {
        excerpt: 'what due-urgent said, 1',
        rating: { value: 1, scale: 5 },
        sentiment: 'negative',
        language: 'en',
      },
    });
    expect(await found('overdue=true')).toEqual([idOf('late')]);
    expect(await found('priority=critical,low&sort=due')).toEqual([idOf('urgent'), idOf('relaxed')]);
    expect(await found(`q=${encodeURIComponent('100%_SURE')}`)).toEqual([idOf('usual')]);
    expect(await found('q=1000_sure')).toEqual([]);

    // once it is answered it is due by its resolution, which business hours bring later
    // the breach is told of meanwhile, as a step of the loop
    await eventually(async () => expect((await list('overdue=true')).items[0]?.version).toBe(2));
    expect((await command(idOf('late'), 'respond', 2, { text: 'Sorry', channel: 'email' }, token)).status).toBe(200);
    const answered = (await list('sort=due')).items.find(({ loopId }) => loopId === idOf('late'));
    expect(answered?.dueAt).toBe(answered?.sla['resolution']?.['business']?.dueAt);
    expect(answered?.dueAt).toBeDefined();
    expect(await found('overdue=true')).toEqual([]);
    const { feedback } = (await call('GET', `/v1/loops/${idOf('usual')}`, { as: token })).body as {
      feedback?: unknown;
    };
    expect(feedback).toMatchObject([
      { customerKey: 'lena-7', route: { rule: 'spec', ruleSetVersion: 1, team: 'due' } },
    ]);
  });

  it('is for who may', async () => {
    expect((await call('GET', '/v1/loops?team=billing')).status).toBe(403);
    expect((await call('GET', '/v1/loops?team=billing', { as: 'mia' })).status).toBe(200);
    expect((await call('GET', '/v1/loops', { as: '' })).status).toBe(401);
    expect((await call('GET', '/v1/loops', { as: 'clk_shop_secret' })).status).toBe(403);
    for (const query of [
      ...['limit=0', 'limit=201', 'state=nice', 'cursor=x', 'feedbackId=1', 'team=Ä', 'order=asc', 'priority=urgent'],
      ...['overdue=maybe', 'q=a', 'sort=oldest', 'sort=due,newest', 'sort=due&cursor=WyJuZXdlc3QiLG51bGwsIngiXQ'],
    ]) {
      expect((await call('GET', `/v1/loops?${query}`)).status).toBe(400);
    }
  });
});

it('stops taking events and commands when too much waits to be sent, and goes on with all of them after', async () => {
  const team = 'backlog';
  const batch = (name: string) => Array.from({ length: 20 }, (_x, n) => routed(`${name}-${n}`, { team }));
  const settled = async () =>
    (await environment.query<{ n: number }>('loop', `select count(*)::int n from loop where team = $1`, [team]))[0]!.n;
  await service.close();
  // nobody sends: the leases are somebody's who does nothing
  await environment.query('loop', `update outbox_lease set holder = gen_random_uuid(), expires_at = 'infinity'`);
  service = await createService('loop', LoopModule, { env: { ...serviceEnv, OUTBOX_BOUND: '20' }, logger: false });
  try {
    await send(...batch('first'));
    await eventually(async () => expect(await settled()).toBe(20));
    await eventually(() => expect(service.app.get(Outbox).isFull()).toBe(true));
    await send(...batch('second'));
    const loopId = loopIdOf(batch('first')[0]!.feedback.feedbackId);
    const response = await fetch(`${service.url}/v1/loops/${loopId}/acknowledge`, {
      method: 'POST',
      headers: { authorization: `Bearer ${tokens.root}`, 'if-match': '"1"' },
    });
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(await response.json()).toMatchObject({ type: 'urn:closeloop:backlog-full' });
    expect((await call('GET', `/v1/loops/${loopId}`, { as: 'root' })).body.version).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await settled()).toBe(20);
  } finally {
    await environment.query('loop', `update outbox_lease set holder = null, expires_at = '-infinity'`);
  }
  await eventually(async () => expect(await settled()).toBe(40));
  await eventually(() => {
    const mine = told().filter(({ loop }) => loop?.team === team);
    expect(mine).toHaveLength(40);
    expect(new Set(mine.map(({ loopId }) => loopId)).size).toBe(40);
  });
});

it('in the end, every history tells the loop that is there', async () => {
  const database = new DataSource({
    type: 'postgres',
    url: databaseUrlOf('loop', environment.env),
    entities: loopDatabase.entities,
  });
  await database.initialize();
  try {
    const loops = await database.getRepository(LoopEntity).find();
    expect(loops.length).toBeGreaterThan(20);
    for (const row of loops) {
      const history = await database
        .getRepository(LoopHistoryEntity)
        .find({ where: { loopId: row.loopId }, order: { version: 'ASC' } });
      expect(replay(history.map(eventOf))).toEqual(loopOf(row));
    }
    expect(await database.query('select count(*)::int n from outbox')).toEqual([{ n: 0 }]);
    // what is counted as it happens is what is there
    expect(
      await database.query(
        `select team, state, sum(count)::int n from loop_tally group by 1, 2 having sum(count) <> 0 order by 1, 2`,
      ),
    ).toEqual(await database.query('select team, state, count(*)::int n from loop group by 1, 2 order by 1, 2'));
  } finally {
    await database.destroy();
  }
});
