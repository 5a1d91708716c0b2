import {
  deadLetterHeaders,
  deadLetterTopic,
  deriveId,
  feedbackIdOf,
  feedbackReceived,
  feedbackTagged,
  loopIdOf,
  loopChanged,
  pipeline,
  resendHeader,
  settlementEventId,
  trailHeader,
  withStep,
} from '@closeloop/contracts';
import { eventually, type Recorder } from '@closeloop/testing';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type ReconciliationRow } from '../domain/reconciliation.js';
import { type TraceView } from '../domain/trace-view.js';
import { IngestionFixture } from '../ingestion.fixture.js';

jest.setTimeout(60_000);

let ingestion: IngestionFixture;
let manager: string;
let received: Recorder;
beforeAll(async () => {
  ingestion = await IngestionFixture.start(2, { RATE_LIMIT_BURST: '100000' });
  manager = await ingestion.test.token({ sub: 'meg', roles: ['manager'] });
  received = await ingestion.test.record(feedbackReceived.topic);
});
afterAll(() => ingestion.stop());

let count = 0;
/** Accepts these, as one source's own. */
async function accept(...bodies: object[]): Promise<{ source: string; key: string }> {
  const source = `again-${count++}`;
  const key = await ingestion.key(source);
  for (const body of bodies) {
    const answer = await ingestion.post(
      '/v1/feedback',
      { channel: 'review', externalId: '1', text: 'Hello.', ...body },
      { as: key },
    );
    expect(answer.status).toBe(202);
  }
  return { source, key };
}
const at = new Date('2026-11-22T02:00:00.000Z').toISOString();
const step = (group: string, topic: string, offset: string) => ({
  group,
  topic,
  partition: 1,
  offset,
  at,
  attempts: 1,
});
const settle = (feedbackId: string, revision: number, settlement: number, trail?: string) =>
  ingestion.test.publish(loopChanged.topic, [
    {
      key: loopIdOf(feedbackId),
      value: {
        ...{ loopId: loopIdOf(feedbackId), version: 0, change: 'settled', at, actor: { kind: 'system' }, loop: null },
        feedback: { feedbackId, revision, tagRevision: 1, routeRevision: 1, settlement, outcome: 'no-loop' },
      },
      headers: {
        ...{
          ce_id: settlementEventId(feedbackId, settlement),
          ce_type: loopChanged.topic,
          ce_source: 'closeloop/loop',
        },
        ...{ ce_time: at, ce_subject: feedbackId, ce_specversion: '1.0', 'content-type': 'application/json' },
        ...(trail !== undefined && { [trailHeader]: trail }),
      },
    },
  ]);

