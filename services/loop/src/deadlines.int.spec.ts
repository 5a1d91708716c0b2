import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { feedbackRouted, loopChanged, loopIdOf, type LoopChanged } from '@closeloop/contracts';
import { createTopics, Outbox } from '@closeloop/messaging';
import { createService, migrateDatabase, type RunningService } from '@closeloop/platform';
import { eventually, testEnvironment, type Recorder, type TestEnvironment } from '@closeloop/testing';
import { MeetDeadlines } from './application/meet-deadlines.handler.js';
import { DeadlineStore } from './domain/deadline-store.js';
import { DeadlineTimer } from './inbound/deadline.timer.js';
import { loopDatabase } from './loop.database.js';
import { LoopModule } from './loop.module.js';
import { messageOf, routed, type RoutedOptions } from './routed.fixture.js';

// the machine may be busy; what is waited for is bounded by eventually()
jest.setTimeout(120_000);

const windowSeconds = 2;
/** Thousands of deadlines on a busy machine */
const patient = { timeoutMs: 40_000 };
let environment: TestEnvironment;
let env: Record<string, string>;
let recorder: Recorder;
let token: string;
const running: RunningService[] = [];

beforeAll(async () => {
  environment = await testEnvironment({ prefix: 'deadline' });
  env = { ...environment.env, LOOP_CONFIRMATION_WINDOW_SECONDS: String(windowSeconds) };
  await createTopics(env);
  await migrateDatabase('loop', loopDatabase, env);
  recorder = await environment.record(loopChanged.topic);
  token = await environment.token({ sub: 'ann', roles: ['admin'], teams: [] });
}, 120_000);
afterAll(() => environment?.close());
afterEach(async () => {
  await Promise.all(running.splice(0).map((service) => service.close()));
  await environment.query('loop', 'truncate deadline');
});

async function start(more: Record<string, string> = {}): Promise<RunningService> {
  const service = await createService('loop', LoopModule, { env: { ...env, ...more }, logger: false });
  running.push(service);
  return service;
}
/** A service whose timer sleeps for good: the spec itself looks what is due. */
async function startWithoutTimer(more: Record<string, string> = {}): Promise<RunningService> {
  const service = await start(more);
  await service.app.get(DeadlineTimer).onModuleDestroy();
  return service;
}
const meet = (service: RunningService, limit?: number) => service.app.get(MeetDeadlines).handle(limit);
const rows = <T = Record<string, unknown>>(sql: string, params: readonly unknown[] = []): Promise<T[]> =>
  environment.query<T>('loop', sql, params);

interface View {
  readonly version: number;
  readonly state: string;
  readonly expiresAt?: string;
  readonly resolvedAt?: string;
  readonly history: readonly { readonly change: string; readonly at: string; readonly dueAt?: string }[];
}
async function call(service: RunningService, method: string, path: string, version?: number, body?: object) {
  const response = await fetch(service.url + path, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body && { 'content-type': 'application/json' }),
      ...(version !== undefined && { 'if-match': `"${version}"` }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as View };
}
const view = async (service: RunningService, loopId: string): Promise<View> =>
  (await call(service, 'GET', `/v1/loops/${loopId}`)).body;

let count = 0;
/** A loop that an agent has resolved. */
async function resolved(
  service: RunningService,
  options: RoutedOptions = {},
): Promise<{ loopId: string; name: string }> {
  const name = `deadline-${++count}`;
  await environment.publish(feedbackRouted.topic, [messageOf(routed(name, options))]);
  const loopId = loopIdOf(routed(name, options).feedback.feedbackId);
  await eventually(async () => expect((await call(service, 'GET', `/v1/loops/${loopId}`)).status).toBe(200));
  await call(service, 'POST', `/v1/loops/${loopId}/respond`, 1, { text: 'done', channel: 'review' });
  expect((await call(service, 'POST', `/v1/loops/${loopId}/resolve`, 3)).status).toBe(200);
  return { loopId, name };
}
/** Loops that were resolved long ago, without their history. */
const insertDue = (number: number): Promise<unknown> =>
  rows(
    `with resolved as (
       insert into loop (loop_id, version, state, cycle, level, team, home, priority, waiting, feedback, sla_policy, historic,
         received_at, opened_at, resolved_at, expires_at)
       select gen_random_uuid(), 4, 'resolved', 1, 0, 'support', 'support', 'medium', false, 1, 'standard', false, now(), now(),
         now(), date_trunc('milliseconds', now()) - n * interval '1 ms'
       from generate_series(1, $1::int) n returning loop_id, expires_at
     )
     insert into deadline select loop_id, 'expiry', expires_at from resolved`,
    [number],
  );
