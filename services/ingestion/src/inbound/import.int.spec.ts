import { once } from 'node:events';
import { request } from 'node:http';
import { gzipSync } from 'node:zlib';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@closeloop/testing';
import { Cable } from '../cable.fixture.js';
import { bearer, EdgesFixture } from '../edges.fixture.js';

const ndjson = 'application/x-ndjson';

describe('the import', () => {
  let edges: EdgesFixture;
  let cable: Cable;
  beforeAll(async () => {
    cable = await Cable.to(process.env.DATABASE_URL!);
    edges = await EdgesFixture.start({ DATABASE_URL: cable.url });
  });
  afterAll(async () => {
    cable.mend();
    await edges.stop();
    cable.close();
  });

  const line = (feedback: object) => JSON.stringify({ channel: 'review', text: 'The queue was long.', ...feedback });
  const reportOf = (text: string) =>
    text
      .trimEnd()
      .split('\n')
      .map((one) => JSON.parse(one));
  const send = (
    key: string,
    body: string | Uint8Array | AsyncIterable<Uint8Array>,
    {
      type = ndjson,
      query = '',
      headers = {},
    }: { type?: string; query?: string; headers?: Record<string, string> } = {},
  ) => edges.send('POST', `/v1/feedback/import${query}`, { ...bearer(key), ...headers }, body, type);
  const summary = (of: object) => ({
    summary: { lines: 0, accepted: 0, revised: 0, duplicate: 0, stale: 0, rejected: 0, ...of },
  });
  const content = async (source: string): Promise<Record<string, unknown>[]> => {
    const rows = await edges.test.query<{ body: Buffer }>(
      'ingestion',
      'select b.body from feedback f join feedback_body b using (feedback_id) where f.source = $1',
      [source],
    );
    return rows.map(({ body }) => JSON.parse(body.toString()) as Record<string, unknown>);
  };

  it('tells of each bad line by its number, and sums up', async () => {
    const key = await edges.key('report');
    const lines = [
      line({ externalId: '1' }),
      '{"channel": "review", "text": ',
      '',
      line({ externalId: '2', channel: 'telepathy', text: 5 }),
      line({ externalId: '1' }),
      line({ externalId: '3', text: 'NUL \u0000' }),
      line({ externalId: '4', source: 'another' }),
      line({ externalId: '5', filler: 'x'.repeat(1_100_000) }),
      line({ externalId: '6' }),
    ];
    const answer = await send(key, lines.join('\n'));
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe(ndjson);
    const report = reportOf(answer.text);
    expect(report.map((one) => one.line)).toEqual([2, 4, 6, 7, 8, undefined]);
    expect(report[0].errors[0].rule).toBe('json');
    expect(report[1].errors.map((one: { pointer: string }) => one.pointer)).toEqual(
      expect.arrayContaining(['/channel', '/text']),
    );
    expect(report[2].errors[0]).toMatchObject({ pointer: '/text', rule: 'forbiddenCharacters' });
    expect(report[3].errors[0].pointer).toBe('/source');
    expect(report[4].errors[0].rule).toBe('maxRecordBytes');
    expect(report[5]).toEqual(summary({ lines: 8, accepted: 2, duplicate: 1, rejected: 5 }));
    expect(await edges.feedbackOf('report')).toBe(2);
  });

  it('reads CSV by the names of its columns', async () => {
    const key = await edges.key('table');
    const csv = [
      'externalId,channel,text,rating.value,rating.scale,author.externalId,historic,airline',
      '1,review,"Lost ""again"",',
      'twice",2,5,ana,false,Delta',
      '2,review,late,five,5,,,',
      '3,review,late,1,5',
      '4,review,5" seat,1,5,,,',
      '5,review,fine,,,,,',
    ].join('\r\n');
    const report = reportOf((await send(key, csv, { type: 'text/csv; charset=utf-8' })).text);
    expect(report.map((one) => [one.line, one.errors?.[0].rule])).toEqual([
      [4, 'isNumber'],
      [5, 'csvFields'],
      [6, 'csv'],
      [undefined, undefined],
    ]);
    expect(report[3]).toEqual(summary({ lines: 5, accepted: 2, rejected: 3 }));
    const rows = await content('table');
    expect(rows).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          externalId: '1',
          text: 'Lost "again",\r\ntwice',
          rating: { value: 2, scale: 5 },
          author: { externalId: 'ana' },
          historic: false,
          attributes: { airline: 'Delta' },
        }),
        expect.objectContaining({ externalId: '5', historic: true }),
      ]),
    );
  });

  it('refuses a header that means nothing before it takes anything in', async () => {
    const key = await edges.key('header');
    const refused = await send(key, 'rating,text,text\n5,a,b\n', { type: 'text/csv' });
    expect(refused.status).toBe(400);
    expect(refused.body.errors).toHaveLength(2);
    expect((await send(key, ' ', { type: 'text/csv' })).status).toBe(400);
    expect((await send(key, '{}', { type: 'application/json' })).status).toBe(415);
    expect((await send(key, line({}), { query: '?historic=perhaps' })).status).toBe(400);
    expect(await edges.feedbackOf('header')).toBe(0);
  });

  it('takes what does not say so as historic, unless asked otherwise', async () => {
    const key = await edges.key('past');
    await send(key, [line({ externalId: 'a' }), line({ externalId: 'b', historic: false })].join('\n'));
    await send(key, [line({ externalId: 'c' }), line({ externalId: 'd', historic: true })].join('\n'), {
      query: '?historic=false',
    });
    const historic = Object.fromEntries((await content('past')).map((one) => [one.externalId, one.historic]));
    expect(historic).toEqual({ a: true, b: false, c: false, d: true });
  });

  it('doubles nothing when it is sent again after it was cut off in the middle', async () => {
    const key = await edges.key('aborted');
    const lines = Array.from({ length: 2400 }, (_, at) =>
      line(at % 2 ? { externalId: `e${at}` } : { text: `text ${at}` }),
    );
    const upload = request(`${edges.service.url}/v1/feedback/import`, {
      method: 'POST',
      headers: { ...bearer(key), 'content-type': ndjson },
    });
    upload.on('error', () => undefined);
    upload.write(`${lines.slice(0, 1200).join('\n')}\n`);
    await eventually(async () => expect(await edges.feedbackOf('aborted')).toBeGreaterThanOrEqual(1000));
    upload.write(lines[1200]!.slice(0, 20));
    upload.destroy();
    await sleep(300);
    const before = await edges.feedbackOf('aborted');
    expect(before).toBe(1000);

    const again = reportOf((await send(key, lines.join('\n'))).text);
    expect(again).toEqual([summary({ lines: 2400, accepted: 2400 - before, duplicate: before })]);
    expect(await edges.feedbackOf('aborted')).toBe(2400);
    const [revisions] = await edges.test.query(
      'ingestion',
      `select count(*)::int as count from feedback_revision r join feedback f using (feedback_id) where f.source = 'aborted'`,
    );
    expect(revisions).toEqual({ count: 2400 });
  });

  it('tells equal lines apart by an Idempotency-Key, and knows them again', async () => {
    const key = await edges.key('keyed');
    const lines = Array.from({ length: 3 }, () => line({})).join('\n');
    const headers = { 'idempotency-key': 'file-7' };
    expect(reportOf((await send(key, lines, { headers })).text)).toEqual([summary({ lines: 3, accepted: 3 })]);
    expect(reportOf((await send(key, lines, { headers })).text)).toEqual([summary({ lines: 3, duplicate: 3 })]);
    // without one, the content is the id
    expect(reportOf((await send(key, lines)).text)).toEqual([summary({ lines: 3, accepted: 1, duplicate: 2 })]);
  });

  it('unpacks gzip as it comes, and takes no line that was cut off', async () => {
    const key = await edges.key('packed');
    const lines = Array.from({ length: 1500 }, (_, at) => line({ externalId: `g${at}` }));
    const packed = gzipSync(lines.join('\n'));
    const headers = { 'content-encoding': 'gzip' };
    const cut = reportOf((await send(key, packed.subarray(0, packed.length - 9), { headers })).text).at(-1);
    expect(cut).toMatchObject({ result: 'stopped', problem: { type: 'urn:closeloop:invalid' } });
    const taken = await edges.feedbackOf('packed');
    expect(taken).toBe(cut.line - 1);
    expect(taken).toBeLessThan(1500);
    const whole = reportOf((await send(key, packed, { headers })).text);
    expect(whole).toEqual([summary({ lines: 1500, accepted: 1500 - taken, duplicate: taken })]);
  });

  it('says where it stopped when the store goes away in the middle, and takes the rest when sent again', async () => {
    const key = await edges.key('stopped');
    const lines = Array.from({ length: 1700 }, (_, at) => line({ externalId: `s${at}` }));
    async function* body(): AsyncGenerator<Uint8Array> {
      yield Buffer.from(`${lines.slice(0, 1000).join('\n')}\n`);
      await eventually(async () => expect(await edges.feedbackOf('stopped')).toBe(1000));
      cable.cut();
      yield Buffer.from(lines.slice(1000).join('\n'));
    }
    const answer = await send(key, body());
    cable.mend();
    expect(answer.status).toBe(200);
    expect(reportOf(answer.text)).toEqual([
      {
        line: 1001,
        result: 'stopped',
        problem: expect.objectContaining({ type: 'urn:closeloop:store-unavailable', status: 503 }),
        ...summary({ lines: 1000, accepted: 1000 }),
      },
    ]);
    expect(await edges.feedbackOf('stopped')).toBe(1000);
    await eventually(async () => expect((await send(key, lines[0]!)).status).toBe(200));
    expect(reportOf((await send(key, lines.join('\n'))).text)).toEqual([
      summary({ lines: 1700, accepted: 700, duplicate: 1000 }),
    ]);
  });

  it('refuses the whole request while nothing of it was taken in', async () => {
    const key = await edges.key('away');
    await send(key, line({ externalId: 'warm' }));
    cable.cut();
    const answer = await send(key, line({ externalId: 'a' }));
    cable.mend();
    expect(answer.status).toBe(503);
    expect(answer.body).toMatchObject({ type: 'urn:closeloop:store-unavailable' });
    expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
  });

  it('reads no further than its report is read', async () => {
    const key = await edges.key('unread');
    const upload = request(`${edges.service.url}/v1/feedback/import`, {
      method: 'POST',
      headers: { ...bearer(key), 'content-type': ndjson },
    });
    upload.on('error', () => undefined);
    // listening and not reading: without a listener, Node reads the answer and throws it away
    upload.on('response', () => undefined);
    const bad = `${JSON.stringify({ channel: 'none' })}\n`.repeat(5000);
    let written = 0;
    let stuck = false;
    while (!stuck && written < 64 * 1024 * 1024) {
      written += bad.length;
      if (upload.write(bad)) continue;
      stuck = await Promise.race([once(upload, 'drain').then(() => false), sleep(3000).then(() => true)]);
    }
    upload.destroy();
    expect(stuck).toBe(true);
  });
});
