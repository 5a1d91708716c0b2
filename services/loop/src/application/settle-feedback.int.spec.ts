import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { loopChanged, loopIdOf, validatorOf, type FeedbackRouted, type LoopChanged } from '@closeloop/contracts';
import { jsonMembers } from '@closeloop/messaging';
import { databaseUrlOf, migrateDatabase } from '@closeloop/platform';
import { eventually, testEnvironment, type TestEnvironment } from '@closeloop/testing';
import { DataSource } from 'typeorm';
import { KeptSlaBook } from '../infrastructure/sla-book.repository.js';
import { StandingSettlement1764950000000 } from '../infrastructure/migrations/standing-settlement.migration.js';
import { PresentRepository } from '../infrastructure/present.repository.js';
import { SettlementRepository } from '../infrastructure/settlement.repository.js';
import { loopDatabase } from '../loop.database.js';
import { routed } from '../routed.fixture.js';
import { SettleFeedback, type RoutedFeedback } from './settle-feedback.handler.js';

// the machine may be busy
jest.setTimeout(60_000);

let store: SettlementRepository;
let handler: SettleFeedback;
let environment: TestEnvironment;
let database: DataSource;

beforeAll(async () => {
  environment = await testEnvironment({ prefix: 'settle' });
  await migrateDatabase('loop', loopDatabase, environment.env);
  database = new DataSource({
    type: 'postgres',
    url: databaseUrlOf('loop', environment.env),
    entities: loopDatabase.entities,
    extra: { pipeline: true },
  });
  await database.initialize();
  const book = new KeptSlaBook(database);
  await book.refresh();
  store = new SettlementRepository(book);
  handler = new SettleFeedback(book);
}, 60_000);
afterAll(async () => {
  await database?.destroy();
  await environment?.close();
});
beforeEach(async () => {
  await database.query(`
    alter table loop_history disable trigger user;
    truncate loop, loop_history, feedback, earlier_settlement, customer, words;
    alter table loop_history enable trigger user;
  `);
});

const given = (data: FeedbackRouted, replayed: boolean): RoutedFeedback => ({
  ...{ data, replayed },
  json: jsonMembers(Buffer.from(JSON.stringify(data)), ['feedback', 'tags', 'route']),
});

/** Settles a batch in one transaction, as Kafka hands it over. */
const settle = (
  batch: readonly FeedbackRouted[],
  replayed = false,
  at = new Date(),
): Promise<readonly LoopChanged[][]> =>
  database.transaction((tx) =>
    handler.handle(
      batch.map((data) => given(data, replayed)),
      store.within(tx),
      at,
    ),
  );
const rows = <T = Record<string, unknown>>(sql: string, params: unknown[] = []): Promise<T[]> =>
  database.query(sql, params);

