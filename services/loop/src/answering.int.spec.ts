import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  canonicalJson,
  feedbackRouted,
  inboxEventId,
  loopChanged,
  loopIdOf,
  replyEventId,
  replyFailed,
  replyIdOf,
  replyRequested,
  replySent,
  sha256,
  teamInboxTopic,
  validatorOf,
  type Feedback,
  type LoopChanged,
  type ReplyFailed,
  type ReplyRequested,
  type ReplySent,
} from '@closeloop/contracts';
import { createTopics } from '@closeloop/messaging';
import { createService, migrateDatabase, type RunningService } from '@closeloop/platform';
import { eventually, testEnvironment, type Recorder, type TestEnvironment } from '@closeloop/testing';
import { loopDatabase } from './loop.database.js';
import { LoopModule } from './loop.module.js';
import { messageOf, routed, type RoutedOptions } from './routed.fixture.js';

// the machine may be busy; what is waited for is bounded by eventually()
jest.setTimeout(60_000);

const leaseSeconds = 3;
let environment: TestEnvironment;
let service: RunningService;
let asked: Recorder;
let changes: Recorder;
let inbox: Recorder;
const tokens: Record<string, string> = {};

beforeAll(async () => {
  environment = await testEnvironment({ prefix: 'answering' });
  const env = { ...environment.env, LOOP_WRITING_LEASE_SECONDS: String(leaseSeconds) };
  await createTopics(env);
  await migrateDatabase('loop', loopDatabase, env);
  service = await createService('loop', LoopModule, { env, logger: false });
  asked = await environment.record(replyRequested.topic);
  changes = await environment.record(loopChanged.topic);
  inbox = await environment.record(teamInboxTopic('support'));
  for (const [sub, roles, teams] of [
    ['ann', ['agent'], ['support']],
    ['ben', ['agent'], ['support']],
    ['bill', ['agent'], ['billing']],
    ['mia', ['manager'], []],
    ['root', ['admin'], []],
  ] as const) {
    tokens[sub] = await environment.token({ sub, roles: [...roles], teams: [...teams] });
  }
}, 120_000);
afterAll(async () => {
  await service?.close();
  await environment?.close();
});

