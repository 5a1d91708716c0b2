import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  deriveId,
  feedbackRouted,
  loopChanged,
  loopIdOf,
  noticeEventId,
  noticeIdOf,
  noticeRequested,
  type LoopChanged,
} from '@closeloop/contracts';
import { createTopics } from '@closeloop/messaging';
import { createService, migrateDatabase, type RunningService } from '@closeloop/platform';
import { eventually, testEnvironment, type Recorder, type TestEnvironment } from '@closeloop/testing';
import fc from 'fast-check';
import { DataSource } from 'typeorm';
import { ArchiveLoops } from './application/archive-loops.handler.js';
import { ArchiveTimer } from './inbound/archive.timer.js';
import { archiveLoops, lockLoopRows } from './infrastructure/archive.statement.js';
import { loopColumnNames } from './infrastructure/loop.statement.js';
import { loopDatabase } from './loop.database.js';
import { LoopModule } from './loop.module.js';
import { messageOf, routed, type RoutedOptions } from './routed.fixture.js';

// the machine may be busy; what is waited for is bounded by eventually()
jest.setTimeout(120_000);

const patient = { timeoutMs: 60_000 };
let environment: TestEnvironment;
let env: Record<string, string>;
let keys: Server;
let recorder: Recorder;
let token: string;
let service: RunningService;
const replicas: RunningService[] = [];

beforeAll(async () => {
  environment = await testEnvironment({ prefix: 'archive' });
  // what ingestion answers to a key's holder
  keys = createServer((_request, response) =>
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ keyId: 'shop', source: 'shop' })),
  );
  await new Promise<void>((resolve) => keys.listen(0, '127.0.0.1', resolve));
  env = {
    ...environment.env,
    INGESTION_URL: `http://127.0.0.1:${(keys.address() as AddressInfo).port}`,
    LOOP_ARCHIVE_AFTER_DAYS: '100',
    // a notice goes out at once
    LOOP_QUIET_HOURS: 'off',
    LOOP_FOLLOW_UP_CAP: '0',
  };
  await createTopics(env);
  await migrateDatabase('loop', loopDatabase, env);
  recorder = await environment.record(loopChanged.topic);
  token = await environment.token({ sub: 'ann', roles: ['admin', 'agent'], teams: ['support'] });
  service = await startWithoutTimer();
}, 120_000);
afterAll(async () => {
  await service?.close();
  keys?.close();
  await environment?.close();
});
afterEach(async () => {
  await Promise.all(replicas.splice(0).map((replica) => replica.close()));
});

const start = (more: Record<string, string> = {}): Promise<RunningService> =>
  createService('loop', LoopModule, { env: { ...env, ...more }, logger: false });
/** A service whose timer sleeps for good: the spec itself archives. */
async function startWithoutTimer(more: Record<string, string> = {}): Promise<RunningService> {
  const started = await start(more);
  await started.app.get(ArchiveTimer).onModuleDestroy();
  return started;
}
async function archiveAll(by: RunningService = service, limit?: number): Promise<number> {
  let loops = 0;
  for (let done; (done = await by.app.get(ArchiveLoops).handle(limit)).loops > 0;) loops += done.loops;
  return loops;
}
const rows = <T = Record<string, unknown>>(sql: string, params: readonly unknown[] = []): Promise<T[]> =>
  environment.query<T>('loop', sql, params);

interface View {
  readonly version: number;
  readonly state: string;
  readonly history: readonly { readonly version: number; readonly change: string }[];
  /** Their words lie in `feedback`, too */
  readonly feedback: readonly { readonly feedbackId: string; readonly feedback?: object }[];
  readonly items: readonly { readonly loopId: string }[];
}
async function call(
  method: string,
  path: string,
  { version, body, headers = {} }: { version?: number; body?: object; headers?: Record<string, string> } = {},
): Promise<{ readonly status: number; readonly body: View }> {
  const response = await fetch(service.url + path, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body && { 'content-type': 'application/json' }),
      ...(version !== undefined && { 'if-match': `"${version}"` }),
      ...headers,
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as View };
}
const view = async (loopId: string): Promise<View> => (await call('GET', `/v1/loops/${loopId}`)).body;
const evidence = (feedbackId: string, kind: string, key: string) =>
  call('POST', '/v1/evidence', {
    body: { feedbackId, kind, evidence: { type: 'reply', text: 'what the customer says' } },
    headers: { authorization: 'Bearer clk_shop_secret', 'idempotency-key': key },
  });
