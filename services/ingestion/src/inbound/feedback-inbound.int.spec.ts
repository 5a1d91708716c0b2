import {
  deadLetterHeaders,
  deadLetterTopic,
  deriveId,
  feedbackIdOf,
  feedbackInbound,
  feedbackReceived,
} from '@closeloop/contracts';
import { eventually, type Recorder } from '@closeloop/testing';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { IngestionFixture } from '../ingestion.fixture.js';

jest.setTimeout(60_000);

describe('Feedback from Kafka', () => {
  let ingestion: IngestionFixture;
  let received: Recorder;
  let dead: Recorder;
  beforeAll(async () => {
    ingestion = await IngestionFixture.start(2, { OUTBOX_BOUND: '200' });
    received = await ingestion.test.record(feedbackReceived.topic);
    dead = await ingestion.test.record(deadLetterTopic(feedbackInbound.topic));
  });
  afterAll(() => ingestion.stop());

  let count = 0;
  const offer = (...bodies: object[]) =>
    ingestion.publish(
      feedbackInbound,
      bodies.map((data) => ({ id: `offer-${count++}`, subject: '', data: data as never })),
      0,
    );
  const said = (source: string, externalId: string, more: object = {}) => ({
    source,
    externalId,
    channel: 'social',
    text: 'Hello.',
    ...more,
  });

  it('gets the results that it would get over HTTP, counted durably', async () => {
    const at = (hour: number) => ({ updatedAt: `2026-03-01T0${hour}:00:00Z` });
    await offer(
      said('feed', '1', at(2)),
      said('feed', '1', at(2)),
      said('feed', '1', { ...at(1), text: 'older' }),
      said('feed', '1', { ...at(3), text: 'newer' }),
      said('feed', '2', { kind: 'deleted' }),
      said('feed', '2'),
    );
    await eventually(async () =>
      expect(await ingestion.results('feed')).toEqual({
        accepted: 2,
        revised: 1,
        duplicate: 1,
        stale: 2,
        rejected: 0,
        'dead-inbound': 0,
      }),
    );
    const feedbackId = feedbackIdOf('feed', '1');
    await eventually(() =>
      expect(
        (received.json() as { feedbackId: string; text: string }[])
          .filter((event) => event.feedbackId === feedbackId)
          .map(({ text }) => text),
      ).toEqual(['Hello.', 'newer']),
    );
    // the same id over HTTP is the same feedback
    const body = { externalId: '1', channel: 'social', text: 'newer', ...at(3) };
    expect((await ingestion.post('/v1/feedback', body, { as: await ingestion.key('feed') })).body).toEqual({
      result: 'duplicate',
      feedbackId,
      revision: 2,
    });
  });

  it('what is not valid dies alone, with its reason, and is counted under its source', async () => {
    await offer(
      said('pipe', '1'),
      said('pipe', '2', { text: null }),
      said('pipe', '3', { channel: 'pigeon' }),
      said('pipe', '4', { text: 'half \ud800' }),
      said('pipe', '5'),
    );
    await ingestion.test.publish(feedbackInbound.topic, [{ key: 'x', value: 'no json', partition: 0 }]);
    await eventually(async () =>
      expect(await ingestion.results('pipe')).toMatchObject({ accepted: 2, rejected: 0, 'dead-inbound': 3 }),
    );
    await eventually(() => expect(dead.messages).toHaveLength(4));
    expect(dead.messages.map(({ headers }) => headers[deadLetterHeaders.reason])).toEqual(
      expect.arrayContaining(['invalid-schema', 'invalid-schema', 'forbidden-characters', 'unknown-type']),
    );
    await eventually(async () => {
      const { body } = await ingestion.get('/v1/ledger', { as: ingestion.admin });
      expect((body as { results: Record<string, number> }).results['dead-inbound']).toBe(4);
    });
    // a letter that is sent twice is one
    const [again] = dead.messages;
    await ingestion.test.publish(deadLetterTopic(feedbackInbound.topic), [
      { key: again!.key, value: again!.value, headers: again!.headers, partition: 0 },
    ]);
    const other = { ...again!.headers, [deadLetterHeaders.id]: deriveId('another letter') };
    await ingestion.test.publish(deadLetterTopic(feedbackInbound.topic), [
      { key: again!.key, value: again!.value, headers: other, partition: 0 },
    ]);
    await eventually(async () => {
      const { body } = await ingestion.get('/v1/ledger', { as: ingestion.admin });
      expect((body as { results: Record<string, number> }).results['dead-inbound']).toBe(5);
    });
  });

  it('waits while the outbox is full, and then loses nothing; HTTP is told to come again', async () => {
    await ingestion.query(`update outbox_lease set holder = $1, expires_at = 'infinity'`, [
      '00000000-0000-4000-8000-000000000000',
    ]);
    // longer than a relay holds by its own clock what it cannot renew
    await sleep(5000);
    const key = await ingestion.key('flood');
    const http = (externalId: string, to = 0) =>
      ingestion.post('/v1/feedback', { channel: 'chat', text: 'Hi.', externalId }, { as: key, to });
    const accepted = async () => (await ingestion.results('flood'))['accepted']!;
    const filling = Array.from({ length: 250 }, (_, at) => ({
      channel: 'chat',
      text: 'Hi.',
      externalId: `fill ${at}`,
    }));
    expect((await ingestion.post('/v1/feedback/batch', filling, { as: key })).status).toBe(200);
    for (const replica of ingestion.replicas.keys()) {
      await eventually(async () => {
        const refused = await http('over the bound', replica);
        expect(refused.status).toBe(503);
        expect(refused.body).toMatchObject({ type: 'urn:closeloop:backlog-full' });
        expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      });
    }
    // a replica takes what comes until it has counted
    const before = await accepted();
    const many = Array.from({ length: 300 }, (_, at) => said('flood', String(at)));
    await offer(...many);
    await sleep(2000);
    expect(await accepted()).toBe(before);
    await ingestion.query(`update outbox_lease set holder = null, expires_at = '-infinity'`);
    await eventually(
      async () => {
        expect((await http('after it')).status).not.toBe(503);
        expect(await accepted()).toBe(before + 301);
      },
      { timeoutMs: 30_000 },
    );
    await eventually(
      () => {
        const ids = (received.json() as { source: string; externalId: string }[])
          .filter(({ source }) => source === 'flood')
          .map(({ externalId }) => externalId);
        expect(many.filter(({ externalId }) => !ids.includes(externalId))).toEqual([]);
      },
      { timeoutMs: 30_000 },
    );
  });
});