describe('A republish', () => {
  type Page = { feedback: number; events: number; erased: number; cursor?: string };
  const republish = (body: object, as = ingestion.admin) => ingestion.post('/v1/republish', body, { as });
  const sent = (source: string, again: boolean) =>
    received.messages
      .filter(({ value }) => (JSON.parse(value.toString()) as { source: string }).source === source)
      .filter(({ headers }) => (headers[resendHeader] !== undefined) === again);

  it('sends every revision again in order, the tombstone too, as it was sent the first time', async () => {
    const { source } = await accept({}, { text: 'edited' }, { kind: 'deleted' }, { externalId: '2' });
    await eventually(() => expect(sent(source, false)).toHaveLength(4));
    const ids = [feedbackIdOf(source, '1'), feedbackIdOf(source, '2')];
    expect(await republish({ ids })).toMatchObject({ status: 200, body: { feedback: 2, events: 4, erased: 0 } });
    await eventually(() => expect(sent(source, true)).toHaveLength(4));
    for (const id of ids) {
      const of = (again: boolean) =>
        sent(source, again)
          .filter(({ key }) => key === id)
          .map(({ value, headers }) => ({ id: headers['ce_id'], data: JSON.parse(value.toString()) as unknown }));
      expect(of(true)).toEqual(of(false));
    }
    expect(new Set(sent(source, true).map(({ headers }) => headers[resendHeader])).size).toBe(1);
    expect(sent(source, true)[0]!.headers[resendHeader]).toMatch(/^republish:/);

    const rebuild = loopIdOf(ids[0]!);
    expect(await republish({ ids, rebuild: 'x' })).toMatchObject({ status: 400 });
    expect(await republish({ ids, rebuild: rebuild.toUpperCase() })).toMatchObject({ status: 200 });
    await eventually(() => expect(sent(source, true).at(-1)?.headers[resendHeader]).toBe(`rebuild:${rebuild}`));
  });

  it('goes by the time of receipt and the source, page by page', async () => {
    const bodies = Array.from({ length: 1_010 }, (_, n) => ({
      channel: 'review',
      externalId: String(n),
      text: 'Hello.',
    }));
    const source = `pages-${count++}`;
    const key = await ingestion.key(source);
    for (const part of [bodies.slice(0, 505), bodies.slice(505)])
      expect((await ingestion.post('/v1/feedback/batch', part, { as: key })).status).toBe(200);
    const age = (externalId: string, time: string) =>
      ingestion.query('update feedback_revision set received_at = $2 where feedback_id = $1', [
        feedbackIdOf(source, externalId),
        time,
      ]);
    await age('7', '2026-01-02T00:00:00Z');
    await age('8', '2026-01-03T00:00:00Z');
    expect((await republish({ from: '2026-01-02T00:00:00Z', to: '2026-01-03T00:00:00Z', source })).body).toEqual({
      ...{ feedback: 1, events: 1, erased: 0 },
    });
    expect((await republish({ from: '2026-01-01T00:00:00Z', source: 'nobody' })).body).toMatchObject({ events: 0 });

    const pages: Page[] = [];
    for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
      const answer = await republish({ from: '2026-01-01T00:00:00Z', source, ...(cursor && { cursor }) });
      expect(answer.status).toBe(200);
      pages.push(answer.body as Page);
      cursor = pages.at(-1)!.cursor;
    }
    // each revision once, though a page begins at the feedback that the one before ended with
    expect(pages).toHaveLength(3);
    expect(pages.reduce((sum, { events }) => sum + events, 0)).toBe(1_010);
    await eventually(() => expect(new Set(sent(source, true).map(({ key: id }) => id)).size).toBe(1_010));
  });

  it('skips what was erased, and says so', async () => {
    const { source } = await accept({}, { text: 'edited' });
    await ingestion.query(`update feedback_body set body = null where feedback_id = $1 and part = '1'`, [
      feedbackIdOf(source, '1'),
    ]);
    expect((await republish({ ids: [feedbackIdOf(source, '1')] })).body).toEqual({ feedback: 1, events: 1, erased: 1 });
  });

  it('is for admins, and refuses what it cannot mean', async () => {
    expect((await republish({ from: at }, manager)).status).toBe(403);
    for (const body of [
      {},
      { ids: [], from: at },
      { ids: [] },
      { ids: ['x'] },
      { from: 'now' },
      { from: at, to: '2000-01-01T00:00:00Z' },
      { from: at, cursor: 'x' },
      { from: at, cursor: Buffer.from(JSON.stringify([deriveId('x'), '9999999999'])).toString('base64url') },
    ])
      expect(await republish(body)).toMatchObject({ status: 400, body: { type: 'urn:closeloop:invalid' } });
    expect((await republish({ ids: [deriveId('unknown')] })).body).toEqual({ feedback: 0, events: 0, erased: 0 });
  });
});