describe('a batch', () => {
  it('settles each feedback, tells of each, and keeps loop, history, settlement and words', async () => {
    const told = await settle([
      routed('a', { customerKey: 'c' }),
      routed('b', { customerKey: 'c', loop: 'join' }),
      routed('c', { loop: 'none' }),
      routed('d', { deleted: true }),
    ]);
    expect(told.map((changes) => changes.map(({ change, feedback }) => [change, feedback?.outcome]))).toEqual([
      [['opened', 'loop']],
      [['joined', 'joined']],
      [['settled', 'no-loop']],
      [['settled', 'withdrawn']],
    ]);
    const isValid = validatorOf(loopChanged.data);
    for (const change of told.flat()) expect(isValid(change)).toBeUndefined();
    const a = loopIdOf(routed('a').feedback.feedbackId);
    expect(told[0]![0]).toMatchObject({
      ...{ loopId: a, version: 1, actor: { kind: 'source', id: 'shop' } },
      loop: { state: 'opened', cycle: 1, team: 'support', priority: 'medium' },
      feedback: {
        revision: 1,
        tagRevision: 1,
        routeRevision: 1,
        settlement: 1,
        team: 'support',
        sentiment: 'negative',
      },
    });
    expect(told[1]![0]).toMatchObject({ loopId: a, version: 2 });
    expect(told[2]![0]).toMatchObject({ loopId: loopIdOf(routed('c').feedback.feedbackId), version: 0, loop: null });
    expect(await rows('select loop_id, version, feedback from loop')).toEqual([
      { loop_id: a, version: 2, feedback: 2 },
    ]);
    expect(await rows('select version, change from loop_history order by version')).toEqual([
      { version: 1, change: 'opened' },
      { version: 2, change: 'joined' },
    ]);
    // what needs no loop is not kept in words
    expect((await rows('select feedback_id from words')).length).toBe(2);
  });

  it('settles two revisions of one feedback in their order', async () => {
    const told = await settle([
      routed('a', { loop: 'none' }),
      routed('a', { revision: 2, stars: 1 }),
      routed('a', { revision: 3, stars: 2 }),
      routed('a', { revision: 4, deleted: true }),
      routed('a', { revision: 2, stars: 1 }),
    ]);
    expect(told.flat().map(({ change, version, feedback }) => [change, version, feedback!.settlement])).toEqual([
      ['settled', 0, 1],
      ['opened', 1, 2],
      ['revised', 2, 3],
      ['withdrawn', 3, 4],
    ]);
    expect(await rows('select state, version from loop')).toEqual([{ state: 'withdrawn', version: 3 }]);
    expect(await rows('select kind from words')).toEqual([]);
  });

  it('gives versions without a gap to a loop that a whole batch joins', async () => {
    const batch = Array.from({ length: 50 }, (_x, n) => routed(`j${n}`, { customerKey: 'c', loop: 'join' }));
    await settle(batch.slice(0, 20));
    await settle(batch.slice(20));
    expect(await rows('select version, feedback from loop')).toEqual([{ version: 50, feedback: 50 }]);
    const history = await rows<{ version: number }>('select version from loop_history order by version');
    expect(history.map(({ version }) => version)).toEqual(batch.map((_x, n) => n + 1));
  });
});