const send = (name: string, options: RoutedOptions = {}, headers: Record<string, string> = {}): Promise<void> =>
  environment.publish(feedbackRouted.topic, [messageOf(routed(name, options), headers)]);

let count = 0;
interface Named {
  readonly name: string;
  readonly loopId: string;
  readonly feedbackId: string;
}
async function opened(options: RoutedOptions = {}): Promise<Named> {
  const name = `archive-${++count}`;
  const { feedbackId } = routed(name, options).feedback;
  const loopId = loopIdOf(feedbackId);
  await send(name, options);
  await eventually(async () => expect((await call('GET', `/v1/loops/${loopId}`)).status).toBe(200));
  return { name, loopId, feedbackId };
}
/** A loop whose customer has confirmed it, with an answer, evidence and two feedback. */
async function verified(): Promise<Named & { readonly joined: string; readonly customerKey: string }> {
  const customerKey = `customer-${count}`;
  const loop = await opened({ customerKey });
  const joined = `archive-joined-${count}`;
  await send(joined, { customerKey, loop: 'join' });
  await eventually(async () => expect((await view(loop.loopId)).version).toBe(2));
  const path = `/v1/loops/${loop.loopId}`;
  await call('POST', `${path}/respond`, { version: 2, body: { text: 'we are sorry', channel: 'review' } });
  await call('POST', `${path}/resolve`, { version: 4 });
  expect((await evidence(loop.feedbackId, 'confirm', `confirm-${loop.name}`)).status).toBe(200);
  expect(await view(loop.loopId)).toMatchObject({ state: 'verified', version: 6 });
  return { ...loop, joined, customerKey };
}
/** As if they had been closed so many days ago. */
const age = (loopIds: readonly string[], days = 150): Promise<unknown> =>
  rows(`update loop set closed_at = closed_at - $2::int * interval '1 day' where loop_id = any($1::uuid[])`, [
    loopIds,
    days,
  ]);
const placeOf = async (loopId: string): Promise<string> =>
  (
    await rows<{ place: string }>(
      `select 'loop' place from loop where loop_id = $1 union all select 'archive' from loop_archive where loop_id = $1`,
      [loopId],
    )
  )
    .map(({ place }) => place)
    .join(' and ');
async function archived(): Promise<Awaited<ReturnType<typeof verified>>> {
  const loop = await verified();
  await age([loop.loopId]);
  await archiveAll();
  expect(await placeOf(loop.loopId)).toBe('archive');
  return loop;
}
/** All that loops consist of, wherever it lies, as one text: what is lost, doubled or changed makes another. */
const fingerprint = (): Promise<object[]> =>
  rows(`
    with loops as (
      select loop_id, version, state, team, opened_at, closed_at, limit_at, customer, segments::text from loop
      union all
      select loop_id, version, state, team, opened_at, closed_at, limit_at, customer, segments::text from loop_archive
    ), steps as (
      select h.* from loop_history h
      union all
      select h.* from loop_archive a cross join lateral json_populate_recordset(null::loop_history, a.history) h
    ), said as (
      select w.* from words w
      union all
      select w.* from loop_archive a cross join lateral json_populate_recordset(null::words, a.words) w
    )
    select (select count(*)::int from loops) loops, (select count(distinct loop_id)::int from loops) ids,
      (select md5(string_agg(l::text, '|' order by loop_id)) from loops l) loop,
      (select md5(string_agg(s::text, '|' order by loop_id, version)) from steps s) history,
      (select md5(string_agg(w::text, '|' order by words_id)) from said w) words`);
