import {
  feedbackTagged,
  hopEventId,
  resendHeader,
  type Feedback,
  type FeedbackTagged,
  type Tags,
} from '@closeloop/contracts';
import { createTopics } from '@closeloop/messaging';
import { createService, migrateDatabase, type RunningService } from '@closeloop/platform';
import { eventually, testEnvironment, type Recorder, type TestEnvironment } from '@closeloop/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { feedbackWith } from './domain/feedback.fixture.js';
import { shippedKnowledge } from './infrastructure/shipped-knowledge.js';
import { learningDatabase } from './learning.database.js';
import { LearningModule } from './learning.module.js';

const uuid = (last: number): string => `00000000-0000-5000-8000-${String(last).padStart(12, '0')}`;
const { name: shipped } = shippedKnowledge([]);

const tagsWith = (tags: Partial<Tags> = {}): Tags => ({
  language: { tag: 'en', confidence: 0.99 },
  sentiment: { label: 'neutral', score: 0, confidence: 0.5 },
  model: shipped,
  taggedBy: 'model',
  ...tags,
});

/** Learns in the thread that `npm test` has built. */
describe('learning, on a real Kafka and Postgres', () => {
  let environment: TestEnvironment;
  let service: RunningService;
  let tagged: Recorder;
  let manager: string;
  let agent: string;

  const publish = (
    events: readonly {
      feedback: Feedback;
      tagRevision?: number;
      tags: Tags | null;
      resent?: boolean;
      partition?: number;
    }[],
  ) =>
    environment.publish(
      feedbackTagged.topic,
      events.map(({ feedback, tagRevision = 1, tags, resent, partition }) => ({
        key: feedback.feedbackId,
        ...(partition !== undefined && { partition }),
        value: { feedback, tagRevision, tags } satisfies FeedbackTagged,
        headers: {
          ce_specversion: '1.0',
          ce_id: hopEventId('tagged', { ...feedback, tagRevision }),
          ce_type: feedbackTagged.topic,
          ce_source: 'closeloop/sentiment',
          ce_subject: feedback.feedbackId,
          ce_time: '2026-11-21T10:00:00.000Z',
          'content-type': 'application/json',
          ...(resent && { [resendHeader]: 'a-republish' }),
        },
      })),
    );
  const ask = async (
    token: string,
    method: string,
    path: string,
    body?: object,
    headers: Record<string, string> = {},
  ) => {
    const response = await fetch(service.url + path, {
      method,
      headers: {
        ...{ authorization: `Bearer ${token}`, ...headers },
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      etag: response.headers.get('etag'),
      body: JSON.parse(text) as Record<string, unknown>,
    };
  };
  const correct = (feedbackId: string, said: object, headers?: Record<string, string>) =>
    ask(agent, 'POST', `/v1/feedback/${feedbackId}/tags`, said, headers);
  const read = (feedbackId: string) => ask(agent, 'GET', `/v1/feedback/${feedbackId}/tags`);
  const kept = (feedbackId: string) => eventually(async () => expect((await read(feedbackId)).status).toBe(200));
  const toldOf = (feedbackId: string, source: string) =>
    tagged.messages
      .filter(({ key, headers }) => key === feedbackId && headers['ce_source'] === `closeloop/${source}`)
      .map(({ headers, value }) => ({ id: headers['ce_id'], ...(JSON.parse(value.toString()) as FeedbackTagged) }));

  beforeAll(async () => {
    environment = await testEnvironment({ prefix: 'learning' });
    await Promise.all([createTopics(environment.env), migrateDatabase('learning', learningDatabase, environment.env)]);
    const env = { ...environment.env, LEARNING_EVERY_SECONDS: '0' };
    [tagged, service, manager, agent] = await Promise.all([
      environment.record(feedbackTagged.topic),
      createService('learning', LearningModule, { env, logger: false }),
      environment.token({ sub: 'mona', roles: ['manager'] }),
      environment.token({ sub: 'ada', roles: ['agent'], teams: ['support'] }),
    ]);
  });

  afterAll(async () => {
    await service?.close();
    await environment?.close();
  });

  it('given a correction: the next revision of the tags is told, and who said what is kept', async () => {
    const feedback = feedbackWith({ feedbackId: uuid(1), text: 'Well, that went great. Not.' });
    await publish([{ feedback, tags: tagsWith({ sentiment: { label: 'positive', score: 0.7, confidence: 0.8 } }) }]);
    await kept(uuid(1));
    const answer = await correct(
      uuid(1),
      { sentiment: 'negative', topics: [{ name: 'service' }] },
      { 'if-match': '"1.1"' },
    );
    expect(answer).toMatchObject({ status: 200, etag: '"1.2"', body: { tagRevision: 2, tags: { taggedBy: 'human' } } });
    await eventually(() => expect(toldOf(uuid(1), 'learning')).toHaveLength(1));
    expect(toldOf(uuid(1), 'learning')[0]).toMatchObject({
      id: hopEventId('tagged', { ...feedback, tagRevision: 2 }),
      ...{ feedback, tagRevision: 2 },
      tags: { sentiment: { label: 'negative', confidence: 1 }, topics: [{ name: 'service' }], taggedBy: 'human' },
    });
    expect((await read(uuid(1))).body['corrections']).toMatchObject([
      { revision: 1, tagRevision: 2, by: 'ada', said: { sentiment: 'negative', topics: [{ name: 'service' }] } },
    ]);

    // Twice said is once said; who saw the tags before it is told what stands.
    expect(await correct(uuid(1), { sentiment: 'negative' })).toMatchObject({ status: 200, etag: '"1.2"' });
    expect(await correct(uuid(1), { sentiment: 'neutral' }, { 'if-match': '"1.1"' })).toMatchObject({
      status: 409,
      body: { type: 'urn:closeloop:version-conflict', tagRevision: 2 },
    });
    expect(toldOf(uuid(1), 'learning')).toHaveLength(1);
  });

  it.each([
    [{}, '', 'correction'],
    [{ sentiment: 'angry' }, '/sentiment', 'isIn'],
    [{ topics: [{ name: 'Billing!' }] }, '/topics/0/name', 'matches'],
    [{ topics: [{ name: 'billing' }, { name: 'billing' }] }, '/topics/1/name', 'arrayUnique'],
    [{ mood: 'bad' }, '/mood', 'whitelistValidation'],
  ])('given %j: refused, with the field and the rule', async (said, pointer, rule) => {
    const { status, body } = await correct(uuid(1), said);
    expect(status).toBe(400);
    expect(body['errors']).toMatchObject([{ pointer, rule }]);
  });

  it('given what is not there, or somebody who may not: says so', async () => {
    expect((await correct(uuid(999), { sentiment: 'neutral' })).status).toBe(404);
    expect((await correct('no-id', { sentiment: 'neutral' })).status).toBe(404);
    expect((await ask(agent, 'POST', '/v1/models/learn')).status).toBe(403);
    expect((await ask('nonsense', 'GET', '/v1/models')).status).toBe(401);
  });

  it.each([
    ['in one batch', true],
    ['one after the other', false],
  ])('given a later revision, then an earlier one, %s: the later one stands', async (_case, atOnce) => {
    const feedbackId = uuid(atOnce ? 21 : 22);
    const later = feedbackWith({ feedbackId, text: 'second', revision: 2, contentHash: 'b'.repeat(64) });
    const earlier = { feedback: feedbackWith({ feedbackId, text: 'first' }), tagRevision: 3, tags: tagsWith() };
    // Behind it in its partition
    const next = feedbackWith({ feedbackId: uuid(atOnce ? 23 : 24) });
    const partition = 0;
    await publish([{ feedback: later, tags: tagsWith(), partition }, ...(atOnce ? [{ ...earlier, partition }] : [])]);
    await kept(feedbackId);
    if (!atOnce) await publish([{ ...earlier, partition }]);
    await publish([{ feedback: next, tags: tagsWith(), partition }]);
    await kept(next.feedbackId);
    expect((await read(feedbackId)).body).toMatchObject({ revision: 2, tagRevision: 1 });
  });

  it('given a deletion: the words are gone, those of the corrections too, and an earlier revision does not bring them back', async () => {
    const feedback = feedbackWith({ feedbackId: uuid(3), text: 'my number is 0151 5550199' });
    await publish([{ feedback, tags: tagsWith() }]);
    await kept(uuid(3));
    expect((await correct(uuid(3), { sentiment: 'negative' })).status).toBe(200);
    const { text: _text, ...rest } = feedback;
    await publish([
      { feedback: { ...rest, kind: 'deleted', revision: 2, contentHash: 'c'.repeat(64) }, tags: null },
      { feedback, tags: tagsWith() },
    ]);
    await eventually(async () => expect((await read(uuid(3))).status).toBe(404));
    expect((await correct(uuid(3), { sentiment: 'positive' })).status).toBe(404);
    const words = await environment.query<{ words: string | null }>(
      'learning',
      `select feedback::text as words from correction where feedback_id = $1
       union all select feedback::text from tagged_feedback where feedback_id = $1`,
      [uuid(3)],
    );
    expect(words).toEqual([{ words: null }, { words: null }]);
  });

  it('given tags that are sent again by a republish: what a person has said of them is told again, under its id', async () => {
    const feedback = feedbackWith({ feedbackId: uuid(4), text: 'so so' });
    await publish([{ feedback, tags: tagsWith() }]);
    await kept(uuid(4));
    await correct(uuid(4), { sentiment: 'negative' });
    await eventually(() => expect(toldOf(uuid(4), 'learning')).toHaveLength(1));
    await publish([{ feedback, tags: tagsWith(), resent: true }]);
    await eventually(() => expect(toldOf(uuid(4), 'learning')).toHaveLength(2));
    const [first, again] = toldOf(uuid(4), 'learning');
    expect(again).toEqual(first);
  });

  it('given enough corrections: a model is learned, tried on those held back, active, gone back from, and waits then for a person', async () => {
    const said = Array.from({ length: 60 }, (_, n) => [
      { text: `that ride number ${n} was totally sick`, sentiment: 'positive' },
      { text: `the queue number ${n} was awful`, sentiment: 'negative' },
      { text: `we took ride number ${n} in the afternoon`, sentiment: 'neutral' },
    ]).flat();
    const first = 1_000;
    await publish(
      said.map(({ text }, n) => ({ feedback: feedbackWith({ feedbackId: uuid(first + n), text }), tags: tagsWith() })),
    );
    await Promise.all(said.map((_, n) => kept(uuid(first + n))));
    expect((await ask(manager, 'POST', '/v1/models/learn')).body).toMatchObject({ activated: false });
    for (const [n, { sentiment }] of said.entries()) {
      expect((await correct(uuid(first + n), { sentiment })).status).toBe(200);
    }
    const { body: learned } = await ask(manager, 'POST', '/v1/models/learn');
    expect(learned).toMatchObject({ activated: true, trials: { sentiment: { better: true } } });
    const version = learned['version'] as string;
    expect((await ask(manager, 'GET', '/v1/models')).body).toMatchObject({
      ...{ shipped, active: { version, name: `${shipped}+own@${version}`, by: 'mona', rollback: false } },
      models: [{ version, base: shipped, comparedWith: 'shipped', trials: learned['trials'] }],
    });

    // Learned again: it is as good as itself, and not better.
    expect((await ask(manager, 'POST', '/v1/models/learn')).body).toMatchObject({ activated: false });

    const back = await ask(manager, 'POST', '/v1/models/rollback', { reason: 'the shops complain' });
    expect(back).toMatchObject({ status: 200, body: { version: 'shipped', rollback: true } });
    expect((await ask(manager, 'POST', '/v1/models/rollback', { reason: 'again' })).status).toBe(409);
    expect((await ask(manager, 'POST', '/v1/models/learn')).body).toMatchObject({
      ...{ version, activated: false, held: 'by-person' },
    });
    const again = await ask(manager, 'POST', '/v1/models/active', { version, reason: 'looked at' });
    expect(again).toMatchObject({ status: 200, body: { version, reason: 'looked at' } });
    expect((await ask(manager, 'POST', '/v1/models/active', { version: '00000000', reason: 'x' })).status).toBe(404);
  }, 60_000);

  it('given a period to be judged anew: new revisions by the chosen model, no faster than asked, what a person has said left alone', async () => {
    const { body: models } = await ask(manager, 'GET', '/v1/models');
    const { version } = (models as { active: { version: string } }).active;
    const receivedAt = (second: number) => `2026-11-22T08:00:${String(second).padStart(2, '0')}.000Z`;
    const feedback = Array.from({ length: 30 }, (_, n) =>
      feedbackWith({ feedbackId: uuid(2_000 + n), text: `ride ${n} was totally sick`, receivedAt: receivedAt(n) }),
    );
    await publish(
      feedback.map((one) => ({
        feedback: one,
        tags: tagsWith({ sentiment: { label: 'negative', score: -1, confidence: 0.9 } }),
      })),
    );
    await Promise.all(feedback.map(({ feedbackId }) => kept(feedbackId)));
    await correct(uuid(2_005), { sentiment: 'negative' });
    await eventually(() => expect(toldOf(uuid(2_005), 'learning')).toHaveLength(1));

    const period = { from: receivedAt(0), to: receivedAt(29), model: version, perSecond: 10 };
    const begun = performance.now();
    const asked = await ask(manager, 'POST', '/v1/retags', period);
    expect(asked).toMatchObject({ status: 202, body: { state: 'running', version } });
    const path = `/v1/retags/${asked.body['retagId'] as string}`;
    await eventually(async () => expect((await ask(manager, 'GET', path)).body['state']).toBe('done'), {
      timeoutMs: 20_000,
    });
    // Ten at once, then two pauses of a second
    expect(performance.now() - begun).toBeGreaterThan(2_000);
    expect((await ask(manager, 'GET', path)).body).toMatchObject({
      lookedAt: 29,
      retagged: 28,
      changed: 28,
      leftHuman: 1,
    });
    await eventually(() => expect(toldOf(uuid(2_000), 'learning')).toHaveLength(1));
    expect(toldOf(uuid(2_000), 'learning')[0]).toMatchObject({
      tagRevision: 2,
      tags: { sentiment: { label: 'positive' }, model: `${shipped}+own@${version}`, taggedBy: 'model' },
    });
    expect(toldOf(uuid(2_005), 'learning')).toHaveLength(1);
    expect(toldOf(uuid(2_029), 'learning')).toEqual([]);

    // The same again changes nothing, and tells nobody anything.
    const again = await ask(manager, 'POST', '/v1/retags', { ...period, perSecond: 1_000 });
    const pathAgain = `/v1/retags/${again.body['retagId'] as string}`;
    await eventually(async () => expect((await ask(manager, 'GET', pathAgain)).body['state']).toBe('done'));
    expect((await ask(manager, 'GET', pathAgain)).body).toMatchObject({ lookedAt: 29, retagged: 0, leftHuman: 1 });
    expect(toldOf(uuid(2_000), 'learning')).toHaveLength(1);
  }, 60_000);

  it('given a retag that is stopped: goes on no more', async () => {
    const period = { from: '2026-11-21T00:00:00Z', to: '2026-11-23T00:00:00Z', perSecond: 1 };
    const { body } = await ask(manager, 'POST', '/v1/retags', period);
    const path = `/v1/retags/${body['retagId'] as string}`;
    expect((await ask(manager, 'POST', `${path}/stop`)).body).toMatchObject({ state: 'stopped' });
    const { body: stopped } = await ask(manager, 'GET', path);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect((await ask(manager, 'GET', path)).body).toEqual(stopped);
  });
});
