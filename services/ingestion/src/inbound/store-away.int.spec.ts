import { feedbackIdOf, feedbackReceived } from '@closeloop/contracts';
import { eventually, type Recorder } from '@closeloop/testing';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cable } from '../cable.fixture.js';
import { IngestionFixture } from '../ingestion.fixture.js';

jest.setTimeout(90_000);

describe('While Postgres is away', () => {
  let cable: Cable;
  let ingestion: IngestionFixture;
  let received: Recorder;
  beforeAll(async () => {
    cable = await Cable.to(process.env['DATABASE_URL']!);
    ingestion = await IngestionFixture.start(1, { DATABASE_URL: cable.url });
    received = await ingestion.test.record(feedbackReceived.topic);
    await ingestion.key('shop');
  });
  afterAll(async () => {
    cable.mend();
    await ingestion.stop();
    cable.close();
  });

  const review = (externalId: string) => ({ channel: 'review', externalId, text: 'Fine.' });

  it('answers 503 with Retry-After, accepts nothing, and goes on when it is back', async () => {
    expect((await ingestion.post('/v1/feedback', review('before'))).status).toBe(202);
    cable.cut();
    const refused = await ingestion.post('/v1/feedback', review('away'));
    expect(refused.status).toBe(503);
    expect(refused.body).toMatchObject({ type: 'urn:closeloop:store-unavailable' });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    cable.mend();
    await eventually(async () => expect((await ingestion.post('/v1/feedback', review('back'))).status).toBe(202));
    const rows = await ingestion.query<{ feedback_id: string }>('select feedback_id from feedback');
    expect(rows.map((row) => row.feedback_id)).not.toContain(feedbackIdOf('shop', 'away'));
  });

  it('cut again and again under load, half of nothing is accepted, and all that was answered is there', async () => {
    const answered = new Map<string, number>();
    let cutting = true;
    let next = 0;
    const sender = async (): Promise<void> => {
      while (cutting) {
        const ids = Array.from({ length: 20 }, () => `load-${next++}`);
        const { status, body } = await ingestion.post('/v1/feedback/batch', ids.map(review));
        if (status !== 200) {
          expect(status).toBe(503);
          await sleep(20);
          continue;
        }
        (body as { result: string; revision: number }[]).forEach(({ result, revision }, at) => {
          expect(result).toBe('accepted');
          answered.set(ids[at]!, revision);
        });
      }
    };
    const senders = [sender(), sender(), sender(), sender()];
    for (let turn = 0; turn < 12; turn++) {
      await sleep(150 + Math.random() * 100);
      cable.cut();
      await sleep(50);
      cable.mend();
    }
    await sleep(300);
    cutting = false;
    await Promise.all(senders);

    expect(answered.size).toBeGreaterThan(20);
    const rows = await ingestion.query<{ feedback_id: string; revisions: number; bodies: number }>(
      `select feedback_id, (select count(*)::int from feedback_revision r where r.feedback_id = f.feedback_id) as revisions,
              (select count(*)::int from feedback_body b where b.feedback_id = f.feedback_id) as bodies
       from feedback f`,
    );
    const stored = new Set(rows.map((row) => row.feedback_id));
    expect([...answered.keys()].filter((id) => !stored.has(feedbackIdOf('shop', id)))).toEqual([]);
    expect(rows.filter(({ revisions, bodies }) => revisions !== 1 || bodies !== 1)).toEqual([]);
    const [orphans] = await ingestion.query<{ count: number }>(
      'select count(*)::int as count from feedback_revision where feedback_id not in (select feedback_id from feedback)',
    );
    expect(orphans!.count).toBe(0);
    expect((await ingestion.results())['accepted']).toBe(rows.length);
    await eventually(
      () => {
        const sent = new Set((received.json() as { feedbackId: string }[]).map(({ feedbackId }) => feedbackId));
        expect(sent).toEqual(stored);
      },
      { timeoutMs: 20_000 },
    );
  });
});