describe('A trace', () => {
  const trace = (feedbackId: string, as = manager) => ingestion.get(`/v1/feedback/${feedbackId}/trace`, { as });

  it('tells the way of each revision, with its letters', async () => {
    const { source, key } = await accept({}, { text: 'edited' });
    const feedbackId = feedbackIdOf(source, '1');
    const ways = ['7', '9'].map((offset) => [
      step(pipeline.sentiment.group, feedbackReceived.topic, offset),
      step(pipeline.loop.group, 'feedback.routed.v1', offset),
    ]);
    const trailOf = (steps: ReturnType<typeof step>[]) =>
      steps.reduce<string | undefined>((before, one) => withStep(before, one), undefined)!;
    expect((await trace(feedbackId)).body).toMatchObject({
      ...{ feedbackId, source, revision: 2, status: 'unsettled', deadLetters: [] },
      revisions: [
        { revision: 1, kind: 'created', steps: [] },
        { revision: 2, steps: [] },
      ],
    });
    await ingestion.test.publish(deadLetterTopic(feedbackTagged.topic), [
      {
        key: feedbackId,
        value: { feedback: { feedbackId, revision: 2 } },
        headers: {
          [trailHeader]: trailOf(ways[0]!.slice(0, 1)),
          ...{ [deadLetterHeaders.id]: deriveId('of a trace'), [deadLetterHeaders.group]: pipeline.routing.group },
          ...{ [deadLetterHeaders.topic]: feedbackTagged.topic, [deadLetterHeaders.partition]: '2' },
          ...{ [deadLetterHeaders.offset]: '41', [deadLetterHeaders.reason]: 'handler-error' },
          ...{ [deadLetterHeaders.attempts]: '3', [deadLetterHeaders.time]: at, [deadLetterHeaders.message]: 'no' },
        },
      },
    ]);
    await settle(feedbackId, 1, 1, trailOf(ways[0]!));
    await eventually(async () =>
      expect((await trace(feedbackId)).body).toMatchObject({ status: 'dead-letter', outcome: { revision: 1 } }),
    );
    await settle(feedbackId, 2, 2, trailOf(ways[1]!));
    await eventually(async () => expect((await trace(feedbackId)).body).toMatchObject({ status: 'settled' }));

    const { revisions, deadLetters } = (await trace(feedbackId, key)).body as TraceView;
    for (const [index, revision] of revisions.entries()) {
      expect(revision.outbox).toBe('sent');
      expect(revision.steps.slice(0, 2)).toEqual(ways[index]);
      // ingestion's own step is the last one
      expect(revision.steps.slice(2)).toEqual([
        expect.objectContaining({ group: pipeline.ingestion.group, topic: loopChanged.topic, attempts: 1 }),
      ]);
    }
    expect(deadLetters).toEqual([
      {
        ...{ id: deriveId('of a trace'), revision: 2, state: 'settled', reason: 'handler-error' },
        steps: [
          ways[0]![0],
          { ...step(pipeline.routing.group, feedbackTagged.topic, '41'), partition: 2, attempts: 3 },
        ],
      },
    ]);
  });

  it('says what waits to be sent', async () => {
    const { source } = await accept({});
    const feedbackId = feedbackIdOf(source, '1');
    await eventually(async () => {
      expect((await trace(feedbackId)).body).toMatchObject({ revisions: [{ outbox: 'sent' }] });
    });
    const { revisions } = (await trace(feedbackId)).body as TraceView;
    // of a shard that no relay sends
    await ingestion.query(
      `insert into outbox (shard, id, topic, key, headers, value) values (99, nextval('outbox_id'), $1, convert_to($2, 'UTF8'), convert_to($3, 'UTF8'), null)`,
      [feedbackReceived.topic, feedbackId, JSON.stringify({ ce_id: revisions[0]!.eventId })],
    );
    expect((await trace(feedbackId)).body).toMatchObject({ revisions: [{ outbox: 'waiting' }] });
    await ingestion.query('delete from outbox where shard = 99');
  });

  it('is for its source, managers and admins', async () => {
    const { source, key } = await accept({});
    const path = feedbackIdOf(source, '1');
    expect((await trace(path, key)).status).toBe(200);
    expect((await trace(path, await ingestion.key('another'))).status).toBe(404);
    const agent = await ingestion.test.token({ sub: 'bob', roles: ['agent'], teams: ['support'] });
    expect((await trace(path, agent)).status).toBe(403);
    for (const id of ['x', deriveId('unknown')]) expect((await trace(id)).status).toBe(404);
  });
});

describe('The ledger row by row', () => {
  type Page = { rows: ReconciliationRow[]; counts: Record<string, number>; cursor?: string };
  const page = async (query: string) =>
    (await ingestion.get(`/v1/reconciliation?${query}`, { as: manager })).body as Page;

  it('lists what the ledger says, by page, time and id, and counts it by stage', async () => {
    const sources = [await accept({}), await accept({}), await accept({}, { text: 'edited' })];
    const ids = sources.map(({ source }) => feedbackIdOf(source, '1'));
    // in a day of their own
    for (const id of ids)
      await ingestion.query(
        `update feedback_revision set received_at = timestamptz '2025-05-05T12:00:00Z' + revision * interval '1 s' where feedback_id = $1`,
        [id],
      );
    await settle(ids[2]!, 2, 1);
    await eventually(async () =>
      expect((await page(`ids=${ids[2]}`)).rows).toEqual([
        {
          ...{ feedbackId: ids[2], acceptedRevision: 2, settledRevision: 2, settlement: 1, outcome: 'no-loop' },
          ...{ loopId: null, loop: null, openLetterRevision: 0, acceptedAt: expect.any(String) },
        },
      ]),
    );
    const day = 'from=2025-05-05T12:00:00Z&to=2025-05-05T12:00:02Z';
    const all = await page(day);
    expect(all.rows.map(({ feedbackId }) => feedbackId)).toEqual([...ids].sort());
    expect(all.counts).toMatchObject({ unsettled: 2, 'no-loop': 1, loop: 0 });
    expect((await page('from=2025-05-05T12:00:02Z&to=2025-05-05T12:00:03Z')).rows).toHaveLength(1);
    const seen: string[] = [];
    for (let cursor: string | undefined = ''; cursor !== undefined;) {
      const { rows, cursor: next } = await page(`${day}&limit=2${cursor && `&cursor=${cursor}`}`);
      seen.push(...rows.map(({ feedbackId }) => feedbackId));
      cursor = next;
    }
    expect(seen).toEqual([...ids].sort());
    expect((await page('limit=1')).rows).toHaveLength(1);
  });

  it('is for managers and admins', async () => {
    expect((await ingestion.get('/v1/reconciliation')).status).toBe(403);
    const backwards = 'from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z';
    const alone = `ids=${deriveId('a')}&limit=1`;
    for (const query of ['ids=x', 'from=x', 'cursor=x', 'limit=1001', 'colour=red', alone, backwards])
      expect((await ingestion.get(`/v1/reconciliation?${query}`, { as: manager })).status).toBe(400);
  });
});