interface Answer {
  readonly status: number;
  readonly etag: string | null;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- specs reach into it and say what they expect
  readonly body: any;
}
async function call(
  method: string,
  path: string,
  { as = 'ann', body, version }: { as?: string; body?: unknown; version?: number } = {},
): Promise<Answer> {
  const response = await fetch(service.url + path, {
    method,
    headers: {
      authorization: `Bearer ${tokens[as]}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(version !== undefined && { 'if-match': `"${version}"` }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    etag: response.headers.get('etag'),
    body: text === '' ? undefined : JSON.parse(text),
  };
}
const view = async (loopId: string) => (await call('GET', `/v1/loops/${loopId}`, { as: 'root' })).body;
const respond = async (loopId: string, body: object, as = 'ann') =>
  call('POST', `/v1/loops/${loopId}/respond`, { as, body, version: (await view(loopId)).version });

let count = 0;
interface Opened {
  readonly loopId: string;
  readonly feedbackId: string;
  readonly name: string;
}
/** A routed feedback with members that the fixture has no option for. */
function withMembers(name: string, options: RoutedOptions, members: Partial<Feedback>, language?: string) {
  const event = routed(name, options);
  const content = { ...event.feedback, ...members };
  const { contentHash: _hash, revision: _revision, receivedAt: _received, ...hashed } = content;
  return {
    ...event,
    feedback: { ...content, contentHash: sha256(canonicalJson(hashed)) },
    ...(event.tags &&
      language !== undefined && { tags: { ...event.tags, language: { tag: language, confidence: 0.9 } } }),
  };
}
async function opened(
  options: RoutedOptions = {},
  members: Partial<Feedback> = {},
  language?: string,
): Promise<Opened> {
  const name = `a-${++count}`;
  const event = withMembers(name, options, members, language);
  await environment.publish(feedbackRouted.topic, [messageOf(event)]);
  const { feedbackId } = event.feedback;
  const loopId = loopIdOf(feedbackId);
  await eventually(async () => expect((await view(loopId)).state).toBe('opened'));
  return { loopId, feedbackId, name };
}
const revise = async ({ name, loopId }: Opened, revision: number, options: RoutedOptions = {}): Promise<void> => {
  const before = (await view(loopId)).version;
  await environment.publish(feedbackRouted.topic, [messageOf(routed(name, { revision, ...options }))]);
  await eventually(async () => expect((await view(loopId)).version).toBeGreaterThan(before));
};
const requests = (): (ReplyRequested & { id: string })[] =>
  asked.messages.map(({ value, headers }) => ({
    ...(JSON.parse(value.toString()) as ReplyRequested),
    id: headers['ce_id']!,
  }));
const requestOf = (loopId: string) =>
  eventually(() => {
    const found = requests().filter((one) => one.loopId === loopId);
    expect(found.length).toBeGreaterThan(0);
    return found;
  });
const toldOf = (loopId: string): LoopChanged[] => changes.json<LoopChanged>().filter((one) => one.loopId === loopId);

/** What ingestion says came of a reply. */
async function result(
  { replyId, loopId, feedbackId }: Pick<ReplyRequested, 'replyId' | 'loopId' | 'feedbackId'>,
  what: 'sent' | 'failed',
  headers: Record<string, string> = {},
): Promise<void> {
  const data = { replyId, loopId, feedbackId, at: '2026-03-01T12:30:00.000Z' };
  const event = what === 'sent' ? replySent : replyFailed;
  const value: ReplySent | ReplyFailed =
    what === 'sent'
      ? { ...data, externalId: 'at-shop-1' }
      : { ...data, reason: 'given-up', message: 'Nobody was there.' };
  await environment.publish(event.topic, [
    {
      key: feedbackId,
      value,
      headers: {
        ...{
          ce_specversion: '1.0',
          ce_type: event.topic,
          ce_source: 'closeloop/ingestion',
          'content-type': 'application/json',
        },
        ...{ ce_id: replyEventId(what, replyId), ce_subject: feedbackId, ce_time: data.at },
        ...headers,
      },
    },
  ]);
}

describe('an answer that is sent', () => {
  it('is asked for once, of the connector that heard the customer, with all that it needs', async () => {
    const { loopId, feedbackId, name } = await opened({}, {}, 'de-AT');
    const answered = await respond(loopId, { text: 'Es tut uns leid.', send: true });
    expect(answered).toMatchObject({ status: 200, body: { state: 'responded', owner: 'ann' } });
    const replyId = replyIdOf(loopId, answered.body.version);
    const [request] = await requestOf(loopId);
    expect(request).toEqual({
      ...{ id: replyEventId('requested', replyId), replyId, kind: 'answer', loopId, feedbackId, revision: 1 },
      ...{ source: 'shop', externalId: name, channel: 'review', language: 'de-AT', text: 'Es tut uns leid.' },
      at: expect.any(String),
    });
    const isValid = validatorOf(replyRequested.data);
    for (const { id: _id, ...data } of requests()) expect(isValid(data)).toBeUndefined();
    expect((await view(loopId)).replies).toMatchObject([
      { replyId, state: 'requested', revision: 1, channel: 'review' },
    ]);
  });

  it('is asked for again under its id when its feedback is sent again, until it is known what came of it', async () => {
    const { loopId, name } = await opened();
    await respond(loopId, { text: 'Sorry', send: true });
    const [request] = await requestOf(loopId);
    const again = () =>
      environment.publish(feedbackRouted.topic, [messageOf(routed(name), { closeloop_resend: 'republish:1' })]);
    await again();
    await eventually(() => expect(requests().filter((one) => one.loopId === loopId)).toEqual([request, request]));
    await result(request!, 'sent');
    await eventually(async () => expect((await view(loopId)).replies).toMatchObject([{ state: 'sent' }]));
    await again();
    const other = await opened();
    await respond(other.loopId, { text: 'x', send: true });
    await requestOf(other.loopId);
    expect(requests().filter((one) => one.loopId === loopId)).toHaveLength(2);
  });

  it('is not asked for where it was given elsewhere, and that needs a channel', async () => {
    const { loopId } = await opened();
    expect((await respond(loopId, { text: 'By phone.' })).body.errors).toMatchObject([{ pointer: '/channel' }]);
    expect((await respond(loopId, { text: 'By phone.', channel: 'phone' })).status).toBe(200);
    const last = await opened();
    await respond(last.loopId, { text: 'x', send: true });
    await requestOf(last.loopId);
    expect(requests().filter((one) => one.loopId === loopId)).toEqual([]);
    expect((await view(loopId)).replies).toEqual([]);
  });

  it('is no longer than a reply may be, and says which feedback it answers where there are several', async () => {
    const { loopId, feedbackId } = await opened({ customerKey: 'several' });
    expect((await respond(loopId, { text: 'x'.repeat(10_001), send: true })).body.errors).toMatchObject([
      { pointer: '/text', rule: 'maxLength' },
    ]);
    await environment.publish(feedbackRouted.topic, [
      messageOf(routed('joins', { customerKey: 'several', loop: 'join' })),
    ]);
    await eventually(async () => expect((await view(loopId)).feedbackCount).toBe(2));
    expect((await respond(loopId, { text: 'x', send: true })).body.errors).toMatchObject([{ pointer: '/feedbackId' }]);
    expect((await respond(loopId, { text: 'x', send: true, feedbackId })).status).toBe(200);
    const stranger = await opened();
    expect(await respond(loopId, { text: 'x', send: true, feedbackId: stranger.feedbackId })).toMatchObject({
      ...{ status: 422, body: { reason: 'not-in-it' } },
    });
  });
});

describe('what came of a reply', () => {
  const sentAnswer = async (loopId: string, body: object = {}): Promise<ReplyRequested> => {
    const { body: after } = await respond(loopId, { text: 'Sorry', send: true, ...body });
    const replyId = replyIdOf(loopId, after.version);
    return eventually(() => {
      const found = requests().find((one) => one.replyId === replyId);
      expect(found).toBeDefined();
      return found!;
    });
  };

  it('that it was sent is noted, once, however often it is told, and told again under the same id when it is replayed', async () => {
    const { loopId } = await opened();
    const reply = await sentAnswer(loopId);
    await result(reply, 'sent');
    await result(reply, 'sent');
    await result(reply, 'failed');
    await eventually(async () =>
      expect((await view(loopId)).replies).toMatchObject([{ state: 'sent', externalId: 'at-shop-1' }]),
    );
    const after = await view(loopId);
    expect(after).toMatchObject({ state: 'responded', version: 4 });
    expect(after.history.at(-1)).toMatchObject({ change: 'noted', note: 'reply-sent', actor: { kind: 'system' } });
    await result(reply, 'sent', { closeloop_resend: 'dead-letter:2ba42505-d480-529e-89c0-5e690408f16b' });
    await eventually(() => expect(toldOf(loopId).filter(({ version }) => version === 4)).toHaveLength(2));
    const [first, second] = toldOf(loopId).filter(({ version }) => version === 4);
    expect(second).toEqual(first);
    expect(first).toMatchObject({ change: 'noted', note: 'reply-sent', loop: { state: 'responded' } });
    expect(validatorOf(loopChanged.data)(first)).toBeUndefined();
    expect((await view(loopId)).version).toBe(4);
    await eventually(() => {
      const told = inbox.messages.filter(({ headers }) => headers['ce_id'] === inboxEventId('support', loopId, 4));
      expect(told.map(({ value }) => JSON.parse(value.toString()) as object)).toMatchObject(
        Array(2).fill({
          loopId,
          version: 4,
          change: 'noted',
          note: 'reply-sent',
          feedback: { feedbackId: reply.feedbackId },
        }),
      );
    });
  });

  it('that it failed means that the customer was not answered: its owner has it again, and its time does not count', async () => {
    const { loopId } = await opened();
    const reply = await sentAnswer(loopId);
    expect((await view(loopId)).firstRespondedAt).toBeDefined();
    await result(reply, 'failed');
    await eventually(async () => expect((await view(loopId)).state).toBe('acknowledged'));
    const after = await view(loopId);
    expect(after).toMatchObject({ owner: 'ann', cycle: 1 });
    expect(after.firstRespondedAt).toBeUndefined();
    expect(after.replies).toMatchObject([{ state: 'failed', reason: 'given-up', message: 'Nobody was there.' }]);
    expect(after.history.at(-1)).toMatchObject({ change: 'noted', note: 'reply-failed' });
    // what is kept is what its history tells
    await result(reply, 'sent');
    expect((await respond(loopId, { text: 'By phone then', channel: 'phone' })).body).toMatchObject({
      state: 'responded',
    });
  });

  it('of two, where one failed and one was recorded, leaves the loop answered; where both failed, it does not', async () => {
    const { loopId } = await opened();
    const reply = await sentAnswer(loopId);
    await respond(loopId, { text: 'Called them', channel: 'phone' });
    await result(reply, 'failed');
    await eventually(async () => expect((await view(loopId)).replies).toMatchObject([{ state: 'failed' }]));
    const after = await view(loopId);
    expect(after.state).toBe('responded');
    const recorded = after.history.filter(({ change }: { change: string }) => change === 'responded')[1];
    expect(after.firstRespondedAt).toBe(recorded.at);

    const both = await opened();
    const [one, two] = [await sentAnswer(both.loopId), await sentAnswer(both.loopId)];
    await result(two, 'failed');
    await eventually(async () =>
      expect((await view(both.loopId)).replies).toMatchObject([{ state: 'requested' }, { state: 'failed' }]),
    );
    expect((await view(both.loopId)).state).toBe('responded');
    await result(one, 'failed');
    await eventually(async () => expect((await view(both.loopId)).state).toBe('acknowledged'));
    expect((await view(both.loopId)).firstRespondedAt).toBeUndefined();
  });

  it('in any other state is noted alone', async () => {
    const { loopId } = await opened();
    const reply = await sentAnswer(loopId);
    await call('POST', `/v1/loops/${loopId}/resolve`, { version: 3 });
    await result(reply, 'failed');
    await eventually(async () => expect((await view(loopId)).version).toBe(5));
    expect(await view(loopId)).toMatchObject({ state: 'resolved', firstRespondedAt: expect.any(String) });
  });

  it('of a reply that nobody here asked for is dropped, and stops nothing', async () => {
    const { loopId } = await opened();
    const reply = await sentAnswer(loopId);
    await result({ ...reply, replyId: '2ba42505-d480-529e-89c0-5e690408f16b' }, 'failed');
    await result(reply, 'sent');
    await eventually(async () => expect((await view(loopId)).replies).toMatchObject([{ state: 'sent' }]));
  });
});

describe('two agents', () => {
  it('see each other write; who began first answers, the other may take over, and that is kept', async () => {
    const { loopId, feedbackId } = await opened();
    const draft = { text: 'Dear', feedbackId, revision: 1 };
    const ann = await call('PUT', `/v1/loops/${loopId}/draft`, { body: draft });
    expect(ann.body).toMatchObject({ stale: false, writing: [{ agent: 'ann' }] });
    expect(ann.body).not.toHaveProperty('warning');
    const ben = await call('PUT', `/v1/loops/${loopId}/draft`, { body: draft, as: 'ben' });
    expect(ben).toMatchObject({ status: 200, body: { warning: { reason: 'being-answered', by: 'ann' } } });
    expect((await call('GET', `/v1/loops/${loopId}`, { as: 'ben' })).body.writing).toMatchObject([
      { agent: 'ann', since: expect.any(String), until: expect.any(String) },
      { agent: 'ben' },
    ]);
    const refused = await respond(loopId, { text: 'Dear', channel: 'review' }, 'ben');
    expect(refused).toMatchObject({
      status: 409,
      body: { reason: 'being-answered', writing: [{ agent: 'ann' }, { agent: 'ben' }] },
    });
    const taken = await respond(loopId, { text: 'Dear', channel: 'review', takeOver: true }, 'ben');
    expect(taken.status).toBe(200);
    const after = await view(loopId);
    expect(after.history.at(-1)).toMatchObject({ change: 'responded', takenOverFrom: 'ann', actor: { id: 'ben' } });
    expect(after.writing).toEqual([]);
    // the other one's words are kept, for whoever wrote them
    expect(after.drafts).toMatchObject([{ agent: 'ann' }]);
  });

  it('of two who answer at once, one is told what the other did', async () => {
    const { loopId } = await opened();
    const both = await Promise.all(
      ['ann', 'ben'].map((as) =>
        call('POST', `/v1/loops/${loopId}/respond`, { as, version: 1, body: { text: as, send: true } }),
      ),
    );
    expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(await requestOf(loopId)).toHaveLength(1);
  });

  it('a lock ends by itself, is renewed while one writes, and given up with the draft', async () => {
    const { loopId, feedbackId } = await opened();
    const draft = { text: 'Dear', feedbackId, revision: 1 };
    const { body: first } = await call('PUT', `/v1/loops/${loopId}/draft`, { body: draft });
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const { body: renewed } = await call('POST', `/v1/loops/${loopId}/draft/lock`);
    expect(renewed.writing[0].since).toBe(first.writing[0].since);
    expect(Date.parse(renewed.until)).toBeGreaterThan(Date.parse(first.until));
    expect((await call('DELETE', `/v1/loops/${loopId}/draft`)).status).toBe(204);
    expect(await view(loopId)).toMatchObject({ writing: [], drafts: [] });

    await call('PUT', `/v1/loops/${loopId}/draft`, { body: draft });
    expect((await respond(loopId, { text: 'x', channel: 'review' }, 'ben')).status).toBe(409);
    await eventually(async () => expect((await view(loopId)).writing).toEqual([]), {
      timeoutMs: leaseSeconds * 1_000 + 5_000,
    });
    expect((await respond(loopId, { text: 'x', channel: 'review' }, 'ben')).status).toBe(200);
  });

  it('another team’s agent, and who may not answer, has no part in it', async () => {
    const { loopId, feedbackId } = await opened();
    for (const [as, status] of [
      ['bill', 404],
      ['mia', 403],
    ] as const) {
      const body = { text: 'Dear', feedbackId, revision: 1 };
      expect((await call('PUT', `/v1/loops/${loopId}/draft`, { as, body })).status).toBe(status);
      expect((await call('POST', `/v1/loops/${loopId}/draft/lock`, { as })).status).toBe(status);
      expect((await respond(loopId, { text: 'x', send: true }, as)).status).toBe(status);
      expect((await call('GET', `/v1/loops/${loopId}/suggestions`, { as })).status).toBe(status);
    }
    expect((await call('DELETE', `/v1/loops/${loopId}/draft`, { as: 'bill' })).status).toBe(404);
  });
});

describe('a review that its author edits while it is answered', () => {
  it('makes the draft stale: refused with what there is now, sent once that is confirmed', async () => {
    const it = await opened();
    await call('PUT', `/v1/loops/${it.loopId}/draft`, {
      body: { text: 'Dear', feedbackId: it.feedbackId, revision: 1 },
    });
    await revise(it, 2);
    expect((await view(it.loopId)).drafts).toMatchObject([{ agent: 'ann', stale: true }]);
    for (const body of [{}, { revision: 1 }, { feedbackId: it.feedbackId }]) {
      const refused = await respond(it.loopId, { text: 'Dear', send: true, ...body });
      expect(refused).toMatchObject({
        status: 422,
        body: { reason: 'stale', feedback: { feedbackId: it.feedbackId, revision: 2 } },
      });
    }
    expect((await view(it.loopId)).replies).toEqual([]);
    expect((await respond(it.loopId, { text: 'Dear', send: true, confirmStale: true })).status).toBe(200);
    expect(await requestOf(it.loopId)).toMatchObject([{ revision: 1 }]);
    // who has read the latest words has nothing to confirm
    const other = await opened();
    await revise(other, 2);
    expect((await respond(other.loopId, { text: 'Dear', send: true, revision: 2 })).status).toBe(200);
  });
});

describe('templates', () => {
  const template = (more: object = {}) => ({
    name: `refund ${++count}`,
    variables: [
      { name: 'amount', type: 'money' },
      { name: 'hint', type: 'text', required: false },
    ],
    texts: [
      { language: 'en', text: 'Dear {{customerName}}, you get {{amount}} back.{{hint}}' },
      { language: 'de', text: 'Guten Tag {{customerName}}, Sie erhalten {{amount}} zurück.' },
    ],
    fallback: 'en',
    ...more,
  });
  const create = (body: object, as = 'mia') => call('POST', '/v1/teams/support/templates', { as, body });

  it('are written by managers and admins, and read by the team', async () => {
    for (const as of ['ann', 'bill']) expect((await create(template(), as)).status).toBe(403);
    const { status, body, etag } = await create(template());
    expect([status, etag]).toEqual([201, '"1"']);
    const path = `/v1/teams/support/templates/${body.templateId}`;
    for (const as of ['ann', 'mia', 'root']) expect((await call('GET', path, { as })).body).toEqual(body);
    expect((await call('GET', path, { as: 'bill' })).status).toBe(404);
    expect((await call('GET', '/v1/teams/support/templates', { as: 'bill' })).status).toBe(403);
    expect((await call('GET', '/v1/teams/support/templates')).body.items).toContainEqual(body);
    expect((await call('GET', `/v1/teams/billing/templates/${body.templateId}`, { as: 'root' })).status).toBe(404);
    expect((await call('PUT', path, { as: 'ann', body: template(), version: 1 })).status).toBe(403);
    expect((await call('DELETE', path, { as: 'ann', version: 1 })).status).toBe(403);
  });

  it('are changed by the version that one saw', async () => {
    const { body } = await create(template());
    const path = `/v1/teams/support/templates/${body.templateId}`;
    expect((await call('PUT', path, { as: 'mia', body: template() })).status).toBe(428);
    const changed = await call('PUT', path, { as: 'mia', body: template({ name: 'renamed' }), version: 1 });
    expect(changed).toMatchObject({
      status: 200,
      etag: '"2"',
      body: { name: 'renamed', version: 2, changedBy: 'mia' },
    });
    expect(await call('PUT', path, { as: 'root', body: template(), version: 1 })).toMatchObject({
      status: 409,
      body: { version: 2 },
    });
    expect((await create(template({ name: 'renamed' }))).status).toBe(409);
    const other = await create(template());
    expect(
      (
        await call('PUT', `/v1/teams/support/templates/${other.body.templateId}`, {
          as: 'mia',
          body: template({ name: 'renamed' }),
          version: 1,
        })
      ).status,
    ).toBe(409);
    expect((await call('DELETE', path, { as: 'mia', version: 1 })).status).toBe(409);
    expect((await call('DELETE', path, { as: 'mia', version: 2 })).status).toBe(204);
    expect((await call('DELETE', path, { as: 'mia', version: 2 })).status).toBe(404);
  });

  it('that make no sense are refused with the place and the nearest names', async () => {
    const wrong = await create(template({ texts: [{ language: 'en', text: 'Dear {{custmerName}}' }] }));
    expect(wrong).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/texts/0/text', rule: 'unknownVariable' }] },
    });
    expect(wrong.body.errors[0].message).toContain('line 1, column 6');
    expect(wrong.body.errors[0].message).toContain('customerName');
    for (const body of [
      {},
      template({ variables: [{ name: 'x', type: 'html' }] }),
      template({ fallback: 'ja' }),
      template({ name: 'a\0' }),
    ]) {
      expect((await create(body)).status).toBe(400);
    }
  });

  it('speak the customer’s language, say so where they cannot, and are sent as they read', async () => {
    const { body } = await create(template());
    const german = await opened({}, { author: { name: 'Anna' } }, 'de');
    const japanese = await opened({}, { author: { name: 'Yuki' } }, 'ja');
    const render = (loopId: string, variables: object) =>
      call('POST', `/v1/teams/support/templates/${body.templateId}/render`, { body: { loopId, variables } });
    expect((await render(german.loopId, { amount: '12.5 EUR' })).body).toEqual({
      ...{ language: 'de', wanted: 'de', isFallback: false, text: 'Guten Tag Anna, Sie erhalten 12,50\u00a0€ zurück.' },
    });
    expect((await render(japanese.loopId, { amount: '12.5 EUR' })).body).toMatchObject({
      language: 'en',
      wanted: 'ja',
      isFallback: true,
    });
    expect((await render(german.loopId, { amount: 12 })).body.errors).toMatchObject([
      { pointer: '/variables/amount', rule: 'money' },
    ]);
    expect((await render(german.loopId, {})).body.errors).toMatchObject([
      { pointer: '/variables/amount', rule: 'isDefined' },
    ]);
    const billing = await opened({ team: 'billing' });
    expect((await render(billing.loopId, { amount: '1 EUR' })).status).toBe(400);

    const both = { text: 'x', templateId: body.templateId, send: true };
    expect((await respond(german.loopId, both)).status).toBe(400);
    expect((await respond(german.loopId, { send: true })).status).toBe(400);
    const sent = await respond(german.loopId, {
      templateId: body.templateId,
      variables: { amount: '12.5 EUR' },
      send: true,
    });
    expect(sent.status).toBe(200);
    expect(await requestOf(german.loopId)).toMatchObject([
      { text: 'Guten Tag Anna, Sie erhalten 12,50\u00a0€ zurück.', language: 'de' },
    ]);
    const foreign = await respond(
      billing.loopId,
      { templateId: body.templateId, variables: { amount: '1 EUR' }, send: true },
      'root',
    );
    expect(foreign.body.errors).toMatchObject([{ pointer: '/templateId' }]);
  });
});

describe('suggestions', () => {
  const suggestions = async ({ loopId }: Opened) => (await call('GET', `/v1/loops/${loopId}/suggestions`)).body;
  const twice = 'I was charged twice for the same night and nobody refunds me';

  it('are the team’s own answers to what says the same; none of what was objected to, failed, erased or another team’s', async () => {
    const told = async (text: string, answer: string, options: RoutedOptions = {}, as = 'ann') => {
      const there = await opened({ text, ...options });
      expect((await respond(there.loopId, { text: answer, channel: 'review' }, as)).status).toBe(200);
      return there;
    };
    const good = await told(twice, 'We refunded the second charge.');
    await told('The shower was cold and the water smelled', 'A plumber came.');
    await told(twice, 'Billing says no.', { team: 'billing' }, 'bill');
    const objected = await told(twice, 'Not our problem.', { stars: 3 });
    await call('POST', `/v1/loops/${objected.loopId}/resolve`, { version: 3 });
    await revise(objected, 2, { text: twice, stars: 1 });
    expect(await view(objected.loopId)).toMatchObject({ state: 'reopened' });
    const failing = await opened({ text: twice });
    const { body } = await respond(failing.loopId, { text: 'It never came.', send: true });
    await result(
      { replyId: replyIdOf(failing.loopId, body.version), loopId: failing.loopId, feedbackId: failing.feedbackId },
      'failed',
    );
    await eventually(async () => expect((await view(failing.loopId)).state).toBe('acknowledged'));

    const fresh = await opened({ text: 'Charged twice! I want a refund for the night' });
    const found = await suggestions(fresh);
    expect(found.suggestions).toMatchObject([
      {
        text: 'We refunded the second charge.',
        loopId: good.loopId,
        excerpt: expect.stringContaining('charged twice'),
        verified: false,
      },
    ]);
    expect(found.suggestions[0].similarity).toBeGreaterThan(0.3);
    // nobody was answered by looking
    expect(await view(fresh.loopId)).toMatchObject({ state: 'opened', replies: [] });

    const other = await opened({ text: 'Where can I park my bicycle' });
    expect(await suggestions(other)).toEqual({ suggestions: [], message: expect.stringContaining('similar enough') });

    await environment.publish(feedbackRouted.topic, [messageOf(routed(good.name, { deleted: true, revision: 2 }))]);
    await eventually(async () => expect((await suggestions(fresh)).suggestions).toEqual([]));
    expect(
      await environment.query('loop', `select 1 from words where feedback_id = $1 and answers is not null`, [
        good.feedbackId,
      ]),
    ).toEqual([]);
  });
});