/** What holds while loops are written, too: each has as many steps as its version says. */
const sums = (): Promise<{ readonly steps: number }> =>
  rows<{ steps: number }>(`
    with loops as (
      select loop_id, version, (select count(*) from loop_history h where h.loop_id = loop.loop_id) steps from loop
      union all
      select loop_id, version, json_array_length(history) from loop_archive
    ), said as (
      select w.* from words w
      union all
      select w.* from loop_archive a cross join lateral json_populate_recordset(null::words, a.words) w
    )
    select count(*)::int loops, count(distinct loop_id)::int ids, (count(*) filter (where version <> steps))::int gaps,
      sum(steps)::int steps, (select md5(string_agg(w::text, '|' order by words_id)) from said w) words
    from loops`).then(([row]) => row!);
/** The next step of a loop that is locked. */
const noted = `with moved as (update loop set version = $2::int where loop_id = $1)
  insert into loop_history (loop_id, version, change, at, actor_kind, state, cycle, team, priority)
  values ($1, $2::int, 'noted', clock_timestamp(), 'system', 'dismissed', 1, 'mass', 'medium')`;
/** Loops that were closed long ago, with as many steps as their version says and words, made by SQL. */
const insertClosed = (number: number, days = 150): Promise<unknown> =>
  rows(
    `with made as materialized (
       select gen_random_uuid() loop_id, gen_random_uuid() feedback_id, date_trunc('milliseconds', clock_timestamp())
         - $2::int * interval '1 day' - n * interval '1 minute' as at, 1 + n % 4 as steps
       from generate_series(1, $1::int) n
     ), loops as (
       insert into loop (loop_id, version, state, cycle, level, team, home, priority, waiting, feedback, sla_policy, historic,
         received_at, opened_at, closed_at)
       select loop_id, steps, 'dismissed', 1, 0, 'mass', 'mass', 'medium', false, 1, 'standard', false, at, at, at from made
     ), tallied as (
       insert into loop_tally values ('mass', 'dismissed', 0, $1)
       on conflict (team, state, slot) do update set count = loop_tally.count + excluded.count
     ), steps as (
       insert into loop_history (loop_id, version, change, at, actor_kind, state, cycle, team, priority, feedback_id, revision, detail)
       select loop_id, v, 'noted', at, 'system', 'dismissed', 1, 'mass', 'medium', feedback_id, 1, '{"topics":  ["a/b"]}'
       from made cross join lateral generate_series(1, steps) v
     )
     insert into words (words_id, kind, loop_id, feedback_id, revision, at, body, answers)
     select feedback_id, 'feedback', loop_id, feedback_id, 1, at, json_build_object('feedback', json_build_object('text', 'ä \\ " ' || feedback_id)), null
     from made
     union all
     select gen_random_uuid(), 'response', loop_id, feedback_id, 1, at, '{"text":  "done"}', to_tsvector('english', 'it''s done, isn''t it?')
     from made`,
    [number, days],
  );

