import {
  deadLetterHeaders,
  deadLetterTopic,
  deriveId,
  feedbackIdOf,
  feedbackInbound,
  feedbackRouted,
  feedbackTagged,
  loopChanged,
  loopIdOf,
  pipeline,
  replayGroupHeader,
  resendHeader,
  settlementEventId,
} from '@closeloop/contracts';
import { eventually, type Recorder } from '@closeloop/testing';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type LetterView, type WholeLetter } from '../domain/dead-letters.js';
import { type FeedbackView, type LedgerView } from '../domain/ledger-view.js';
import { IngestionFixture, type Answer } from '../ingestion.fixture.js';

jest.setTimeout(60_000);

type Done = { results: { id: string; result: string; failedAs?: string }[]; remaining: number; next?: string };

describe('Dead letters', () => {
  let ingestion: IngestionFixture;
  let manager: string;
  let tagged: Recorder;
  let inbound: Recorder;
  beforeAll(async () => {
    ingestion = await IngestionFixture.start(2);
    manager = await ingestion.test.token({ sub: 'meg', roles: ['manager'] });
    tagged = await ingestion.test.record(feedbackTagged.topic);
    inbound = await ingestion.test.record(feedbackInbound.topic);
  });
  afterAll(() => ingestion.stop());

  let count = 0;
  async function accept(): Promise<{ feedbackId: string; source: string; key: string }> {
    const source = `dead-${count++}`;
    const key = await ingestion.key(source);
    await ingestion.post('/v1/feedback', { channel: 'review', externalId: '1', text: 'Hello.' }, { as: key });
    return { feedbackId: feedbackIdOf(source, '1'), source, key };
  }
  /** A letter of routing's, whose headers and bytes nobody would make up. */
  async function bury(
    feedbackId: string,
    more: {
      value?: Buffer;
      time?: string;
      reason?: string;
      message?: string;
      headers?: Record<string, string>;
      revision?: number;
      group?: string;
      topic?: string;
    } = {},
  ): Promise<string> {
    const id = deriveId('dead letter', String(count++));
    await ingestion.test.publish(deadLetterTopic(feedbackTagged.topic), [
      {
        key: feedbackId,
        value:
          more.value ??
          Buffer.from(JSON.stringify({ feedback: { feedbackId, revision: more.revision ?? 1 }, n: 1.0 }, null, 3)),
        headers: {
          ce_id: `event-${id}`,
          ...more.headers,
          [deadLetterHeaders.id]: id,
          [deadLetterHeaders.group]: more.group ?? pipeline.routing.group,
          [deadLetterHeaders.topic]: more.topic ?? feedbackTagged.topic,
          [deadLetterHeaders.partition]: '1',
          [deadLetterHeaders.offset]: '41',
          [deadLetterHeaders.reason]: more.reason ?? 'handler-error',
          [deadLetterHeaders.message]: more.message ?? 'it broke on Ana',
          [deadLetterHeaders.stack]: 'Error: it broke\n    at rule',
          [deadLetterHeaders.attempts]: '3',
          [deadLetterHeaders.time]: more.time ?? '2026-11-21T12:00:00.000Z',
        },
      },
    ]);
    await eventually(async () =>
      expect((await ingestion.get(`/v1/dead-letters/${id}`, { as: manager })).status).toBe(200),
    );
    return id;
  }
  const letter = async (id: string) =>
    (await ingestion.get(`/v1/dead-letters/${id}`, { as: manager })).body as WholeLetter;
  const list = async (query: string) =>
    (await ingestion.get(`/v1/dead-letters?${query}`, { as: manager })).body as {
      items: LetterView[];
      cursor?: string;
    };
  const ask = async (what: 'replay' | 'discard', body: object) => {
    const answer = await ingestion.post(`/v1/dead-letters/${what}`, body, { as: ingestion.admin });
    expect(answer).toMatchObject({ status: 200 });
    return answer.body as Done;
  };
  const settle = (feedbackId: string, revision = 1, settlement = 1) =>
    ingestion.publish(loopChanged, [
      {
        id: settlementEventId(feedbackId, settlement),
        subject: feedbackId,
        data: {
          ...{ loopId: loopIdOf(feedbackId), version: 0, change: 'settled', at: new Date().toISOString() },
          ...{ actor: { kind: 'system' }, loop: null },
          feedback: { feedbackId, revision, tagRevision: 1, routeRevision: 1, settlement, outcome: 'no-loop' },
        },
      },
    ]);
  const replayed = (recorder: Recorder, id: string) =>
    recorder.messages.filter(({ headers }) => headers[resendHeader] === `dead-letter:${id}`);

  it('are kept and listed whatever they say of themselves, and hold up none behind them', async () => {
    const { feedbackId, source } = await accept();
    const ids = [
      await bury(feedbackId, { message: 'NUL \0 here', reason: 'odd \0' }),
      await bury(feedbackId, { time: '-271821-04-20T00:00:00.000Z' }),
      await bury(feedbackId),
    ];
    const { items } = await list(`source=${source}`);
    expect(items.map(({ id }) => id).sort()).toEqual([...ids].sort());
    expect(items.find(({ id }) => id === ids[0])).toMatchObject({ message: 'NUL \ufffd here' });
  });

  it('are listed oldest first, by page and by every filter, and shown without what they hold', async () => {
    const { feedbackId, source } = await accept();
    const ids: string[] = [];
    for (const minute of ['03', '01', '02'])
      ids.push(
        await bury(feedbackId, {
          time: `2026-11-20T10:${minute}:00.000Z`,
          reason: minute === '02' ? 'too-large' : 'handler-error',
        }),
      );
    const [third, first, second] = ids;
    const of = (query: string) => list(`source=${source}${query}`).then(({ items }) => items.map(({ id }) => id));
    expect(await of('')).toEqual([first, second, third]);
    const page = await list(`source=${source}&limit=2`);
    expect(page.items.map(({ id }) => id)).toEqual([first, second]);
    expect(await of(`&limit=2&cursor=${page.cursor}`)).toEqual([third]);
    expect(await of('&reason=too-large')).toEqual([second]);
    expect(await of('&from=2026-11-20T10:02:00Z&to=2026-11-20T10:03:00Z')).toEqual([second]);
    expect(await of('&topic=feedback.tagged.v1&group=closeloop.routing&state=open')).toHaveLength(3);
    expect(await of('&topic=feedback.routed.v1')).toEqual([]);
    expect(await of('&state=replayed')).toEqual([]);

    const shown = await letter(first!);
    expect(shown).toMatchObject({
      ...{ id: first, feedbackId, revision: 1, source, topic: feedbackTagged.topic, partition: 1, offset: '41' },
      ...{
        group: pipeline.routing.group,
        reason: 'handler-error',
        message: 'it broke on Ana',
        attempts: 3,
        state: 'open',
      },
      ...{
        stack: 'Error: it broke\n    at rule',
        key: { text: feedbackId },
        headers: { ce_id: `event-${first}` },
        erased: false,
      },
    });
    expect(shown).not.toHaveProperty('value');
  });

  it('are for managers and admins; what one holds is for admins, and each look is audited', async () => {
    const { feedbackId, key } = await accept();
    const id = await bury(feedbackId, { value: Buffer.from([0xff, 0x00]) });
    const agent = await ingestion.test.token({ sub: 'bob', roles: ['agent'], teams: ['support'] });
    for (const as of [agent, key]) expect((await ingestion.get('/v1/dead-letters', { as })).status).toBe(403);
    expect((await ingestion.post('/v1/dead-letters/replay', { ids: [id] }, { as: manager })).status).toBe(403);
    expect((await ingestion.get(`/v1/dead-letters/${id}?value=true`, { as: manager })).status).toBe(403);
    const whole = await ingestion.get(`/v1/dead-letters/${id}?value=true`, { as: ingestion.admin });
    expect(whole.body).toMatchObject({
      value: { base64: Buffer.from([0xff, 0x00]).toString('base64') },
      valueBytes: 2,
    });
    expect(
      await ingestion.query(
        `select actor, roles, resource from audit_log where action = 'dead-letter.read' and resource = $1`,
        [id],
      ),
    ).toEqual([{ actor: 'ada', roles: ['admin'], resource: id }]);
  });

  it('go again byte for byte to the group that failed alone, once however often it is asked', async () => {
    const { feedbackId } = await accept();
    const value = Buffer.from(JSON.stringify({ feedback: { feedbackId, revision: 1 }, odd: 1.0 }, null, 7));
    const id = await bury(feedbackId, { value });
    expect(await ask('replay', { ids: [id, id.toUpperCase()] })).toEqual({
      results: [{ id, result: 'sent' }],
      remaining: 0,
    });
    expect(await ask('replay', { ids: [id] })).toEqual({ results: [{ id, result: 'under-way' }], remaining: 0 });
    await eventually(() => expect(replayed(tagged, id)).toHaveLength(1));
    const [message] = replayed(tagged, id);
    expect(message!.value).toEqual(value);
    expect(message!.key).toBe(feedbackId);
    expect(message!.headers).toEqual({
      ce_id: `event-${id}`,
      [replayGroupHeader]: pipeline.routing.group,
      [resendHeader]: `dead-letter:${id}`,
    });
    expect(await letter(id)).toMatchObject({
      state: 'replayed',
      replay: { by: 'person:ada', times: 1, became: 'under-way' },
    });
    await settle(feedbackId);
    await eventually(async () =>
      expect(await letter(id)).toMatchObject({ state: 'settled', replay: { became: 'settled' } }),
    );
    expect(await ask('replay', { ids: [id], again: true })).toEqual({
      results: [{ id, result: 'settled' }],
      remaining: 0,
    });
    expect(replayed(tagged, id)).toHaveLength(1);
  });

  it('tell that they failed again, and as what', async () => {
    const { feedbackId } = await accept();
    const id = await bury(feedbackId);
    await ask('replay', { ids: [id] });
    const newer = await bury(feedbackId, { headers: { [resendHeader]: `dead-letter:${id}` } });
    await eventually(async () =>
      expect(await letter(id)).toMatchObject({
        state: 'replayed',
        replay: { became: 'failed-again', failedAs: newer },
      }),
    );
    expect(await letter(newer)).toMatchObject({ state: 'open' });
    expect(await ask('replay', { ids: [id] })).toEqual({
      results: [{ id, result: 'failed-again', failedAs: newer }],
      remaining: 0,
    });
    await settle(feedbackId);
    for (const one of [id, newer])
      await eventually(async () => expect(await letter(one)).toMatchObject({ state: 'settled' }));
  });

  it('that come after the outcome of their revision are settled already', async () => {
    const { feedbackId } = await accept();
    await settle(feedbackId);
    await eventually(async () =>
      expect((await ingestion.get(`/v1/feedback/${feedbackId}`, { as: manager })).body).toMatchObject({
        status: 'settled',
      }),
    );
    expect(await letter(await bury(feedbackId))).toMatchObject({ state: 'settled' });
  });

  it('are replayed by filter, what is left said', async () => {
    const { feedbackId, source } = await accept();
    await bury(feedbackId);
    const row = (
      await ingestion.query<{ id: string }>('select letter_id as id from dead_letter where source = $1', [source])
    )[0]!;
    // more than one request takes: rows as the consumer would have written them
    await ingestion.query(
      `insert into dead_letter (letter_id, feedback_id, revision, topic, "partition", "offset", "group", reason, attempts, died_at, recorded_at, source)
       select gen_random_uuid(), feedback_id, revision, topic, "partition", "offset", "group", reason, attempts, died_at + n * interval '1 s', recorded_at, source
       from dead_letter, generate_series(1, 204) as n where letter_id = $1`,
      [row.id],
    );
    await ingestion.query(
      `insert into feedback_body (feedback_id, part, key, body, details)
       select letter.feedback_id, letter.letter_id::text, body.key, body.body, body.details
       from dead_letter letter join feedback_body body on body.part = $1 where letter.source = $2 and letter.letter_id::text <> $1`,
      [row.id, source],
    );
    const first = await ask('replay', { filter: { source } });
    expect(first.results).toHaveLength(200);
    expect(first.results.every(({ result }) => result === 'sent')).toBe(true);
    expect(first.remaining).toBe(5);
    const rest = await ask('replay', { filter: { source }, cursor: first.next });
    expect(rest.results).toHaveLength(5);
    expect(rest).not.toHaveProperty('next');
    expect(await ask('replay', { filter: { source } })).toEqual({ results: [], remaining: 0 });
    const ledger = (await ingestion.get(`/v1/ledger?source=${source}`, { as: manager })).body as LedgerView;
    expect(ledger.deadLetters).toEqual({
      open: 0,
      underWay: 205,
      failedAgain: 0,
      discarded: 0,
      oldestOpenSeconds: null,
      openByGroup: {},
    });
  });

  it('that are discarded count no more as open and stay readable, and can be taken up again', async () => {
    const { feedbackId, source } = await accept();
    const id = await bury(feedbackId);
    const counts = async () =>
      ((await ingestion.get(`/v1/ledger?source=${source}`, { as: manager })).body as LedgerView).deadLetters;
    expect(await counts()).toMatchObject({
      open: 1,
      discarded: 0,
      oldestOpenSeconds: expect.any(Number),
      openByGroup: { [pipeline.routing.group]: 1 },
    });
    const body = { ids: [id], reason: 'a test of the connector' };
    expect(await ask('discard', body)).toEqual({ results: [{ id, result: 'discarded' }], remaining: 0 });
    expect(await ask('discard', body)).toEqual({ results: [{ id, result: 'already-discarded' }], remaining: 0 });
    expect(await counts()).toEqual({
      open: 0,
      underWay: 0,
      failedAgain: 0,
      discarded: 1,
      oldestOpenSeconds: null,
      openByGroup: {},
    });
    expect(await letter(id)).toMatchObject({
      state: 'discarded',
      discarded: { by: 'person:ada', reason: body.reason },
    });
    const view = (await ingestion.get(`/v1/feedback/${feedbackId}`, { as: manager })).body as FeedbackView;
    expect(view).toMatchObject({ status: 'dead-letter', deadLetters: [{ id, open: false, state: 'discarded' }] });
    expect(await ask('replay', { ids: [id] })).toMatchObject({ results: [{ result: 'discarded' }] });
    expect(await ask('replay', { ids: [id], again: true })).toMatchObject({ results: [{ result: 'sent' }] });
    expect(await letter(id)).not.toHaveProperty('discarded');
  });

  it('of the door from Kafka go again too, and are settled once they are accepted', async () => {
    const source = `inbound-${count++}`;
    const headers = (id: string): Record<string, string> => ({
      ...{ ce_id: id, ce_type: feedbackInbound.topic, ce_source: 'test', ce_specversion: '1.0', odd: 'ü' },
    });
    await ingestion.test.publish(feedbackInbound.topic, [
      {
        key: 'k',
        value: JSON.stringify({ source, externalId: '1', channel: 'no such channel' }),
        headers: headers('1'),
      },
    ]);
    let id = '';
    await eventually(async () => {
      const { items } = await list(`source=${source}`);
      expect(items).toHaveLength(1);
      id = items[0]!.id;
    });
    expect(await letter(id)).toMatchObject({
      group: pipeline.ingestion.group,
      reason: 'invalid-schema',
      topic: feedbackInbound.topic,
    });
    await ask('replay', { ids: [id] });
    // it is as bad as it was
    let newer = '';
    await eventually(async () => {
      const view = await letter(id);
      expect(view.replay).toMatchObject({ became: 'failed-again' });
      newer = view.replay!.failedAs!;
    });
    expect(replayed(inbound, id)[0]!.headers).toMatchObject({
      odd: 'ü',
      [replayGroupHeader]: pipeline.ingestion.group,
    });
    // as after a deploy that takes it
    await ingestion.query(`update feedback_body set body = convert_to($2, 'UTF8') where part = $1`, [
      newer,
      JSON.stringify({ source, externalId: '1', channel: 'review', text: 'Hello.' }),
    ]);
    await ask('replay', { ids: [newer] });
    for (const one of [newer, id])
      await eventually(async () => expect(await letter(one)).toMatchObject({ state: 'settled' }));
    expect(await ingestion.results(source)).toMatchObject({ accepted: 1 });
  });

  it('go again once, however many ask at the same time, wherever', async () => {
    const { feedbackId, source } = await accept();
    const ids = [await bury(feedbackId), await bury(feedbackId)];
    const asked = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        ingestion.post(
          '/v1/dead-letters/replay',
          n % 4 < 2 ? { ids: n % 4 ? ids : [...ids].reverse() } : { filter: { source } },
          {
            as: ingestion.admin,
            to: n % 2,
          },
        ),
      ),
    );
    const results = asked.flatMap(({ body }) => (body as Done).results);
    for (const id of ids) expect(results.filter((one) => one.id === id && one.result === 'sent')).toHaveLength(1);
    expect(new Set(results.map(({ result }) => result))).toEqual(new Set(['sent', 'under-way']));
  });

  it('of insights go again too, and stop no feedback; sent again one counts as settled until it fails again', async () => {
    const { feedbackId } = await accept();
    const beside = { group: pipeline.insights.group, topic: feedbackRouted.topic };
    const id = await bury(feedbackId, beside);
    expect(await letter(id)).toMatchObject({ state: 'open', group: pipeline.insights.group, feedbackId });
    expect((await ingestion.get(`/v1/feedback/${feedbackId}`, { as: manager })).body).not.toMatchObject({
      status: 'dead-letter',
    });
    await ask('replay', { ids: [id] });
    expect(await letter(id)).toMatchObject({ state: 'settled' });
    const again = await bury(feedbackId, { ...beside, headers: { [resendHeader]: `dead-letter:${id}` } });
    expect(await letter(id)).toMatchObject({ state: 'replayed', replay: { became: 'failed-again', failedAs: again } });
    await ask('replay', { ids: [again] });
    for (const one of [id, again]) expect(await letter(one)).toMatchObject({ state: 'settled' });
  });

  it('whose content was erased stay listed, and cannot go again', async () => {
    const { feedbackId } = await accept();
    const id = await bury(feedbackId);
    await ingestion.query('delete from feedback_body where feedback_id = $1', [feedbackId]);
    expect(await letter(id)).toMatchObject({ erased: true, message: '', headers: {}, valueBytes: null });
    expect(await ask('replay', { ids: [id] })).toMatchObject({ results: [{ result: 'erased' }] });
  });

  it('refuse what is not a filter, an id or a cursor, and say where', async () => {
    const refused = (answer: Answer) => ({
      status: answer.status,
      pointer: (answer.body as { errors?: { pointer: string }[] }).errors?.[0]?.pointer,
    });
    const get = (query: string) => ingestion.get(`/v1/dead-letters?${query}`, { as: manager }).then(refused);
    const post = (what: string, body: unknown) =>
      ingestion.post(`/v1/dead-letters/${what}`, body, { as: ingestion.admin }).then(refused);
    expect(await get('colour=red')).toEqual({ status: 400, pointer: '/colour' });
    expect(await get('state=lost')).toEqual({ status: 400, pointer: '/state' });
    expect(await get('from=yesterday')).toEqual({ status: 400, pointer: '/from' });
    expect(await get('limit=0')).toEqual({ status: 400, pointer: '/limit' });
    expect(await get('cursor=xyz')).toEqual({ status: 400, pointer: '/cursor' });
    expect(await get('topic=a&topic=b')).toEqual({ status: 400, pointer: '/topic' });
    expect(await post('replay', {})).toEqual({ status: 400, pointer: '' });
    expect(await post('replay', { ids: [], filter: {} })).toEqual({ status: 400, pointer: '' });
    expect(await post('replay', { ids: ['x'] })).toEqual({ status: 400, pointer: '/ids/0' });
    expect(await post('replay', { ids: [] })).toEqual({ status: 400, pointer: '/ids' });
    expect(await post('replay', { filter: { state: 'settled' } })).toMatchObject({
      status: 400,
      pointer: '/filter/state',
    });
    // a cursor of the right shape that no answer gave, and what Postgres holds in no text
    const cursor = (...parts: string[]) => Buffer.from(JSON.stringify(parts)).toString('base64url');
    expect(await get(`cursor=${cursor('2026-99-01T00:00:00.000Z', deriveId('x'))}`)).toEqual({
      status: 400,
      pointer: '/cursor',
    });
    expect(await post('replay', { filter: { topic: 'a\0' } })).toEqual({ status: 400, pointer: '/filter/topic' });
    expect(await post('discard', { filter: {}, reason: '\ud800' })).toEqual({ status: 400, pointer: '/reason' });
    expect(await post('discard', { filter: {} })).toEqual({ status: 400, pointer: '/reason' });
    for (const id of ['x', deriveId('no letter')])
      expect((await ingestion.get(`/v1/dead-letters/${id}`, { as: manager })).status).toBe(404);
    expect(await ask('replay', { ids: [deriveId('no letter')] })).toMatchObject({ results: [{ result: 'unknown' }] });
  });
});
