import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { feedbackReceived, type FeedbackReceived } from '@closeloop/contracts';
import { readLog } from '@closeloop/messaging';
import { AuditLog, databaseUrlOf, openDatabase } from '@closeloop/platform';
import { eventually, type Recorder } from '@closeloop/testing';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type DataSource } from 'typeorm';
import { RecoverFeedback } from './application/recover-feedback.handler.js';
import { ingestionDatabase } from './ingestion.database.js';
import { IngestionFixture } from './ingestion.fixture.js';
import { RecoveryRepository } from './infrastructure/recovery.repository.js';

jest.setTimeout(60_000);

let ingestion: IngestionFixture;
let database: DataSource;
let received: Recorder;
beforeAll(async () => {
  ingestion = await IngestionFixture.start(1, { RATE_LIMIT_BURST: '100000' });
  database = await openDatabase('ingestion', ingestionDatabase, ingestion.test.env);
  received = await ingestion.test.record(feedbackReceived.topic);
});
afterAll(async () => {
  await database?.destroy();
  await ingestion?.stop();
});

const send = async (externalId: string, more: object = {}): Promise<string> => {
  const { body, status } = await ingestion.post('/v1/feedback', {
    ...{ channel: 'review', externalId, text: `What ${externalId} said.` },
    ...more,
  });
  expect(status).toBe(202);
  return (body as { feedbackId: string }).feedbackId;
};
const kept = () =>
  Promise.all([
    database.query<object[]>(
      `select feedback_id, source, accepted_revision, content_hash, updated_at, deleted_at, accepted_at
       from feedback order by feedback_id`,
    ),
    database.query<object[]>('select * from feedback_revision order by feedback_id, revision'),
    database.query<object[]>('select * from feedback_body order by feedback_id, part'),
    database.query<object[]>(
      `select source, value, sum(count)::int n from tally where measure = 'result' group by 1, 2 having sum(count) <> 0 order by 1, 2`,
    ),
  ]);
/** The database as it was at that time: what was accepted later is not in it. */
async function setBackTo(time: Date): Promise<void> {
  await database.query(`delete from feedback_body using feedback_revision r
    where r.feedback_id = feedback_body.feedback_id and r.revision::text = part and r.received_at > '${time.toISOString()}'`);
  await database.query('delete from feedback_revision where received_at > $1', [time]);
  await database.query(
    'delete from feedback where not exists (select 1 from feedback_revision r where r.feedback_id = feedback.feedback_id)',
  );
  await database.query(
    `update feedback set accepted_revision = r.revision, content_hash = r.content_hash, accepted_at = r.received_at,
       updated_at = null, deleted_at = null
     from (select distinct on (feedback_id) * from feedback_revision order by feedback_id, revision desc) r
     where r.feedback_id = feedback.feedback_id`,
  );
  await database.query('truncate tally');
  await database.query(
    `insert into tally (measure, source, value, team, sentiment, slot, count)
     select 'result', source, case when revision = 1 then 'accepted' else 'revised' end, '', '', 0, count(*)
     from feedback_revision join feedback using (feedback_id) group by 2, 3`,
  );
}
async function recoverSince(time: Date) {
  const run = { actor: { kind: 'command', subject: 'spec', roles: [] }, since: new Date() } as const;
  const recovery = new RecoverFeedback(new RecoveryRepository(database, new AuditLog({}), run));
  const read = await readLog(ingestion.test.env, 'ingestion', feedbackReceived, time, (events) =>
    recovery.handle(events.map(({ data }) => data)),
  );
  return { ...read, ...recovery.sum };
}

describe('what was accepted after the backup', () => {
  it('is entered again out of the log, as it was; twice is harmless; nothing is sent', async () => {
    await send('before');
    const later = await send('revised');
    const [backup] = await database.query<{ now: Date }[]>('select clock_timestamp() now');
    await send('revised', { text: 'Better by now.', updatedAt: '2026-11-22T01:00:00Z' });
    await send('revised', { text: 'Or worse.', updatedAt: '2026-11-22T02:00:00Z' });
    await send('new');
    await send('gone');
    await send('gone', { kind: 'deleted', text: undefined, updatedAt: '2026-11-22T02:00:00Z' });
    for (let n = 0; n < 50; n++) await send(`many-${n}`);
    await eventually(() => expect(received.messages).toHaveLength(57));
    const before = await kept();
    await setBackTo(backup!.now);
    expect(await database.query('select 1 from feedback')).toHaveLength(2);

    // by the time of sending, which is a little later: some that the backup has may come too
    expect(await recoverSince(backup!.now)).toMatchObject({ unreadable: 0, entered: 55, other: 0, strange: 0 });
    expect(await kept()).toEqual(before);
    expect(await recoverSince(new Date(0))).toEqual({
      ...{ events: 57, unreadable: 0, entered: 0, known: 57, other: 0, strange: 0 },
    });
    expect(await kept()).toEqual(before);
    expect(received.messages).toHaveLength(57);
    // what is sent again is known, what is new is the next revision
    expect(
      (await ingestion.post('/v1/feedback', { channel: 'review', externalId: 'new', text: 'What new said.' })).status,
    ).toBe(200);
    const { body } = await ingestion.post('/v1/feedback', {
      channel: 'review',
      externalId: 'revised',
      text: 'And now?',
    });
    expect(body).toMatchObject({ feedbackId: later, result: 'revised', revision: 4 });
  });

  it('is left alone where its number was given again meanwhile, and where its content is a stranger’s', async () => {
    const [backup] = await database.query<{ now: Date }[]>('select clock_timestamp() now');
    const feedbackId = await send('taken');
    await setBackTo(backup!.now);
    await send('taken', { text: 'Something else.' });
    const before = await kept();
    const data = JSON.parse(received.messages.at(-1)!.value.toString()) as FeedbackReceived;
    await ingestion.test.publish(feedbackReceived.topic, [
      {
        key: data.feedbackId,
        value: { ...data, revision: 9, text: 'forged' },
        headers: { ...received.messages.at(-1)!.headers, ce_id: feedbackId },
      },
    ]);
    expect(await recoverSince(backup!.now)).toMatchObject({ entered: 0, other: 1, strange: 1 });
    expect(await kept()).toEqual(before);
  });

  it('by a program that runs without the service', async () => {
    const run = (...words: string[]) =>
      promisify(execFile)(process.execPath, ['services/ingestion/dist/recover.js', ...words], {
        env: {
          ...{ PATH: process.env['PATH'], NODE_ENV: 'test', ...ingestion.test.env },
          INGESTION_DATABASE_URL: databaseUrlOf('ingestion', ingestion.test.env),
        },
      });
    // the ingestion of this spec runs
    await expect(run('--since', '2026-01-01T00:00:00Z')).rejects.toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^Ingestion runs: .*--force\.\n$/),
    });
    const { stdout } = await run('--since', '2026-01-01T00:00:00Z', '--force');
    expect(JSON.parse(stdout)).toMatchObject({ entered: 0, strange: 1 });
    await expect(run()).rejects.toMatchObject({ code: 2 });
  });
});