describe('a loop that was closed long ago', () => {
  it('goes into the archive after its days, not before, and is read there as it was', async () => {
    const loop = await verified();
    const dismissed = await opened({ text: 'a rare armadillo' });
    await call('POST', `/v1/loops/${dismissed.loopId}/dismiss`, { version: 1, body: { reason: 'spam' } });
    // without clocks, which would show another time at each look
    const open = await opened({ historic: true });
    const paths = [
      ...[loop, dismissed, open].map(({ loopId }) => `/v1/loops/${loopId}`),
      ...[
        '/v1/loops',
        '/v1/loops?limit=1',
        '/v1/loops?state=verified,dismissed',
        '/v1/loops?q=armadillo',
        '/v1/loops/counts',
      ],
      ...[`/v1/loops?feedbackId=${loop.feedbackId}`, '/v1/loops?owner=ann', '/v1/follow-ups', '/v1/loops?sort=due'],
    ];
    const read = () => Promise.all(paths.map((path) => call('GET', path)));
    await age([loop.loopId, dismissed.loopId], 99);
    expect(await archiveAll()).toBe(0);
    await age([loop.loopId, dismissed.loopId], 2);
    const before = await read();
    expect(before.map(({ status }) => status)).toEqual(paths.map(() => 200));
    expect(before[6]!.body.items).toHaveLength(1);
    const whole = await fingerprint();

    expect(await archiveAll()).toBe(2);
    expect(await placeOf(loop.loopId)).toBe('archive');
    expect(await placeOf(open.loopId)).toBe('loop');
    expect(await rows('select from words where loop_id = $1', [loop.loopId])).toEqual([]);
    expect(await rows('select from loop_history where loop_id = $1', [loop.loopId])).toEqual([]);
    expect(await read()).toEqual(before);
    expect(await fingerprint()).toEqual(whole);
  });

  it('is paged with the others', async () => {
    await insertClosed(5);
    const loop = await opened();
    await archiveAll();
    const seen: string[] = [];
    let cursor = '';
    do {
      const { body } = await call('GET', `/v1/loops?limit=2${cursor && `&cursor=${cursor}`}`);
      seen.push(...body.items.map(({ loopId }) => loopId));
      cursor = (body as { cursor?: string }).cursor ?? '';
    } while (cursor);
    const all = await rows<{ loop_id: string }>(
      `select loop_id from (select loop_id, opened_at from loop union all select loop_id, opened_at from loop_archive) every
        order by opened_at desc, loop_id desc`,
    );
    expect(seen).toEqual(all.map(({ loop_id }) => loop_id));
    expect(seen).toContain(loop.loopId);
  });

  it('is reopened by an agent, with its whole history', async () => {
    const { loopId } = await archived();
    const path = `/v1/loops/${loopId}/reopen`;
    expect((await call('POST', path, { version: 5, body: { reason: 'again' } })).status).toBe(409);
    expect((await call('POST', path, { version: 6, body: { reason: 'again' } })).status).toBe(200);
    expect(await placeOf(loopId)).toBe('loop');
    const { history, feedback, state } = await view(loopId);
    expect(state).toBe('reopened');
    expect(history.map(({ change }) => change)).toEqual([
      ...['opened', 'joined', 'acknowledged', 'responded', 'resolved', 'confirmed', 'reopened'],
    ]);
    expect(feedback.map((one) => typeof one.feedback)).toEqual(['object', 'object']);
    expect(await archiveAll()).toBe(0);
  });

  it('is reopened by its customer', async () => {
    const { loopId, feedbackId } = await archived();
    expect(await evidence(feedbackId, 'object', `object-${loopId}`)).toMatchObject({
      status: 200,
      body: { change: 'objected', state: 'reopened', version: 7 },
    });
    expect((await view(loopId)).history).toHaveLength(7);
  });

  it('refuses what its state refuses, and takes no draft', async () => {
    const { loopId, feedbackId } = await archived();
    expect(await call('POST', `/v1/loops/${loopId}/acknowledge`, { version: 6 })).toMatchObject({ status: 422 });
    expect(
      await call('PUT', `/v1/loops/${loopId}/draft`, { body: { text: 'x', feedbackId, revision: 1 } }),
    ).toMatchObject({ status: 422 });
    expect(await placeOf(loopId)).toBe('archive');
  });

  it('hears of a revision, and goes back into the archive', async () => {
    const { loopId, name } = await archived();
    await send(name, { revision: 2, text: 'and one more thing' });
    await eventually(async () => expect((await view(loopId)).version).toBe(7));
    expect(await placeOf(loopId)).toBe('loop');
    expect(await archiveAll()).toBe(1);
    const { history, feedback } = await view(loopId);
    expect(history.at(-1)).toMatchObject({ change: 'noted', version: 7 });
    expect(JSON.stringify(feedback)).toContain('and one more thing');
  });

  it('loses the words of feedback that its source deletes', async () => {
    const { loopId, feedbackId, joined } = await archived();
    const stored = (): Promise<{ n: number }[]> =>
      rows(
        `select (select count(*) from words where body::text like '%' || $1 || '%' and loop_id = $2)
          + (select count(*) from loop_archive where words::text like '%' || $1 || '%' and loop_id = $2) n`,
        [`what ${joined} said`, loopId],
      );
    expect(await stored()).toEqual([{ n: '1' }]);
    await send(joined, { revision: 2, deleted: true });
    await eventually(async () => expect((await view(loopId)).version).toBe(7));
    expect(await stored()).toEqual([{ n: '0' }]);
    await archiveAll();
    expect(await placeOf(loopId)).toBe('archive');
    expect(await stored()).toEqual([{ n: '0' }]);
    const { feedback } = await view(loopId);
    expect(feedback.filter((one) => one.feedback)).toEqual([expect.objectContaining({ feedbackId })]);
  });

  it('loses words that it kept of feedback which has another loop since', async () => {
    const loop = await opened({ customerKey: 'splitter' });
    const joined = `archive-split-${count}`;
    await send(joined, { customerKey: 'splitter', loop: 'join' });
    await eventually(async () => expect((await view(loop.loopId)).version).toBe(2));
    const path = `/v1/loops/${loop.loopId}`;
    const joinedId = routed(joined).feedback.feedbackId;
    await call('POST', `${path}/respond`, { version: 2, body: { text: 'sorry', channel: 'review' } });
    await call('POST', `${path}/resolve`, { version: 4 });
    // the words of this verdict are of the feedback that is split off afterwards
    expect((await evidence(joinedId, 'object', 'split-object')).status).toBe(200);
    expect((await call('POST', `${path}/split`, { version: 6, body: { feedbackId: joinedId } })).status).toBe(200);
    await call('POST', `${path}/dismiss`, { version: 7, body: { reason: 'done' } });
    await age([loop.loopId]);
    await archiveAll();
    expect(await placeOf(loop.loopId)).toBe('archive');
    expect(JSON.stringify(await view(loop.loopId))).toContain('what the customer says');
    await send(joined, { customerKey: 'splitter', revision: 2, deleted: true });
    await eventually(async () => expect((await view(loopIdOf(joinedId))).state).toBe('withdrawn'));
    expect(JSON.stringify(await view(loop.loopId))).not.toContain('what the customer says');
  });

  it('says again where it stands, and its settlement, when its feedback is sent again on purpose', async () => {
    const { loopId, name, customerKey } = await archived();
    const toldOf = (): LoopChanged[] =>
      recorder.messages
        .map(({ value }) => JSON.parse(value.toString()) as LoopChanged)
        .filter((told) => told.loopId === loopId);
    await eventually(() => expect(new Set(toldOf().map(({ version }) => version)).size).toBe(6));
    const before = toldOf();
    await send(name, { customerKey }, { replay_group: 'closeloop.loop' });
    await eventually(() => expect(toldOf()).toHaveLength(before.length + 2));
    for (const again of toldOf().slice(before.length)) expect(before).toContainEqual(again);
    expect(await placeOf(loopId)).toBe('archive');
  });

  it('is among what is republished for a rebuild', async () => {
    const { loopId } = await archived();
    const rebuild = deriveId('rebuild', 'archive');
    let after: string | undefined;
    let loops = 0;
    do {
      const { status, body } = await call('POST', '/v1/history/republish', {
        body: { rebuild, ...(after && { after }) },
      });
      expect(status).toBe(200);
      loops += (body as unknown as { loops: number }).loops;
      after = (body as { next?: string }).next;
    } while (after !== undefined);
    const [all] = await rows<{ n: number }>(
      'select ((select count(*) from loop) + (select count(*) from loop_archive))::int n',
    );
    expect(loops).toBe(all!.n);
    const sent = () =>
      recorder.messages
        .filter(({ headers }) => headers['closeloop_resend'] === `rebuild:${rebuild}`)
        .map(({ value }) => JSON.parse(value.toString()) as LoopChanged)
        .filter((told) => told.loopId === loopId);
    await eventually(() => expect(sent().map(({ version }) => version)).toEqual([1, 2, 3, 4, 5, 6]));
  });

  it('agrees with the ledger', async () => {
    const { loopId, feedbackId } = await archived();
    const row = {
      ...{ feedbackId, acceptedRevision: 1, settledRevision: 1, settlement: 1, outcome: 'loop', loopId },
      ...{ loop: { state: 'verified', version: 6 }, openLetterRevision: 0 },
    };
    const reconcile = (rowsOf: object[]) => call('POST', '/v1/reconciliation', { body: { rows: rowsOf } });
    expect(await reconcile([row])).toMatchObject({ status: 200, body: { differences: [] } });
    expect(await reconcile([{ ...row, loop: { state: 'verified', version: 5 } }])).toMatchObject({
      body: { differences: [{ field: 'loop.version' }] },
    });
  });

  it('stays while the answer to a customer is on its way', async () => {
    const loop = await verified();
    await age([loop.loopId]);
    await rows(
      `insert into reply (reply_id, kind, loop_id, cycle, feedback_id, revision, channel, state, requested_at)
        values (gen_random_uuid(), 'response', $1, 1, $2, 1, 'review', 'requested', now())`,
      [loop.loopId, loop.feedbackId],
    );
    expect(await archiveAll()).toBe(0);
    await rows(`update reply set state = 'sent', settled_at = now() where loop_id = $1`, [loop.loopId]);
    expect(await archiveAll()).toBe(1);
  });
});