describe('the same again', () => {
  const batch = [
    routed('a', { customerKey: 'c' }),
    routed('b', { customerKey: 'c', loop: 'join' }),
    routed('c', { loop: 'none' }),
    routed('a', { customerKey: 'c', revision: 2 }),
    routed('d', { revision: 2 }),
    routed('d', { revision: 1 }),
  ];
  const everything = () =>
    Promise.all(
      ['loop', 'loop_history', 'feedback', 'settlement', 'words'].map((table) =>
        rows(`select * from ${table} t order by t::text`),
      ),
    );

  it('at another offset changes nothing and tells nothing', async () => {
    await settle(batch);
    const before = await everything();
    expect((await settle(batch)).flat()).toEqual([]);
    expect(await everything()).toEqual(before);
  });

  it('replayed tells what was told, word for word, though the loop has moved on', async () => {
    const told = await settle(batch);
    expect(told.map((changes) => changes[0]!.feedback!.outcome)).toEqual([
      ...['loop', 'joined', 'no-loop', 'loop', 'loop', 'superseded'],
    ]);
    await settle([routed('a', { revision: 3 })]);
    const before = await everything();
    expect(await settle(batch, true)).toEqual(told);
    expect(await everything()).toEqual(before);
  });

  it('keeps what stands in the feedback, and beside it what came too late or was replaced', async () => {
    await settle([routed('a'), routed('b', { loop: 'none', revision: 2 })]);
    await settle([routed('a', { revision: 3 }), routed('a', { revision: 2 }), routed('b', { loop: 'none' })]);
    await settle([routed('a', { revision: 4 }), routed('a', { revision: 5 })]);
    const { feedbackId } = routed('a').feedback;
    const kept = 'select revision, settlement, outcome, version from';
    expect(await rows(`${kept} settlement where feedback_id = $1 order by settlement`, [feedbackId])).toEqual([
      { revision: 1, settlement: 1, outcome: 'loop', version: 1 },
      { revision: 3, settlement: 2, outcome: 'loop', version: 2 },
      { revision: 2, settlement: 3, outcome: 'superseded', version: 0 },
      { revision: 4, settlement: 4, outcome: 'loop', version: 3 },
      { revision: 5, settlement: 5, outcome: 'loop', version: 4 },
    ]);
    expect(await rows('select revision, told_settlement, settlement from feedback order by revision')).toEqual([
      { revision: 2, told_settlement: 1, settlement: 2 },
      { revision: 5, told_settlement: 5, settlement: 5 },
    ]);
    expect(await rows('select count(*)::int from earlier_settlement')).toEqual([{ count: 5 }]);
  });

  it('knows what was settled before it stood in the feedback', async () => {
    const told = await settle(batch);
    const runner = database.createQueryRunner();
    const migration = new StandingSettlement1764950000000();
    try {
      await migration.down(runner);
      await migration.up(runner);
    } finally {
      await runner.release();
    }
    expect(await rows('select count(*)::int from feedback where told_at is not null')).toEqual([{ count: 0 }]);
    const before = await everything();
    expect((await settle(batch)).flat()).toEqual([]);
    expect(await settle(batch, true)).toEqual(told);
    expect(await everything()).toEqual(before);

    const [next] = (await settle([routed('a', { customerKey: 'c', revision: 3 })])).flat();
    expect(next).toMatchObject({ version: 4, feedback: { settlement: 3, outcome: 'loop' } });
    expect(await settle(batch, true)).toEqual(told);
    expect((await settle([routed('a', { customerKey: 'c', revision: 3 })], true)).flat()).toEqual([next]);
  });

  it.each(['force_generic_plan', 'force_custom_plan'])('is found by its ids among many (%s)', async (mode) => {
    const told = await settle(batch);
    await database.query(
      `insert into feedback (feedback_id, source, revision, tag_revision, route_revision, settlement, outcome, received_at,
          content_hash, told_settlement, told_version, told_at)
        select gen_random_uuid(), 'shop', 1, 1, 1, 1, 'no-loop', now(), sha256(n::text::bytea), 1, 0, now()
        from generate_series(1, 20000) n`,
    );
    await database.query('analyze feedback');
    await database.transaction(async (tx) => {
      await tx.query(`set local plan_cache_mode = ${mode}`);
      const readThrough = () =>
        tx.query<unknown[]>(`select seq_scan from pg_stat_xact_user_tables where relname = 'feedback'`);
      const before = await readThrough();
      const again = batch.map((data) => given(data, true));
      expect(await handler.handle(again, store.within(tx), new Date())).toEqual(told);
      expect(await new PresentRepository().lastToldOf(tx, [batch[0]!.feedback.feedbackId])).toHaveLength(1);
      expect(await readThrough()).toEqual(before);
    });
  });

  it('under newer rules: the first committed wins', async () => {
    await settle([routed('a', { team: 'support' })]);
    expect((await settle([routed('a', { team: 'billing' })])).flat()).toEqual([]);
    expect(await rows('select team from loop')).toEqual([{ team: 'support' }]);
  });

  it('twice in one batch is settled once', async () => {
    const told = await settle([routed('a'), routed('a')]);
    expect(told.map(({ length }) => length)).toEqual([1, 0]);
  });
});

