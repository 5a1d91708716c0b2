import { feedbackIdOf, feedbackReceived, type FeedbackReceived } from '@closeloop/contracts';
import { databaseUrlOf } from '@closeloop/platform';
import { eventually } from '@closeloop/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, IngestionFixture } from '../ingestion.fixture.js';

jest.setTimeout(60_000);

describe('Requests while a transaction of the same process runs', () => {
  let ingestion: IngestionFixture;
  let holder: pg.Client | undefined;
  let count = 0;

  const review = (externalId: string, text: string) => ({ channel: 'review', externalId, text });
  const others = (many: number) => Array.from({ length: many }, () => review(`other-${count++}`, 'Fine.'));
  const send = (...batch: object[]): Promise<Answer> => ingestion.post('/v1/feedback/batch', batch);
  const resultOf = ({ body }: Answer, at: number) => (body as { result: string; revision: number }[]).at(at);
  const isAnswered = (answer: Promise<Answer>): Promise<boolean> =>
    Promise.race([answer.then(() => true), sleep(500).then(() => false)]);

  /** Until it is released nothing about this feedback is judged. */
  async function hold(externalId: string): Promise<void> {
    holder = new pg.Client({ connectionString: databaseUrlOf('ingestion', ingestion.test.env) });
    await holder.connect();
    await holder.query('begin');
    await holder.query('select 1 from feedback where feedback_id = $1 for update', [feedbackIdOf('shop', externalId)]);
  }
  async function waitsForIt(): Promise<void> {
    await eventually(async () => {
      const rows = await ingestion.query(
        `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      expect(rows).toHaveLength(1);
    });
  }
  const release = async (): Promise<void> => {
    await holder?.end();
    holder = undefined;
  };

  beforeAll(async () => {
    ingestion = await IngestionFixture.start(1);
  });
  afterAll(() => ingestion.stop());
  afterEach(release);

  it('do not wait for it where they are many, about other feedback; few do, and share the next one', async () => {
    const held = `held-${count++}`;
    await send(review(held, 'one'));
    await hold(held);
    const waiting = send(review(held, 'two'));
    await waitsForIt();
    const few = send(...others(3));
    expect(await isAnswered(few)).toBe(false);
    expect((await send(...others(450))).status).toBe(200);
    // what came before it went with it
    expect((await few).status).toBe(200);
    expect(await isAnswered(waiting)).toBe(false);
    await release();
    expect(resultOf(await waiting, 0)).toMatchObject({ result: 'revised', revision: 2 });
  });

  it('are judged in the order in which they came where they are about the same feedback', async () => {
    const received = await ingestion.test.record(feedbackReceived.topic);
    const held = `held-${count++}`;
    const both = `both-${count++}`;
    await send(review(held, 'one'));
    await hold(held);
    const first = send(review(held, 'two'), review(both, 'first'));
    await waitsForIt();
    const second = send(...others(450), review(both, 'second'));
    expect(await isAnswered(second)).toBe(false);
    // nobody goes past those that wait
    const third = send(...others(450));
    expect(await isAnswered(third)).toBe(false);
    await release();
    expect(resultOf(await first, 1)).toMatchObject({ result: 'accepted', revision: 1 });
    expect(resultOf(await second, -1)).toMatchObject({ result: 'revised', revision: 2 });
    expect((await third).status).toBe(200);
    const feedbackId = feedbackIdOf('shop', both);
    await eventually(() => {
      const events = (received.json() as FeedbackReceived[]).filter((event) => event.feedbackId === feedbackId);
      expect(events.map(({ text }) => text)).toEqual(['first', 'second']);
    });
  });
});