describe('nothing is lost or doubled', () => {
  it('by two replicas whose connections are cut again and again', async () => {
    await insertClosed(3_000);
    const before = await fingerprint();
    replicas.push(...(await Promise.all([start(), start()])));
    for (let cut = 0; cut < 5; cut++) {
      await rows(
        `select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and application_name = 'closeloop-loop'`,
      );
      await rows('select pg_sleep(0.3)');
    }
    const left = () => rows(`select 1 from loop where closed_at < now() - interval '100 days'`);
    await eventually(async () => expect(await left()).toEqual([]), patient);
    expect(await fingerprint()).toEqual(before);
    expect(await rows('select from loop join loop_archive using (loop_id)')).toEqual([]);
  });

  it('in whatever order loops are archived and moved on, by several at once', async () => {
    const step = fc.oneof(
      fc.record({ type: fc.constant('archive' as const), limit: fc.integer({ min: 1, max: 30 }) }),
      fc.record({ type: fc.constant('step' as const), of: fc.nat({ max: 15 }) }),
      fc.record({ type: fc.constant('killed' as const), limit: fc.integer({ min: 1, max: 30 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), { maxLength: 5 }), async (rounds) => {
        await insertClosed(20);
        const before = await sums();
        let steps = before.steps;
        const ids = (await rows<{ loop_id: string }>(`select loop_id from loop where team = 'mass' order by 1`)).map(
          ({ loop_id }) => loop_id,
        );
        for (const together of rounds) {
          await Promise.all(
            together.map(async (one) => {
              const database = service.app.get(DataSource);
              if (one.type === 'archive') await service.app.get(ArchiveLoops).handle(one.limit);
              else if (one.type === 'step') {
                await database.transaction(async (manager) => {
                  const [loop] = await lockLoopRows(manager, [ids[one.of]!]);
                  await manager.query(noted, [loop!.loopId, loop!.version + 1]);
                });
                steps++;
              } else {
                const killed = database.transaction(async (manager) => {
                  await archiveLoops(manager, 100, one.limit);
                  throw new Error('killed');
                });
                await expect(killed).rejects.toThrow('killed');
              }
            }),
          );
        }
        expect(await sums()).toEqual({ ...before, steps });
        await archiveAll();
        expect(await sums()).toEqual({ ...before, steps });
        expect(
          await rows(`select 1 from loop where team = 'mass' and closed_at < now() - interval '100 days'`),
        ).toEqual([]);
      }),
      { numRuns: 12 },
    );
  });
});

describe('the history', () => {
  const remove = (where: string): Promise<unknown> => rows(`delete from ${where}`);

  it('leaves its table only into the archive, and the archive only into its table', async () => {
    const { loopId } = await archived();
    const open = await opened();
    await expect(remove(`loop_history where loop_id = '${open.loopId}'`)).rejects.toThrow('append-only');
    await expect(remove(`loop_archive where loop_id = '${loopId}'`)).rejects.toThrow('append-only');
    await expect(rows(`update loop_archive set version = 1`)).rejects.toThrow('append-only');
    await expect(rows(`update loop_history set version = 1`)).rejects.toThrow('append-only');
    await expect(rows('truncate loop_history')).rejects.toThrow('append-only');
    await expect(rows('truncate loop_archive')).rejects.toThrow('append-only');
  });

  it('goes into the archive with every step, or not at all', async () => {
    await insertClosed(1);
    const [{ loop_id } = { loop_id: '' }] = await rows<{ loop_id: string }>(
      `select loop_id from loop where team = 'mass' and closed_at < now() - interval '100 days'`,
    );
    await rows('update loop set version = version + 1 where loop_id = $1', [loop_id]);
    await expect(archiveAll()).rejects.toThrow('violates check constraint');
    expect(await placeOf(loop_id)).toBe('loop');
    await rows('update loop set version = version - 1 where loop_id = $1', [loop_id]);
    expect(await archiveAll()).toBe(1);
  });

  it('has every column of a loop in the archive', async () => {
    const columns = await rows<{ column_name: string }>(
      `select column_name from information_schema.columns where table_name = 'loop'
        except select column_name from information_schema.columns where table_name = 'loop_archive'`,
    );
    expect(columns).toEqual([]);
    const all = await rows<{ column_name: string }>(
      `select column_name from information_schema.columns where table_name = 'loop'`,
    );
    expect([...loopColumnNames].sort()).toEqual(all.map(({ column_name }) => column_name).sort());
  });
});

describe('a month', () => {
  it('is dropped after its days, with what hangs on its loops; what comes of them later is settled without', async () => {
    const kept = await archived();
    const gone = await verified();
    await age([gone.loopId], 1_000);
    await archiveAll();
    const months = () =>
      rows<{ name: string }>(
        `select inhrelid::regclass::text as name from pg_inherits where inhparent = 'loop_archive'::regclass order by 1`,
      );
    const tally = async (): Promise<number> =>
      Number((await rows<{ n: string }>(`select sum(count) n from loop_tally where state = 'verified'`))[0]!.n);
    const before = { months: (await months()).length, tally: await tally() };
    const dropping = await startWithoutTimer({ LOOP_ARCHIVE_RETENTION_DAYS: '800' });
    replicas.push(dropping);
    for (let more = true; more;) more = (await dropping.app.get(ArchiveLoops).handle()).isMore;

    expect(await months()).toHaveLength(before.months - 1);
    expect(await tally()).toBe(before.tally - 1);
    expect(
      await rows(`select to_regclass('loop_dropped_' || drop_id) t, dropped_at is not null done from archive_drop`),
    ).toEqual([{ t: null, done: true }]);
    expect((await call('GET', `/v1/loops/${gone.loopId}`)).status).toBe(404);
    expect(await rows('select from follow_up where loop_id = $1', [gone.loopId])).toEqual([]);
    expect((await call('GET', `/v1/loops/${kept.loopId}`)).status).toBe(200);

    // given a feedback that was received before that month ended, when it changes, then it is settled and opens nothing
    await rows(`update feedback set received_at = received_at - interval '1100 days' where loop_id = $1`, [
      gone.loopId,
    ]);
    const told = () =>
      recorder.messages
        .map(({ value }) => JSON.parse(value.toString()) as LoopChanged)
        .filter((one) => one.feedback?.feedbackId === gone.feedbackId && one.version === 0);
    await send(gone.name, { customerKey: gone.customerKey, revision: 2, text: 'still there?' });
    await eventually(() =>
      expect(told()).toMatchObject([{ loop: null, feedback: { revision: 2, outcome: 'no-loop' } }]),
    );
    await send(gone.name, { customerKey: gone.customerKey, revision: 3, deleted: true });
    await eventually(() => expect(told()).toHaveLength(2));
    expect(told()[1]).toMatchObject({ loop: null, feedback: { revision: 3, outcome: 'withdrawn' } });
    expect((await call('GET', `/v1/loops/${gone.loopId}`)).status).toBe(404);
    expect(await rows('select from words where loop_id = $1', [gone.loopId])).toEqual([]);
    const row = {
      ...{ feedbackId: gone.joined, acceptedRevision: 1, settledRevision: 1, settlement: 1, outcome: 'joined' },
      ...{ loopId: gone.loopId, loop: { state: 'verified', version: 6 }, openLetterRevision: 0 },
    };
    const joinedId = routed(gone.joined).feedback.feedbackId;
    expect(
      await call('POST', '/v1/reconciliation', { body: { rows: [{ ...row, feedbackId: joinedId }] } }),
    ).toMatchObject({ status: 200, body: { differences: [] } });
  });

  it.each([
    [{ LOOP_ARCHIVE_AFTER_DAYS: '-1' }, 'LOOP_ARCHIVE_AFTER_DAYS'],
    [{ LOOP_ARCHIVE_RETENTION_DAYS: '100' }, 'LOOP_ARCHIVE_RETENTION_DAYS: must be more than LOOP_ARCHIVE_AFTER_DAYS'],
    [{ LOOP_ARCHIVE_AFTER_DAYS: '0', LOOP_ARCHIVE_RETENTION_DAYS: '365' }, 'what is not archived is not dropped'],
  ])('is not dropped by %j', async (wrong, message) => {
    await expect(start(wrong as Record<string, string>)).rejects.toThrow(message);
  });
});

describe('an improvement', () => {
  it('is told to customers whose loops are in the archive, and to none whose loop never was', async () => {
    const { loopId } = await archived();
    const request = (of: string): Promise<void> => {
      const improvementId = deriveId('improvement', 'archive');
      const noticeId = noticeIdOf(improvementId, of);
      const at = new Date().toISOString();
      return environment.publish(noticeRequested.topic, [
        {
          ...{ key: of, value: { noticeId, improvementId, loopId: of, text: 'Refunds work again.', at } },
          headers: {
            ...{ ce_specversion: '1.0', ce_type: noticeRequested.topic, ce_source: 'closeloop/spec', ce_time: at },
            ...{ ce_id: noticeEventId('requested', noticeId), ce_subject: of, 'content-type': 'application/json' },
          },
        },
      ]);
    };
    const stateOf = (of: string) => rows('select state, reason from notice where loop_id = $1', [of]);
    const nobody = deriveId('loop', 'nobody');
    await request(nobody);
    await request(loopId);
    await eventually(async () => expect(await stateOf(nobody)).toEqual([{ state: 'skipped', reason: 'no-loop' }]));
    await eventually(async () => expect(await stateOf(loopId)).toEqual([{ state: 'handed-over', reason: null }]));
    // it waits for what comes of it
    expect(await archiveAll()).toBe(0);
    expect(await placeOf(loopId)).toBe('loop');
    await rows(`update reply set state = 'sent', settled_at = now() where loop_id = $1`, [loopId]);
    expect(await archiveAll()).toBe(0);
    await rows(`update notice set state = 'sent', settled_at = now() where loop_id = $1`, [loopId]);
    expect(await archiveAll()).toBe(1);
  });
});

describe('its metrics', () => {
  it('say how many were moved, and since when the oldest that was not is closed', async () => {
    await insertClosed(3, 90);
    const counting = await start();
    replicas.push(counting);
    const metrics = async (): Promise<string> => (await fetch(`${counting.url}/metrics`)).text();
    await eventually(async () =>
      expect(Number(/loop_archive_oldest_closed_seconds{.*} (\S+)/.exec(await metrics())?.[1])).toBeGreaterThan(
        90 * 86_400,
      ),
    );
    expect(await metrics()).toMatch(/loop_archived_total{.*} \d+\n/);
  });
});