describe('two transactions at once', () => {
  it('that bring one customer to join open one loop, which the other joins', async () => {
    for (let round = 0; round < 10; round++) {
      const told = await Promise.all(
        ['x', 'y', 'z'].map((name) => settle([routed(`${name}${round}`, { customerKey: `c${round}`, loop: 'join' })])),
      );
      expect(
        told
          .flat(2)
          .map(({ change }) => change)
          .sort(),
      ).toEqual(['joined', 'joined', 'opened']);
    }
    expect(await rows('select distinct version, feedback from loop')).toEqual([{ version: 3, feedback: 3 }]);
  });

  it('the same of a customer who was known before', async () => {
    for (let round = 0; round < 10; round++) {
      await settle([routed(`before${round}`, { customerKey: `c${round}`, loop: 'join', team: 'billing' })]);
      const told = await Promise.all(
        ['x', 'y', 'z'].map((name) => settle([routed(`${name}${round}`, { customerKey: `c${round}`, loop: 'join' })])),
      );
      expect(
        told
          .flat(2)
          .map(({ change }) => change)
          .sort(),
      ).toEqual(['joined', 'joined', 'opened']);
    }
  });

  it('with revisions of feedback in the same loops, in different orders, do not lock each other for good', async () => {
    const customers = Array.from({ length: 60 }, (_x, n) => n);
    const batchOf = (name: string, revision: number) =>
      customers.map((n) => routed(`${name}-${n}`, { customerKey: `k${n}`, loop: 'join', revision }));
    for (const name of ['x', 'y', 'z']) await settle(batchOf(name, 1));
    for (let revision = 2; revision < 4; revision++) {
      await Promise.all([
        settle(batchOf('x', revision)),
        settle(batchOf('y', revision).reverse()),
        settle(batchOf('z', revision)),
      ]);
    }
    expect(await rows('select version, count(*)::int from loop group by version')).toEqual([{ version: 9, count: 60 }]);
  });

  it.each([
    ['feedback', 'feedback_id'],
    ['customer', 'customer'],
    ['loop', 'loop_id'],
  ])('lock in the order of ids: who waits for the lowest %s holds no other', async (table, id) => {
    const batchOf = (name: string, revision: number) =>
      Array.from({ length: 8 }, (_x, n) => routed(`${name}-${n}`, { customerKey: `k${n}`, loop: 'join', revision }));
    await settle(batchOf('x', 1));
    const holder = database.createQueryRunner();
    await holder.startTransaction();
    await holder.query(`select 1 from ${table} where ${id} = (select min(${id}::text)::uuid from ${table}) for update`);
    // customers are locked for those who may join; feedback and loops for those who are there already
    const waiting = settle(table === 'customer' ? batchOf('y', 1) : batchOf('x', 2));
    try {
      await eventually(async () => {
        const [row] = await rows<{ n: number }>(
          `select count(*)::int n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
        );
        expect(row!.n).toBe(1);
      });
      const free = await rows(`select 1 from ${table} for update skip locked`);
      expect(free).toHaveLength(7);
    } finally {
      await holder.commitTransaction();
      await holder.release();
    }
    expect(await waiting).toHaveLength(8);
  });

  it('with many customers in different orders do not lock each other for good', async () => {
    const customers = Array.from({ length: 30 }, (_x, n) => n);
    const batchOf = (name: string, order: readonly number[]) =>
      order.map((n) => routed(`${name}-${n}`, { customerKey: `k${n}`, loop: 'join' }));
    await Promise.all([
      settle(batchOf('x', customers)),
      settle(batchOf('y', [...customers].reverse())),
      settle(batchOf('z', customers)),
    ]);
    expect(await rows('select version, count(*)::int from loop group by version')).toEqual([{ version: 3, count: 30 }]);
  });

  it('that settle the same feedback: one wins, the other is told to try again', async () => {
    const results = await Promise.allSettled([1, 2, 3, 4].map(() => settle([routed('same')])));
    const failed = results.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
    for (const { reason } of failed) expect(reason).toMatchObject({ code: '40001' });
    expect(failed.length).toBeLessThan(4);
    expect(await rows('select version from loop')).toEqual([{ version: 1 }]);
    expect(await rows('select count(*)::int from settlement')).toEqual([{ count: 1 }]);
  });
});

describe('the history', () => {
  it.each(['update loop_history set change = $1', 'delete from loop_history where change <> $1'])(
    'is append-only: %s',
    async (statement) => {
      await settle([routed('a')]);
      await expect(database.query(statement, ['verified'])).rejects.toThrow(/append-only/);
      await expect(database.query('truncate loop_history')).rejects.toThrow(/append-only/);
    },
  );
  it('holds nobody’s words', async () => {
    await settle([routed('a', { text: 'call me at +49 170 1234567', customerKey: 'ann@example.org' })]);
    for (const table of ['loop', 'loop_history', 'feedback', 'settlement', 'customer']) {
      const [row] = await rows<{ text: string }>(`select string_agg(t::text, '') as text from ${table} t`);
      expect(row!.text ?? '').not.toMatch(/1234567|ann@|what a said/);
    }
    expect(JSON.stringify(await rows('select body from words'))).toContain('1234567');
  });
});
