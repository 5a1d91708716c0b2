import {
  feedbackTagged,
  hopEventId,
  loopChanged,
  loopEventId,
  loopIdOf,
  resendHeader,
  settlementEventId,
  type Feedback,
  type FeedbackTagged,
  type LoopChanged,
  type Tags,
} from '@closeloop/contracts';
import { createTopics } from '@closeloop/messaging';
import { createService, migrateDatabase, type RunningService } from '@closeloop/platform';
import { eventually, testEnvironment, type Recorder, type TestEnvironment } from '@closeloop/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { feedbackWith } from './domain/feedback.fixture.js';
import { TaggedStore } from './domain/tagged-store.js';
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

  const publish = async (
    events: readonly {
      feedback: Feedback;
      tagRevision?: number;
      tags: Tags | null;
      resent?: boolean;
      partition?: number;
    }[],
  ) => {
    await environment.publish(
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
    await tell(events.map(({ feedback: { feedbackId, revision } }) => noLoop(feedbackId, revision, 'support')));
  };
  const tell = (events: readonly LoopChanged[]) =>
    environment.publish(
      loopChanged.topic,
      events.map((value) => ({
        ...{ key: value.loopId, value },
        headers: {
          ce_specversion: '1.0',
          ce_id:
            value.version > 0
              ? loopEventId(value.loopId, value.version)
              : settlementEventId(value.feedback!.feedbackId, value.feedback!.settlement),
          ce_type: loopChanged.topic,
          ce_source: 'closeloop/loop',
          ce_subject: value.loopId,
          ce_time: '2026-11-21T10:00:00.000Z',
          'content-type': 'application/json',
        },
      })),
    );
  const settled = (
    feedbackId: string,
    settlement: number,
    outcome: 'loop' | 'joined' | 'no-loop' | 'superseded',
    team: string,
  ) => ({ ...{ feedbackId, revision: 1, tagRevision: 1, routeRevision: 1, settlement, outcome, team } });
  const noLoop = (
    feedbackId: string,
    settlement: number,
    team: string,
    outcome: 'no-loop' | 'superseded' = 'no-loop',
  ): LoopChanged => ({
    ...{ loopId: loopIdOf(feedbackId), version: 0, change: 'settled', at: '2026-11-21T10:00:00.000Z' },
    ...{ actor: { kind: 'source' }, loop: null, feedback: settled(feedbackId, settlement, outcome, team) },
  });
  const step = (
    loopId: string,
    version: number,
    change: LoopChanged['change'],
    team: string,
    feedback?: LoopChanged['feedback'],
  ): LoopChanged => ({
    ...{ loopId, version, change, at: '2026-11-21T10:00:00.000Z', actor: { kind: 'agent', id: 'ada' } },
    ...{ loop: { state: 'opened', cycle: 1, team, priority: 'high' }, ...(feedback && { feedback }) },
  });
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

    // What a person takes back of a person's word says nothing of the tagger.
    expect((await correct(uuid(1), { sentiment: 'mixed', topics: [] })).status).toBe(200);
    const accuracy = await ask(manager, 'GET', '/v1/accuracy?weeks=2');
    const parts = (accuracy.body['weeks'] as { parts: unknown }[]).at(-1)!.parts;
    expect(parts).toEqual({
      sentiment: { n: 1, right: 0, value: 0, interval: [expect.any(Number), expect.any(Number)] },
      topics: expect.objectContaining({ n: 1, right: 0 }),
    });
    expect((await ask(manager, 'GET', '/v1/accuracy?weeks=0')).status).toBe(400);
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

  describe('whose a feedback is', () => {
    /** Until an agent of support reads it or does not */
    const isOurs = (feedbackId: string, ours: boolean) =>
      eventually(async () => expect((await read(feedbackId)).status).toBe(ours ? 200 : 404));
    let markers = 0;
    /** Until what was told of that loop is read: with another event behind it in its partition */
    const allRead = async (loopId: string) => {
      const marker = uuid(3_900 + markers++);
      await tell([{ ...noLoop(marker, 1, 'support'), loopId }]);
      await eventually(async () =>
        expect(
          await environment.query('learning', 'select from feedback_place where feedback_id = $1', [marker]),
        ).toHaveLength(1),
      );
    };
    const [opener, joiner] = [uuid(3_000), uuid(3_001)];
    const loopId = loopIdOf(opener);

    it('given one that nobody has: no agent is told that it is there; a manager reads it', async () => {
      const feedback = feedbackWith({ feedbackId: uuid(3_100), text: 'whose?' });
      await environment.publish(feedbackTagged.topic, [
        {
          key: feedback.feedbackId,
          value: { feedback, tagRevision: 1, tags: tagsWith() } satisfies FeedbackTagged,
          headers: {
            ...{ ce_specversion: '1.0', ce_id: hopEventId('tagged', { ...feedback, tagRevision: 1 }) },
            ...{ ce_type: feedbackTagged.topic, ce_source: 'closeloop/sentiment', ce_subject: feedback.feedbackId },
            ...{ ce_time: '2026-11-21T10:00:00.000Z', 'content-type': 'application/json' },
          },
        },
      ]);
      const path = `/v1/feedback/${feedback.feedbackId}/tags`;
      await eventually(async () => expect((await ask(manager, 'GET', path)).status).toBe(200));
      const hidden = await read(feedback.feedbackId);
      const { body: none } = await read(uuid(999));
      expect(hidden).toMatchObject({ status: 404, body: { type: none['type'], detail: none['detail'] } });
    });

    it('given a loop that moves: all feedback in it moves with it, and what came too late moves nothing', async () => {
      await publish(
        [opener, joiner].map((feedbackId) => ({ feedback: feedbackWith({ feedbackId }), tags: tagsWith() })),
      );
      await Promise.all([kept(opener), kept(joiner)]);
      await tell([
        step(loopId, 1, 'opened', 'support', settled(opener, 2, 'loop', 'support')),
        step(loopId, 2, 'joined', 'support', settled(joiner, 2, 'joined', 'support')),
        step(loopId, 3, 'escalated', 'billing'),
      ]);
      await Promise.all([isOurs(opener, false), isOurs(joiner, false)]);
      expect((await correct(opener, { sentiment: 'negative' })).status).toBe(404);
      expect(toldOf(opener, 'learning')).toEqual([]);
      // a settlement that was overtaken, the first one again, and the loop as it was
      await tell([
        noLoop(opener, 3, 'support', 'superseded'),
        noLoop(joiner, 1, 'support'),
        step(loopId, 2, 'joined', 'support', settled(joiner, 2, 'joined', 'support')),
      ]);
      await Promise.all([allRead(loopId), allRead(loopIdOf(joiner))]);
      expect(
        await environment.query('learning', 'select version, team from known_loop where loop_id = $1', [loopId]),
      ).toEqual([{ version: 3, team: 'billing' }]);
      expect([(await read(opener)).status, (await read(joiner)).status]).toEqual([404, 404]);
      await tell([step(loopId, 5, 'assigned', 'support')]);
      await Promise.all([isOurs(opener, true), isOurs(joiner, true)]);
    });

    it('given a split: the loop of its own is whose it is', async () => {
      const own = loopIdOf(joiner);
      await tell([
        step(loopId, 6, 'split', 'support'),
        step(own, 1, 'opened', 'support', settled(joiner, 3, 'loop', 'support')),
      ]);
      await tell([step(loopId, 7, 'assigned', 'product')]);
      await isOurs(opener, false);
      expect((await read(joiner)).status).toBe(200);
      await tell([step(own, 2, 'assigned', 'product')]);
      await isOurs(joiner, false);
    });

    it('given feedback that is forgotten: whose it was goes with it, its loop with the last of it, and does not come back', async () => {
      const ids = [uuid(3_200), uuid(3_201)];
      const [old, older] = ids as [string, string];
      const their = loopIdOf(old);
      await publish(ids.map((feedbackId) => ({ feedback: feedbackWith({ feedbackId }), tags: tagsWith() })));
      await tell([
        step(their, 1, 'opened', 'support', settled(old, 2, 'loop', 'support')),
        step(their, 2, 'joined', 'support', settled(older, 2, 'joined', 'support')),
      ]);
      await Promise.all(ids.map(kept));
      const left = async () => ({
        places: (
          await environment.query<{ id: string }>(
            'learning',
            'select feedback_id as id from feedback_place where feedback_id = any($1::uuid[]) order by id',
            [ids],
          )
        ).map(({ id }) => id),
        loops: (await environment.query('learning', 'select from known_loop where loop_id = $1', [their])).length,
      });
      await eventually(async () => expect(await left()).toEqual({ places: ids, loops: 1 }));
      const forget = async (feedbackId: string) => {
        await environment.query(
          'learning',
          `update tagged_feedback set received_at = '2001-01-01' where feedback_id = $1`,
          [feedbackId],
        );
        await service.app.get(TaggedStore).forget(3_650, 1_000);
      };
      await forget(older);
      expect(await left()).toEqual({ places: [old], loops: 1 });
      await forget(old);
      expect(await left()).toEqual({ places: [], loops: 0 });
      await tell([step(their, 3, 'noted', 'support')]);
      await allRead(their);
      expect(await left()).toEqual({ places: [], loops: 0 });
    });
  });
});
