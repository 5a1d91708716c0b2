import {
  deadLetterHeaders,
  deadLetterTopic,
  deriveId,
  feedbackIdOf,
  feedbackReceived,
  feedbackRouted,
  feedbackTagged,
  hopEventId,
  loopChanged,
  loopEventId,
  loopIdOf,
  pipeline,
  settlementEventId,
  type LoopChanged,
  type LoopState,
} from '@closeloop/contracts';
import { eventually } from '@closeloop/testing';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type FeedbackView, type LedgerView } from '../domain/ledger-view.js';
import { IngestionFixture } from '../ingestion.fixture.js';

jest.setTimeout(60_000);

describe('The ledger', () => {
  let ingestion: IngestionFixture;
  beforeAll(async () => {
    ingestion = await IngestionFixture.start(2);
  });
  afterAll(() => ingestion.stop());

  let count = 0;
  /** Accepts so many revisions of a new feedback of a source of its own. */
  async function accept(revisions = 1): Promise<{ feedbackId: string; source: string; key: string }> {
    const source = `source-${count++}`;
    const key = await ingestion.key(source);
    for (let revision = 1; revision <= revisions; revision++) {
      const body = { channel: 'review', externalId: '1', text: `revision ${revision}` };
      expect((await ingestion.post('/v1/feedback', body, { as: key })).body).toMatchObject({ revision });
    }
    return { feedbackId: feedbackIdOf(source, '1'), source, key };
  }
  const view = async (feedbackId: string) =>
    (await ingestion.get(`/v1/feedback/${feedbackId}`, { as: ingestion.admin })).body as FeedbackView;
  const ledger = async (key: string, query = '') =>
    (await ingestion.get(`/v1/ledger${query}`, { as: key })).body as LedgerView;

  const at = '2026-11-21T12:00:00.000Z';
  const loopEvent = (
    loopId: string,
    version: number,
    state: LoopState,
    feedback?: Partial<LoopChanged['feedback']> & { feedbackId: string; settlement: number; revision: number },
    team = 'support',
  ): LoopChanged => ({
    loopId,
    version,
    change: 'opened',
    at,
    actor: { kind: 'system' },
    loop: { state, cycle: 1, team, priority: 'medium' },
    ...(feedback && {
      feedback: { tagRevision: 1, routeRevision: 1, outcome: 'loop', team, sentiment: 'negative', ...feedback },
    }),
  });
  const noLoop = (
    feedbackId: string,
    revision: number,
    settlement: number,
    outcome: 'no-loop' | 'withdrawn' | 'superseded' = 'no-loop',
  ): LoopChanged => ({
    loopId: loopIdOf(feedbackId),
    version: 0,
    change: 'settled',
    at,
    actor: { kind: 'system' },
    loop: null,
    feedback: { feedbackId, revision, tagRevision: 1, routeRevision: 1, settlement, outcome, team: 'support' },
  });
  const tell = (events: readonly LoopChanged[], partition?: number) =>
    ingestion.publish(
      loopChanged,
      events.map((data) => ({
        id: data.loop
          ? loopEventId(data.loopId, data.version)
          : settlementEventId(data.feedback!.feedbackId, data.feedback!.settlement),
        subject: data.loop ? data.loopId : data.feedback!.feedbackId,
        data,
      })),
      partition,
    );
  async function bury(
    topic: string,
    value: unknown,
    more: { group?: string; id?: string; key?: string; headers?: Record<string, string>; partition?: number } = {},
  ): Promise<void> {
    const groups: Record<string, string> = {
      [feedbackReceived.topic]: pipeline.sentiment.group,
      [feedbackTagged.topic]: pipeline.routing.group,
      [feedbackRouted.topic]: pipeline.loop.group,
    };
    await ingestion.test.publish(deadLetterTopic(topic), [
      {
        key: more.key ?? null,
        value: typeof value === 'string' || Buffer.isBuffer(value) ? value : JSON.stringify(value),
        headers: {
          ...more.headers,
          [deadLetterHeaders.id]: more.id ?? deriveId('letter', String(count++)),
          [deadLetterHeaders.group]: more.group ?? groups[topic]!,
          [deadLetterHeaders.topic]: topic,
          [deadLetterHeaders.partition]: '0',
          [deadLetterHeaders.offset]: '7',
          [deadLetterHeaders.reason]: 'handler-error',
          [deadLetterHeaders.message]: 'it broke',
          [deadLetterHeaders.attempts]: '3',
          [deadLetterHeaders.time]: at,
        },
        ...(more.partition !== undefined && { partition: more.partition }),
      },
    ]);
  }

  it('tells what became of a feedback: the loop, its state, the team, the sentiment', async () => {
    const { feedbackId, key } = await accept();
    expect(await view(feedbackId)).toMatchObject({ status: 'unsettled', revision: 1 });
    const loopId = loopIdOf(feedbackId);
    await tell([loopEvent(loopId, 1, 'opened', { feedbackId, revision: 1, settlement: 1 })]);
    await eventually(async () =>
      expect(await view(feedbackId)).toMatchObject({
        status: 'settled',
        outcome: { outcome: 'loop', revision: 1, settlement: 1, team: 'support', sentiment: 'negative' },
        loop: { loopId, version: 1, state: 'opened', cycle: 1, priority: 'medium' },
      }),
    );
    await tell([loopEvent(loopId, 2, 'acknowledged')]);
    await eventually(async () =>
      expect(await view(feedbackId)).toMatchObject({ loop: { version: 2, state: 'acknowledged' } }),
    );
    expect(await ledger(key)).toMatchObject({
      results: { accepted: 1, revised: 0, duplicate: 0, stale: 0, rejected: 0, 'dead-inbound': 0 },
      outcomes: { loop: 1, joined: 0, 'no-loop': 0, withdrawn: 0, 'dead-letter': 0, none: 0 },
      teams: { support: 1 },
      sentiments: { negative: 1 },
      loops: { acknowledged: 1 },
      unsettled: { total: 0, oldestSeconds: null },
      missing: 0,
    });
  });

  it('an agent reads what is with the team of the loop', async () => {
    const { feedbackId } = await accept();
    await tell([loopEvent(loopIdOf(feedbackId), 1, 'opened', { feedbackId, revision: 1, settlement: 1 }, 'billing')]);
    await eventually(async () => expect(await view(feedbackId)).toMatchObject({ status: 'settled' }));
    const path = `/v1/feedback/${feedbackId}`;
    const agentOf = (team: string) => ingestion.test.token({ sub: 'bob', roles: ['agent'], teams: [team] });
    expect((await ingestion.get(path, { as: await agentOf('billing') })).status).toBe(200);
    expect((await ingestion.get(path, { as: await agentOf('support') })).status).toBe(404);
  });

  it('applies only higher settlements and loop versions, by whatever partition they come', async () => {
    const { feedbackId, key } = await accept(2);
    const loopId = loopIdOf(feedbackId);
    await tell([noLoop(feedbackId, 2, 5)], 0);
    await eventually(async () => expect(await view(feedbackId)).toMatchObject({ status: 'settled' }));
    await tell(
      [
        loopEvent(loopId, 3, 'resolved'),
        loopEvent(loopId, 2, 'acknowledged', { feedbackId, revision: 1, settlement: 4 }),
      ],
      1,
    );
    // the last one of that partition shows that those before it were seen
    const after = await accept();
    await tell([noLoop(after.feedbackId, 1, 1)], 1);
    await eventually(async () => expect(await view(after.feedbackId)).toMatchObject({ status: 'settled' }));
    expect(await view(feedbackId)).toMatchObject({ outcome: { outcome: 'no-loop', settlement: 5, revision: 2 } });
    expect(await view(feedbackId)).not.toHaveProperty('loop');
    expect((await ledger(key)).loops).toEqual({ resolved: 1 });
    expect((await ledger(key)).outcomes).toMatchObject({ 'no-loop': 1, loop: 0 });
  });

  it('keeps what stood before while the next revision is under way', async () => {
    const { feedbackId, key } = await accept();
    await tell([loopEvent(loopIdOf(feedbackId), 1, 'opened', { feedbackId, revision: 1, settlement: 1 })]);
    await eventually(async () => expect(await view(feedbackId)).toMatchObject({ status: 'settled' }));
    await ingestion.post('/v1/feedback', { channel: 'review', externalId: '1', text: 'edited' }, { as: key });
    expect(await view(feedbackId)).toMatchObject({
      status: 'unsettled',
      revision: 2,
      outcome: { outcome: 'loop', revision: 1 },
    });
    expect(await ledger(key)).toMatchObject({ outcomes: { loop: 1, none: 0 }, unsettled: { total: 1 } });
    await tell([noLoop(feedbackId, 2, 2, 'withdrawn')]);
    await eventually(async () =>
      expect(await ledger(key)).toMatchObject({ outcomes: { loop: 0, withdrawn: 1 }, unsettled: { total: 0 } }),
    );
  });

  it.each([
    ['sentiment', feedbackReceived.topic, (feedbackId: string) => ({ feedbackId, revision: 1 })],
    ['routing', feedbackTagged.topic, (feedbackId: string) => ({ feedback: { feedbackId, revision: 1 } })],
    ['loop', feedbackRouted.topic, (feedbackId: string) => ({ feedback: { feedbackId, revision: 1 } })],
  ])("a dead letter of %s settles its revision, and the loop service's outcome beats it", async (_, topic, value) => {
    const { feedbackId, key } = await accept();
    await bury(topic, value(feedbackId));
    await eventually(async () => expect(await view(feedbackId)).toMatchObject({ status: 'dead-letter' }));
    expect((await view(feedbackId)).deadLetters).toMatchObject([
      { revision: 1, topic, reason: 'handler-error', message: 'it broke', attempts: 3, open: true },
    ]);
    expect(await ledger(key)).toMatchObject({
      outcomes: { 'dead-letter': 1, none: 0 },
      unsettled: { total: 0 },
      missing: 0,
    });
    await tell([noLoop(feedbackId, 1, 1)]);
    await eventually(async () =>
      expect(await view(feedbackId)).toMatchObject({ status: 'settled', deadLetters: [{ open: false }] }),
    );
    expect(await ledger(key)).toMatchObject({ outcomes: { 'dead-letter': 0, 'no-loop': 1 } });
  });

  it('revision 1 looped and 2 dead is a loop with a letter listed', async () => {
    const { feedbackId, key } = await accept(2);
    await bury(feedbackReceived.topic, { feedbackId, revision: 2 });
    await tell([loopEvent(loopIdOf(feedbackId), 1, 'opened', { feedbackId, revision: 1, settlement: 1 })]);
    await eventually(async () =>
      expect(await view(feedbackId)).toMatchObject({
        status: 'dead-letter',
        outcome: { outcome: 'loop', revision: 1 },
        deadLetters: [{ revision: 2, open: true }],
      }),
    );
    expect(await ledger(key)).toMatchObject({ outcomes: { loop: 1, 'dead-letter': 0 }, unsettled: { total: 0 } });
  });

  it('superseded closes the letter and does not stand', async () => {
    const { feedbackId, key } = await accept(2);
    await bury(feedbackReceived.topic, { feedbackId, revision: 1 });
    await tell([noLoop(feedbackId, 1, 2, 'superseded'), noLoop(feedbackId, 2, 1)]);
    await eventually(async () =>
      expect(await view(feedbackId)).toMatchObject({
        status: 'settled',
        outcome: { outcome: 'no-loop', revision: 2 },
        deadLetters: [{ revision: 1, open: false }],
      }),
    );
    expect(await ledger(key)).toMatchObject({ outcomes: { 'no-loop': 1 } });
  });

  it('a letter that nobody can read is found by the id of its event, kept raw, and counted once', async () => {
    const { feedbackId, key } = await accept();
    const { contentHash } = (await view(feedbackId)).revisions[0]!;
    const value = Buffer.from([0xff, 0x00, 0x7b]);
    const letter = {
      id: deriveId('letter', 'raw', feedbackId),
      key: feedbackId,
      headers: {
        ce_id: hopEventId('received', { feedbackId, revision: 1, contentHash }),
        ce_subject: feedbackId,
        odd: 'nul \0 inside',
      },
    };
    await bury(feedbackReceived.topic, value, letter);
    await bury(feedbackReceived.topic, value, letter);
    await eventually(async () => expect(await view(feedbackId)).toMatchObject({ status: 'dead-letter' }));
    expect((await view(feedbackId)).deadLetters).toHaveLength(1);
    expect((await ledger(key)).outcomes['dead-letter']).toBe(1);
    const [row] = await ingestion.query<{ body: Buffer; key: Buffer }>(
      'select body, key from feedback_body where part = $1',
      [letter.id],
    );
    expect(row).toEqual({ body: value, key: Buffer.from(feedbackId) });
  });

  it('letters of other groups, of unknown feedback and of revisions never accepted settle nothing', async () => {
    const { feedbackId } = await accept();
    await bury(feedbackReceived.topic, { feedbackId, revision: 1 }, { group: 'closeloop.learning', partition: 0 });
    await bury(feedbackReceived.topic, { feedbackId, revision: 7 }, { partition: 0 });
    await bury(feedbackReceived.topic, 'no json', { key: feedbackId, headers: { ce_id: 'made up' }, partition: 0 });
    await bury(feedbackReceived.topic, { feedbackId: deriveId('unknown'), revision: 1 }, { partition: 0 });
    await bury(feedbackReceived.topic, 'no letter at all', { id: '', group: '', partition: 0 });
    const after = await accept();
    await bury(feedbackReceived.topic, { feedbackId: after.feedbackId, revision: 1 }, { partition: 0 });
    await eventually(async () => expect(await view(after.feedbackId)).toMatchObject({ status: 'dead-letter' }));
    expect(await view(feedbackId)).toMatchObject({ status: 'unsettled' });
    expect((await view(feedbackId)).deadLetters.map(({ revision }) => revision)).toEqual([7, undefined]);
  });

  it('what is unsettled for 60 s without progress is missing, and listed', async () => {
    const lost = await accept();
    const young = await accept();
    await tell([noLoop((await accept()).feedbackId, 1, 1)]);
    await eventually(async () => {
      const [row] = await ingestion.query<{ recent: boolean }>(
        `select max(settled_at) > now() - interval '50 s' as recent from ledger_progress`,
      );
      expect(row).toEqual({ recent: true });
    });
    const age = (feedbackId: string, seconds: number) =>
      ingestion.query('update feedback set accepted_at = now() - make_interval(secs => $2) where feedback_id = $1', [
        feedbackId,
        seconds,
      ]);
    await age(lost.feedbackId, 200);
    await age(young.feedbackId, 30);
    // what was accepted much later is settled already
    const missing = await ledger(lost.key, '?missing=ids');
    expect(missing).toMatchObject({
      missing: 1,
      missingIds: [lost.feedbackId],
      unsettled: { total: 1, byAge: { under10m: 1 } },
    });
    expect(missing.unsettled.oldestSeconds).toBeGreaterThanOrEqual(200);
    expect(await ledger(young.key, '?missing=ids')).toMatchObject({
      missing: 0,
      missingIds: [],
      unsettled: { byAge: { under1m: 1 } },
    });
    // a backlog that moves is not missing: nothing later than it is settled
    await ingestion.query(`update ledger_progress set settled_up_to = now() - interval '190 s', settled_at = now()`);
    expect(await ledger(lost.key)).toMatchObject({ missing: 0 });
    // one that stands still is
    await ingestion.query(`update ledger_progress set settled_at = now() - interval '61 s'`);
    expect(await ledger(lost.key)).toMatchObject({ missing: 1 });
    expect(await ledger(young.key)).toMatchObject({ missing: 0 });
    const metrics = await (await fetch(`${ingestion.replicas[0]!.url}/metrics`)).text();
    expect(Number(/^ledger_missing_feedback\{.*\} (\S+)$/m.exec(metrics)?.[1])).toBeGreaterThanOrEqual(1);
    expect(Number(/^ledger_results_total\{.*result="accepted".*\} (\S+)$/m.exec(metrics)?.[1])).toBeGreaterThanOrEqual(
      1,
    );
    expect(Number(/^ledger_outcomes\{.*outcome="none".*\} (\S+)$/m.exec(metrics)?.[1])).toBeGreaterThanOrEqual(1);
    expect((await ledger(ingestion.admin, `?source=${lost.source}&missing=ids&limit=1`)).missingIds).toEqual([
      lost.feedbackId,
    ]);
  });

  it('drops what was never accepted here, and goes on', async () => {
    await tell([noLoop(deriveId('never accepted'), 1, 1)], 0);
    const { feedbackId } = await accept();
    await tell([noLoop(feedbackId, 1, 1)], 0);
    await eventually(async () => expect(await view(feedbackId)).toMatchObject({ status: 'settled' }));
  });

  it('its counts are those of its rows', async () => {
    const total = await ledger(ingestion.admin);
    const by = (column: string) =>
      ingestion.query<{ name: string; count: number }>(
        `select coalesce(${column}, '') as name, count(*)::int as count from feedback where outcome is not null group by 1`,
      );
    const asCounts = (rows: { name: string; count: number }[]) =>
      Object.fromEntries(rows.map(({ name, count: n }) => [name, n]));
    const { 'dead-letter': dead, none, ...outcomes } = total.outcomes;
    expect(Object.fromEntries(Object.entries(outcomes).filter(([, n]) => n > 0))).toEqual(
      asCounts(await by('outcome')),
    );
    expect(total.teams).toEqual(asCounts(await by('team')));
    expect(total.sentiments).toEqual(asCounts(await by('sentiment')));
    const loops = await ingestion.query<{ name: string; count: number }>(
      'select state as name, count(*)::int as count from loop_state group by 1',
    );
    expect(total.loops).toEqual(asCounts(loops));
    const [row] = await ingestion.query<{ feedback: number; revisions: number }>(
      `select count(*)::int as feedback, sum(accepted_revision)::int as revisions from feedback`,
    );
    expect(total.results.accepted).toBe(row!.feedback);
    expect(total.results.accepted + total.results.revised).toBe(row!.revisions);
    expect(Object.values(outcomes).reduce((a, b) => a + b) + dead + none).toBe(row!.feedback);
    expect(total.unsettled.total).toBe(Object.values(total.unsettled.byAge).reduce((a, b) => a + b));
  });
});