const expiries = () =>
  rows<{ n: number; loops: number; early: number }>(
    `select count(*)::int n, count(distinct loop_id)::int loops,
        (count(*) filter (where at < (detail->>'dueAt')::timestamptz))::int early
      from loop_history where change = 'expired' and at > $1`,
    [since],
  ).then(([row]) => row!);
let since: Date;
beforeEach(async () => {
  since = (await rows<{ now: Date }>('select clock_timestamp() now'))[0]!.now;
});
const toldExpired = (loopId?: string): LoopChanged[] =>
  recorder.messages
    .map(({ value }) => JSON.parse(value.toString()) as LoopChanged)
    .filter((told) => told.change === 'expired' && (loopId === undefined || told.loopId === loopId));

describe('a resolved loop', () => {
  it('is closed unverified when its window is over, once, not early, and it is told', async () => {
    const service = await start();
    const { loopId } = await resolved(service);
    const before = await view(service, loopId);
    expect(Date.parse(before.expiresAt!) - Date.parse(before.resolvedAt!)).toBe(windowSeconds * 1000);
    expect(before.history.at(-1)).toMatchObject({ change: 'resolved', dueAt: before.expiresAt });
    await eventually(async () => expect((await view(service, loopId)).state).toBe('closed-unverified'));
    const after = await view(service, loopId);
    expect(after.expiresAt).toBeUndefined();
    expect(after.history.slice(4)).toMatchObject([
      { version: 5, change: 'expired', actor: { kind: 'system' }, dueAt: before.expiresAt },
    ]);
    const late = Date.parse(after.history[4]!.at) - Date.parse(before.expiresAt!);
    expect(late).toBeGreaterThanOrEqual(0);
    // the timer's longest sleep
    expect(late).toBeLessThan(10_000);
    await eventually(() => expect(toldExpired(loopId)).toHaveLength(1));
    expect(await rows('select * from deadline')).toEqual([]);
    expect(await (await fetch(`${service.url}/metrics`)).text()).toMatch(
      /loop_deadlines_met_total{kind="expiry".*} 1\n/,
    );
  });

  it('whose customer or agent moves it before, does not expire', async () => {
    const service = await startWithoutTimer();
    const { loopId } = await resolved(service);
    const stays = await resolved(service);
    const { name } = await resolved(service);
    expect((await call(service, 'POST', `/v1/loops/${loopId}/reopen`, 4, { reason: 'no' })).status).toBe(200);
    await environment.publish(feedbackRouted.topic, [messageOf(routed(name, { revision: 2, deleted: true }))]);
    await eventually(async () =>
      expect(await rows(`select loop_id, kind from deadline order by kind desc`)).toEqual([
        { loop_id: stays.loopId, kind: 'expiry' },
        // who is reopened has a clock again
        { loop_id: loopId, kind: 'clock' },
      ]),
    );
    await call(service, 'POST', `/v1/loops/${loopId}/respond`, 5, { text: 'done', channel: 'review' });
    await call(service, 'POST', `/v1/loops/${loopId}/resolve`, 7);
    const again = await view(service, loopId);
    expect(await rows('select due_at from deadline where loop_id = $1', [loopId])).toEqual([
      { due_at: new Date(again.expiresAt!) },
    ]);
  });

  it('of an import counts from when somebody resolved it', async () => {
    const service = await startWithoutTimer();
    const { loopId } = await resolved(service, { historic: true });
    const { expiresAt, resolvedAt } = await view(service, loopId);
    expect(Date.parse(expiresAt!) - Date.parse(resolvedAt!)).toBe(windowSeconds * 1000);
  });
});

