import { deriveId, feedbackIdOf, feedbackReceived, type FeedbackReceived } from '@closeloop/contracts';
import { eventually, type Recorder } from '@closeloop/testing';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { IngestionFixture } from '../ingestion.fixture.js';

jest.setTimeout(60_000);

describe('Feedback over HTTP, two replicas', () => {
  let ingestion: IngestionFixture;
  let received: Recorder;
  beforeAll(async () => {
    ingestion = await IngestionFixture.start(2);
    received = await ingestion.test.record(feedbackReceived.topic);
  });
  afterAll(() => ingestion.stop());

  let count = 0;
  const fresh = () => `id-${count++}`;
  const review = (externalId: string, more: object = {}) => ({ channel: 'review', externalId, text: 'Fine.', ...more });
  /** Those of one feedback in the order of their first sending; sending one twice is normal. */
  const eventsOf = (feedbackId: string) =>
    [
      ...new Map(
        (received.json() as FeedbackReceived[])
          .filter((event) => event.feedbackId === feedbackId)
          .reverse()
          .map((event) => [event.contentHash, event] as const),
      ).values(),
    ].reverse();
  const at = (hour: number) => `2026-03-01T${String(hour).padStart(2, '0')}:00:00Z`;

  /** Sends one after the other, to alternating replicas; answers [status, result, revision]. */
  async function play(...bodies: object[]): Promise<unknown[]> {
    const answers: unknown[] = [];
    for (const [index, body] of bodies.entries()) {
      const { status, body: answer } = await ingestion.post('/v1/feedback', body, { to: index % 2 });
      const { result, revision, reason } = answer as { result: string; revision: number; reason?: string };
      answers.push([status, result, revision, ...(reason ? [reason] : [])]);
    }
    return answers;
  }

  describe('row by row', () => {
    it('an unknown id is accepted as revision 1, with an event and a Location', async () => {
      const externalId = fresh();
      const { status, headers, body } = await ingestion.post('/v1/feedback', review(externalId));
      const feedbackId = feedbackIdOf('shop', externalId);
      expect([status, body]).toEqual([202, { result: 'accepted', feedbackId, revision: 1 }]);
      expect(headers.get('location')).toBe(`/v1/feedback/${feedbackId}`);
      await eventually(() => expect(eventsOf(feedbackId)).toHaveLength(1));
      expect(eventsOf(feedbackId)[0]).toMatchObject({
        feedbackId,
        revision: 1,
        text: 'Fine.',
        source: 'shop',
        kind: 'created',
      });
    });

    it("the latest's content is a duplicate, and makes no event", async () => {
      const externalId = fresh();
      expect(await play(review(externalId), review(externalId), review(externalId, { title: null }))).toEqual([
        [202, 'accepted', 1],
        [200, 'duplicate', 1],
        [200, 'duplicate', 1],
      ]);
      const sentinel = fresh();
      await play(review(sentinel));
      await eventually(() => expect(eventsOf(feedbackIdOf('shop', sentinel))).toHaveLength(1));
      await eventually(() => expect(eventsOf(feedbackIdOf('shop', externalId))).toHaveLength(1));
    });

    it('a late retry of an earlier revision is a duplicate, unless it has an updatedAt', async () => {
      const externalId = fresh();
      expect(
        await play(
          review(externalId, { text: 'one' }),
          review(externalId, { text: 'two' }),
          review(externalId, { text: 'one' }),
          review(externalId, { text: 'one', updatedAt: at(1) }),
        ),
      ).toEqual([
        [202, 'accepted', 1],
        [202, 'revised', 2],
        [200, 'duplicate', 2],
        [202, 'revised', 3],
      ]);
    });

    it('an older updatedAt is stale, an equal one revised', async () => {
      const externalId = fresh();
      expect(
        await play(
          review(externalId, { updatedAt: at(5) }),
          review(externalId, { text: 'old', updatedAt: at(4) }),
          review(externalId, { text: 'same time', updatedAt: at(5) }),
          review(externalId, { text: 'no time' }),
          review(externalId, { text: 'old', updatedAt: at(4) }),
        ),
      ).toEqual([
        [202, 'accepted', 1],
        [200, 'stale', 1],
        [202, 'revised', 2],
        [202, 'revised', 3],
        [200, 'stale', 3],
      ]);
    });

    it('a deletion is a tombstone; only what is newer comes back', async () => {
      const externalId = fresh();
      expect(
        await play(
          review(externalId, { updatedAt: at(1) }),
          review(externalId, { kind: 'deleted', updatedAt: at(2) }),
          review(externalId, { kind: 'deleted', updatedAt: at(2) }),
          review(externalId, { text: 'poll' }),
          review(externalId, { text: 'poll', kind: 'updated', updatedAt: at(2) }),
          review(externalId, { text: 'again', updatedAt: at(3) }),
        ),
      ).toEqual([
        [202, 'accepted', 1],
        [202, 'revised', 2],
        [200, 'duplicate', 2],
        [200, 'stale', 2, 'deleted'],
        [200, 'stale', 2, 'deleted'],
        [202, 'revised', 3],
      ]);
      const feedbackId = feedbackIdOf('shop', externalId);
      await eventually(() => expect(eventsOf(feedbackId)).toHaveLength(3));
      expect(eventsOf(feedbackId).map(({ revision, kind, text }) => [revision, kind, text])).toEqual([
        [1, 'created', 'Fine.'],
        [2, 'deleted', undefined],
        [3, 'created', 'again'],
      ]);
    });

    it('a deletion of an unknown id is accepted as a tombstone', async () => {
      const externalId = fresh();
      expect(await play(review(externalId, { kind: 'deleted' }), review(externalId))).toEqual([
        [202, 'accepted', 1],
        [200, 'stale', 1, 'deleted'],
      ]);
    });
  });

  it('the same id twice in one request makes two revisions', async () => {
    const externalId = fresh();
    const { status, body } = await ingestion.post('/v1/feedback/batch', [
      review(externalId, { text: 'one' }),
      review(externalId, { text: 'two' }),
      review(externalId, { text: 'two' }),
    ]);
    const feedbackId = feedbackIdOf('shop', externalId);
    expect(status).toBe(200);
    expect(body).toEqual([
      { index: 0, result: 'accepted', feedbackId, revision: 1 },
      { index: 1, result: 'revised', feedbackId, revision: 2 },
      { index: 2, result: 'duplicate', feedbackId, revision: 2 },
    ]);
    await eventually(() => expect(eventsOf(feedbackId).map(({ revision }) => revision)).toEqual([1, 2]));
  });

  it('one id written by both replicas at once gets revisions without a gap, sent in their order, each text once', async () => {
    const before = await ingestion.results();
    const ids = Array.from({ length: 20 }, fresh);
    const answers = await Promise.all(
      Array.from({ length: 24 }, async (_, turn) => {
        const batch = ids.map((externalId) => review(externalId, { text: `turn ${turn % 12}` }));
        const { status, body } = await ingestion.post('/v1/feedback/batch', turn % 3 ? batch : batch.reverse(), {
          to: turn % 2,
        });
        expect(status).toBe(200);
        return body as { result: string; feedbackId: string; revision: number }[];
      }),
    );
    const results = answers.flat();
    for (const externalId of ids) {
      const feedbackId = feedbackIdOf('shop', externalId);
      const own = results.filter((one) => one.feedbackId === feedbackId);
      const revisions = own
        .filter(({ result }) => result === 'accepted' || result === 'revised')
        .map(({ revision }) => revision);
      expect(revisions.sort((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, index) => index + 1));
      expect(own.filter(({ result }) => result === 'accepted')).toHaveLength(1);
      await eventually(() => expect(eventsOf(feedbackId)).toHaveLength(12));
      expect(eventsOf(feedbackId).map(({ revision }) => revision)).toEqual(
        Array.from({ length: 12 }, (_, index) => index + 1),
      );
    }
    const after = await ingestion.results();
    expect(after['accepted']! - before['accepted']!).toBe(20);
    expect(after['revised']! - before['revised']!).toBe(220);
    expect(after['duplicate']! - before['duplicate']!).toBe(240);
  });

  it('new ids that both replicas see first at the same moment are accepted once', async () => {
    for (let turn = 0; turn < 10; turn++) {
      const batch = Array.from({ length: 50 }, fresh).map((externalId) => review(externalId));
      const answers = await Promise.all(
        [0, 1].map((to) => ingestion.post('/v1/feedback/batch', to ? [...batch].reverse() : batch, { to })),
      );
      expect(answers.map(({ status }) => status)).toEqual([200, 200]);
      const results = answers.flatMap(({ body }) => (body as { result: string }[]).map(({ result }) => result));
      expect(results.filter((result) => result === 'accepted')).toHaveLength(50);
      expect(results.filter((result) => result === 'duplicate')).toHaveLength(50);
    }
  });

  it('refuses what is not valid with its place and rule, counts it, and takes the rest of its batch', async () => {
    const before = await ingestion.results();
    const single = await ingestion.post('/v1/feedback', { channel: 'pigeon', text: 'x' });
    expect(single.status).toBe(400);
    expect(single.headers.get('content-type')).toContain('application/problem+json');
    expect(single.body).toMatchObject({
      type: 'urn:closeloop:invalid',
      errors: [{ pointer: '/channel', rule: 'isIn' }],
    });
    const good = fresh();
    const { status, body } = await ingestion.post('/v1/feedback/batch', [
      { channel: 'review' },
      review(good),
      review(fresh(), { text: 'half \ud800' }),
      null,
    ]);
    expect(status).toBe(200);
    expect(body).toMatchObject([
      { index: 0, result: 'rejected', problem: { type: 'urn:closeloop:invalid', errors: [{ rule: 'saysSomething' }] } },
      { index: 1, result: 'accepted', feedbackId: feedbackIdOf('shop', good) },
      { index: 2, result: 'rejected', problem: { errors: [{ pointer: '/text', rule: 'forbiddenCharacters' }] } },
      { index: 3, result: 'rejected' },
    ]);
    const after = await ingestion.results();
    expect(after['rejected']! - before['rejected']!).toBe(4);
  });

  it('a row that the store refuses is rejected alone, its neighbours of the group are accepted', async () => {
    const [bad, ...good] = Array.from({ length: 6 }, fresh) as [string, ...string[]];
    await play(review(bad));
    await ingestion.query('update feedback set accepted_revision = 2147483647 where feedback_id = $1', [
      feedbackIdOf('shop', bad),
    ]);
    const batch = [review(good[0]!), review(bad, { text: 'one too many' }), review(good[1]!)];
    const [first, ...others] = await Promise.all([
      ingestion.post('/v1/feedback/batch', batch, { headers: { 'idempotency-key': 'bad row' } }),
      ...good.slice(2).map((externalId) => ingestion.post('/v1/feedback', review(externalId))),
    ]);
    expect(first!.body).toMatchObject([
      { result: 'accepted', revision: 1 },
      { result: 'rejected', problem: { errors: [{ rule: 'storable' }] } },
      { result: 'accepted', revision: 1 },
    ]);
    expect(others.map(({ status }) => status)).toEqual([202, 202, 202]);
    for (const externalId of good)
      await eventually(() => expect(eventsOf(feedbackIdOf('shop', externalId))).toHaveLength(1));
    const again = await ingestion.post('/v1/feedback/batch', batch, { headers: { 'idempotency-key': 'bad row' } });
    expect(again.body).toEqual(first!.body);
  });

  describe('with an Idempotency-Key', () => {
    const anonymous = [{ channel: 'chat', text: 'Hello.' }, { channel: 'chat', text: 'Hello.' }, { channel: 'chat' }];

    it('a repeat gets the stored results from any replica, and counts nothing', async () => {
      const headers = { 'idempotency-key': fresh() };
      const first = await ingestion.post('/v1/feedback/batch', anonymous, { headers });
      expect(first.body).toMatchObject([
        { result: 'accepted', feedbackId: deriveId('shop', headers['idempotency-key'], '0') },
        { result: 'accepted', feedbackId: deriveId('shop', headers['idempotency-key'], '1') },
        { result: 'rejected' },
      ]);
      const before = await ingestion.results();
      for (const to of [0, 1]) {
        const repeat = await ingestion.post('/v1/feedback/batch', anonymous, { headers, to });
        expect(repeat.body).toEqual(first.body);
      }
      expect(await ingestion.results()).toEqual(before);
    });

    it('repeats at the same moment are one', async () => {
      for (let turn = 0; turn < 5; turn++) {
        const headers = { 'idempotency-key': fresh() };
        const before = await ingestion.results();
        const answers = await Promise.all(
          [0, 1, 0, 1].map((to) => ingestion.post('/v1/feedback', { channel: 'chat', text: 'Hi.' }, { headers, to })),
        );
        expect(answers.map(({ status, body }) => [status, body])).toEqual(
          answers.map(() => [202, answers[0]!.body as unknown]),
        );
        const after = await ingestion.results();
        expect(after['accepted']! - before['accepted']!).toBe(1);
        expect(after['duplicate']).toBe(before['duplicate']);
      }
    });

    it('the same key for another request is refused, for another source it is another key', async () => {
      const headers = { 'idempotency-key': fresh() };
      await ingestion.post('/v1/feedback', { channel: 'chat', text: 'Hi.' }, { headers });
      const reused = await ingestion.post('/v1/feedback', { channel: 'chat', text: 'Ho.' }, { headers, to: 1 });
      expect(reused.status).toBe(400);
      expect(reused.body).toMatchObject({ type: 'urn:closeloop:invalid', errors: [{ rule: 'idempotency-key-reuse' }] });
      const other = await ingestion.post(
        '/v1/feedback',
        { channel: 'chat', text: 'Ho.' },
        { headers, as: await ingestion.key('bank') },
      );
      expect(other.status).toBe(202);
    });
  });

  describe('who may', () => {
    it('a connector sends and reads its own source only', async () => {
      const bank = await ingestion.key('bank');
      const externalId = fresh();
      const before = await ingestion.results('bank');
      expect((await ingestion.post('/v1/feedback', review(externalId, { source: 'shop' }))).status).toBe(202);
      const foreign = await ingestion.post('/v1/feedback', review(externalId, { source: 'shop' }), { as: bank });
      expect([foreign.status, (foreign.body as { type: string }).type]).toEqual([403, 'urn:closeloop:forbidden']);
      expect((await ingestion.results('bank'))['rejected']! - before['rejected']!).toBe(1);
      const path = `/v1/feedback/${feedbackIdOf('shop', externalId)}`;
      expect((await ingestion.get(path)).status).toBe(200);
      expect((await ingestion.get(path, { as: bank })).status).toBe(404);
      expect((await ingestion.get('/v1/ledger?source=shop', { as: bank })).status).toBe(403);
    });

    it('managers and admins read all, agents what is with their teams, nobody writes', async () => {
      const externalId = fresh();
      await play(review(externalId));
      const path = `/v1/feedback/${feedbackIdOf('shop', externalId)}`;
      const agent = await ingestion.test.token({ sub: 'bob', roles: ['agent'], teams: ['support'] });
      const manager = await ingestion.test.token({ sub: 'eve', roles: ['manager'] });
      expect((await ingestion.get(path, { as: manager })).status).toBe(200);
      expect((await ingestion.get(path, { as: ingestion.admin })).status).toBe(200);
      expect((await ingestion.get(path, { as: agent })).status).toBe(404);
      expect((await ingestion.get('/v1/ledger', { as: agent })).status).toBe(403);
      expect((await ingestion.get('/v1/ledger', { as: manager })).body).toMatchObject({ source: null });
      expect((await ingestion.post('/v1/feedback', review(externalId), { as: manager })).status).toBe(403);
      expect((await ingestion.get(path, { as: 'nothing' })).status).toBe(401);
    });
  });

  it('answers every revision, and no other shape than an array of 1 to 1,000 is a batch', async () => {
    const externalId = fresh();
    await play(review(externalId), review(externalId, { text: 'Better.' }));
    const { body } = await ingestion.get(`/v1/feedback/${feedbackIdOf('shop', externalId)}`);
    expect(body).toMatchObject({
      revision: 2,
      status: 'unsettled',
      revisions: [
        { revision: 1, kind: 'created', feedback: { text: 'Fine.' } },
        { revision: 2, kind: 'created', feedback: { text: 'Better.' } },
      ],
      deadLetters: [],
    });
    for (const batch of [{}, [], Array.from({ length: 1001 }, () => review('x'))])
      expect((await ingestion.post('/v1/feedback/batch', batch)).status).toBe(400);
    expect((await ingestion.get('/v1/feedback/none')).status).toBe(404);
    expect((await ingestion.get(`/v1/feedback/${deriveId('unknown')}`)).status).toBe(404);
  });

  it('keeps what customers said in one table, beside the outbox', async () => {
    const externalId = 'personal-id-4711';
    await play(
      review(externalId, { text: 'My secret words.', author: { name: 'Zebedee Quux', email: 'z@example.org' } }),
    );
    await eventually(() => expect(eventsOf(feedbackIdOf('shop', externalId))).toHaveLength(1));
    const tables = await ingestion.query<{ name: string }>(
      `select table_name as name from information_schema.tables where table_schema = 'public' and table_name not like 'outbox%'`,
    );
    const holding: string[] = [];
    for (const { name } of tables) {
      const rows = await ingestion.query<{ row: string }>(`select row_to_json(t)::text as row from "${name}" t`);
      // bytea stands in hex there
      const words = ['My secret words.', 'Zebedee Quux', 'z@example.org', externalId].flatMap((word) => [
        word,
        Buffer.from(word).toString('hex'),
      ]);
      if (rows.some(({ row }) => words.some((word) => row.includes(word)))) holding.push(name);
    }
    expect(holding).toEqual(['feedback_body']);
  });
});