describe('whatever happens', () => {
  it('two replicas that race meet each deadline once', async () => {
    await insertDue(1_000);
    const services = await Promise.all([start(), start()]);
    await eventually(async () => expect(await rows('select 1 from deadline')).toEqual([]), patient);
    expect(await expiries()).toEqual({ n: 1_000, loops: 1_000, early: 0 });
    expect(services).toHaveLength(2);
  });

  it('many transactions at once meet each deadline once, and none waits for another', async () => {
    const service = await startWithoutTimer();
    await insertDue(500);
    const met = await Promise.all(Array.from({ length: 8 }, () => meet(service, 50)));
    // one that looked before another had committed finds some of the same, and sees that they are met
    expect(met.every(({ loops }) => loops > 0)).toBe(true);
    while ((await meet(service, 100)).loops > 0);
    expect(await expiries()).toEqual({ n: 500, loops: 500, early: 0 });
  });

  it.each([1, -1])('the process’s clock may be %d h wrong', async (hours) => {
    const service = await startWithoutTimer({ LOOP_CONFIRMATION_WINDOW_SECONDS: '600' });
    const { loopId } = await resolved(service);
    jest.useFakeTimers({
      now: Date.now() + hours * 3_600_000,
      doNotFake: [
        ...(['hrtime', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate', 'clearImmediate'] as const),
        ...(['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] as const),
      ],
    });
    try {
      expect(await meet(service)).toEqual({ loops: 0, met: [] });
      const wait = await service.app.get(DeadlineStore).untilNext();
      expect(wait).toBeGreaterThan(500_000);
      expect(wait).toBeLessThanOrEqual(600_000);
      await insertDue(1);
      expect(await meet(service)).toEqual({ loops: 1, met: ['expiry'] });
      expect(await service.app.get(DeadlineStore).untilNext()).toBeGreaterThan(500_000);
    } finally {
      jest.useRealTimers();
    }
    expect(await expiries()).toMatchObject({ n: 1, early: 0 });
    expect((await view(service, loopId)).state).toBe('resolved');
  });

  it('what was due while nothing ran is met late, once', async () => {
    const service = await startWithoutTimer();
    const { loopId } = await resolved(service);
    await service.close();
    await rows('select pg_sleep($1::int)', [windowSeconds]);
    expect(await rows('select state from loop where loop_id = $1', [loopId])).toEqual([{ state: 'resolved' }]);
    const next = await start();
    await eventually(() => expect(toldExpired(loopId)).toHaveLength(1));
    expect((await view(next, loopId)).history.map(({ change }) => change).slice(4)).toEqual(['expired']);
  });

  it('a transaction that does not commit leaves nothing, and the deadline is met by the next', async () => {
    const service = await startWithoutTimer();
    await insertDue(3);
    await rows(`
      create function refuse() returns trigger language plpgsql as $$ begin raise exception 'full'; end $$;
      create trigger refuse before insert on outbox for each row execute function refuse();`);
    try {
      await expect(meet(service)).rejects.toThrow('full');
    } finally {
      await rows('drop trigger refuse on outbox; drop function refuse()');
    }
    expect(await expiries()).toMatchObject({ n: 0 });
    expect(await rows('select 1 from deadline')).toHaveLength(3);
    expect(await meet(service)).toEqual({ loops: 3, met: ['expiry', 'expiry', 'expiry'] });
    expect(await expiries()).toEqual({ n: 3, loops: 3, early: 0 });
  });

  it('a stop finishes the batch and tells of it; the rest is met by whoever comes next', async () => {
    const before = toldExpired().length;
    await insertDue(2_000);
    const service = await start();
    await eventually(async () => expect((await expiries()).n).toBeGreaterThan(0));
    await service.close();
    const done = await expiries();
    expect(done.n).toBeLessThan(2_000);
    expect(await rows('select 1 from deadline')).toHaveLength(2_000 - done.n);
    expect(await rows('select 1 from outbox')).toEqual([]);
    await eventually(() => expect(toldExpired()).toHaveLength(before + done.n));
    await start();
    await eventually(async () => expect(await rows('select 1 from deadline')).toEqual([]), patient);
    expect(await expiries()).toEqual({ n: 2_000, loops: 2_000, early: 0 });
    await eventually(() => expect(toldExpired()).toHaveLength(before + 2_000), patient);
    expect(new Set(toldExpired().map(({ loopId }) => loopId)).size).toBe(toldExpired().length);
  });

  it('a connection that is cut in the middle of a batch does not end the timer', async () => {
    await insertDue(2_000);
    await start();
    for (let cut = 0; cut < 3; cut++) {
      await rows(
        `select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and application_name = 'closeloop-loop'`,
      );
      await rows('select pg_sleep(0.2)');
    }
    await eventually(async () => expect(await rows('select 1 from deadline')).toEqual([]), patient);
    expect(await expiries()).toEqual({ n: 2_000, loops: 2_000, early: 0 });
  });

  it('a loop that somebody holds is left out, and met when it is free', async () => {
    const service = await startWithoutTimer();
    await insertDue(3);
    const holder = rows(
      `begin; select 1 from loop where loop_id = (select loop_id from deadline limit 1) for update; select pg_sleep(2); commit`,
    );
    await eventually(async () =>
      expect(
        await rows('select 1 from loop where loop_id in (select loop_id from deadline) for update skip locked'),
      ).toHaveLength(2),
    );
    expect(await meet(service)).toMatchObject({ loops: 2 });
    expect(await rows('select 1 from deadline')).toHaveLength(1);
    await holder;
    expect(await meet(service)).toMatchObject({ loops: 1 });
  });

  it('a deadline that the loop does not have is dropped, one that it has otherwise is put right', async () => {
    const service = await startWithoutTimer({ LOOP_CONFIRMATION_WINDOW_SECONDS: '600' });
    const { loopId } = await resolved(service);
    await insertDue(1);
    await rows(`update loop set state = 'verified', expires_at = null where loop_id <> $1`, [loopId]);
    await rows(`update deadline set due_at = now() - interval '1 h'`);
    expect(await meet(service)).toEqual({ loops: 2, met: [] });
    const { expiresAt } = await view(service, loopId);
    expect(await rows('select loop_id, due_at from deadline')).toEqual([
      { loop_id: loopId, due_at: new Date(expiresAt!) },
    ]);
    expect(await expiries()).toMatchObject({ n: 0 });
  });

  it('a deadline whose loop is not there, and one of a part of a millisecond, go when they are due', async () => {
    const service = await startWithoutTimer();
    const { loopId } = await resolved(service);
    await rows('delete from deadline');
    await rows(
      `insert into deadline (loop_id, kind, due_at) select loop_id, 'clock', due_at
        from (values (gen_random_uuid(), now() + interval '1 h'), (gen_random_uuid(), now() - interval '1 h'),
          ($1::uuid, date_trunc('milliseconds', now()) - interval '1.000999 s')) n(loop_id, due_at)`,
      [loopId],
    );
    expect(await meet(service)).toEqual({ loops: 1, met: [] });
    expect(await meet(service)).toEqual({ loops: 0, met: [] });
    expect(await rows(`select kind, due_at > now() later from deadline order by kind`)).toEqual([
      { kind: 'clock', later: true },
      { kind: 'expiry', later: true },
    ]);
  });

  it('while too much waits to be sent, nothing is met', async () => {
    const service = await startWithoutTimer({ OUTBOX_BOUND: '1' });
    await insertDue(1);
    await rows(
      `insert into outbox (shard, id, topic, headers) select 0, 0, 'held', '' from outbox_lease where shard = 0;
       update outbox_lease set holder = gen_random_uuid(), expires_at = 'infinity'`,
    );
    try {
      await eventually(() => expect(service.app.get(Outbox).isFull()).toBe(true));
      await expect(meet(service)).rejects.toThrow(/wait in the outbox/);
    } finally {
      await rows(
        `delete from outbox where topic = 'held'; update outbox_lease set holder = null, expires_at = '-infinity'`,
      );
    }
    await eventually(async () => expect((await meet(service)).loops).toBe(1));
  });
});

describe('many deadlines', () => {
  it('are found by their time: the index is asked for as many as one batch has', async () => {
    await rows(`
      insert into deadline select gen_random_uuid(), 'expiry', now() + n * interval '1 s' from generate_series(-50000, 50000) n;
      analyze deadline`);
    const plan = (
      await rows<{ 'QUERY PLAN': string }>(
        `explain select loop.version, kind from deadline join loop using (loop_id)
          where due_at <= now() order by due_at limit 200 for update of loop skip locked`,
      )
    )
      .map((row) => row['QUERY PLAN'])
      .join('\n');
    expect(plan).toMatch(/Limit.*\n.*LockRows.*\n.*Nested Loop.*\n.*Index Scan using deadline_pkey/);
    expect(plan).not.toMatch(/Sort|Seq Scan|Hash/);
    const next = await rows<{ 'QUERY PLAN': string }>('explain select min(due_at) from deadline');
    expect(next.map((row) => row['QUERY PLAN']).join('\n')).toContain('Index Only Scan using deadline_pkey');
  });
});
