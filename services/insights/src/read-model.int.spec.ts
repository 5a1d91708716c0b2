import { feedbackIdOf } from '@closeloop/contracts';
import { databaseUrlOf, migrateDatabase, type AuditLog } from '@closeloop/platform';
import { testEnvironment, type TestEnvironment } from '@closeloop/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { DataSource } from 'typeorm';
import { KeepFeedback } from './application/keep-feedback.handler.js';
import { KeepLoops } from './application/keep-loops.handler.js';
import { cubes, hasMeasures, isDaily } from './domain/cube.js';
import { type Dimension } from './domain/dimension.js';
import { keyOf, seriesOf, type DayTotal, type Series, type TopicCount } from './domain/emerging/series.js';
import { measures } from './domain/loop-fact.js';
import { type CountedRow, type CountQuestion } from './domain/question.js';
import { bucketOf } from './domain/statistics/log-bucket-histogram.js';
import {
  firstContact,
  type Contact,
  type FirstContact,
  type Issue,
} from './domain/statistics/first-contact-resolution.js';
import { aHistory, loopOf, randomOf, routedOf, type HistoryEvent } from './history.fixture.js';
import { CubeRepository, dayDigests } from './infrastructure/cube.repository.js';
import { DictionaryRepository } from './infrastructure/dictionary.repository.js';
import { DriverRepository } from './infrastructure/driver.repository.js';
import { EmergingRepository } from './infrastructure/emerging.repository.js';
import { MetricRepository } from './infrastructure/metric.repository.js';
import { modelTables } from './infrastructure/model-tables.js';
import { DayDigests1764850000000 } from './infrastructure/migrations/day-digests.migration.js';
import { PendingCounts1764840000000 } from './infrastructure/migrations/pending-counts.migration.js';
import { ModelRepository } from './infrastructure/model.repository.js';
import { insightsDatabase } from './insights.database.js';

jest.setTimeout(60_000);

let environment: TestEnvironment;
let database: DataSource;
let keepFeedback: KeepFeedback;
let keepLoops: KeepLoops;
let cubeCounts: CubeRepository;
let metrics: MetricRepository;

beforeAll(async () => {
  environment = await testEnvironment({ prefix: 'read-model' });
  await migrateDatabase('insights', insightsDatabase, environment.env);
  database = new DataSource({
    type: 'postgres',
    url: databaseUrlOf('insights', environment.env),
    extra: { options: '-c TimeZone=UTC' },
  });
  await database.initialize();
  const dictionary = new DictionaryRepository(database);
  const store = new ModelRepository();
  keepFeedback = new KeepFeedback(store, dictionary);
  keepLoops = new KeepLoops(store, dictionary);
  cubeCounts = new CubeRepository(database);
  metrics = new MetricRepository(database, cubeCounts);
}, 60_000);
afterAll(async () => {
  await database?.destroy();
  await environment?.close();
});
beforeEach(async () => {
  await database.query(`drop schema model cascade; ${modelTables('model')}`);
});

/** Keeps a batch in one transaction, as Kafka hands it over: feedback and loops come by topics of their own. */
async function keep(batch: readonly HistoryEvent[]): Promise<void> {
  const routed = batch.flatMap((event) => ('routed' in event ? [event.routed] : []));
  const changed = batch.flatMap((event) => ('changed' in event ? [event.changed] : []));
  if (routed.length > 0) await database.transaction((tx) => keepFeedback.handle(routed, tx));
  if (changed.length > 0) await database.transaction((tx) => keepLoops.handle(changed, tx));
}

/** As the database gives one: no topics are null. */
type LoopRead = Omit<Issue, 'topics'> & { readonly topics: readonly string[] | null };

const tables = [
  ...['feedback_fact', 'feedback_words', 'feedback_place', 'loop_step', 'loop_fact', 'cube_day', 'cube_month'],
  'day_digest',
] as const;
/** Everything that is counted; what is counted for is a set. */
async function model(): Promise<Record<string, unknown[]>> {
  await cubeCounts.takeIn();
  const contents: Record<string, unknown[]> = {};
  for (const table of tables) {
    const rows = await database.query<{ row: string }[]>(`select t::text as row from model.${table} t order by 1`);
    contents[table] = rows.map(({ row }) => row);
  }
  return contents;
}

/** In batches of any size; some come twice. */
function inBatches(events: readonly HistoryEvent[], random: () => number): HistoryEvent[][] {
  const batches: HistoryEvent[][] = [];
  for (let at = 0; at < events.length;) {
    const size = 1 + Math.floor(random() ** 2 * 60);
    const again = random() < 0.3 ? events.slice(Math.max(0, at - 5), at) : [];
    batches.push([...again, ...events.slice(at, at + size)]);
    at += size;
  }
  return batches;
}

function shuffled<T>(list: readonly T[], random: () => number): T[] {
  const order = [...list];
  for (let at = order.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    [order[at], order[other]] = [order[other]!, order[at]!];
  }
  return order;
}

describe('The read model', () => {
  it('is written by one at a time: who waits has patience for that, and for nothing else', async () => {
    const other = database.createQueryRunner();
    try {
      await other.startTransaction();
      await new ModelRepository().within(other.manager);
      const begun = performance.now();
      const waiting = database.transaction(async (tx) => {
        await tx.query("set local lock_timeout = '100ms'");
        await new ModelRepository().within(tx);
        const [row] = await tx.query<[{ lock_timeout: string }]>('show lock_timeout');
        return { milliseconds: performance.now() - begun, after: row.lock_timeout };
      });
      setTimeout(() => void other.commitTransaction(), 500);
      const { milliseconds, after } = await waiting;
      expect(milliseconds).toBeGreaterThan(400);
      expect(after).toBe('100ms');
    } finally {
      await other.release();
    }
  });

  it('given the same history in ten orders, with duplicates, comes to the same, row by row', async () => {
    const history = aHistory(7, 50);
    await keep(history);
    const expected = await model();
    expect(expected['cube_day']!.length).toBeGreaterThan(500);
    for (let order = 1; order <= 9; order++) {
      await database.query(`drop schema model cascade; ${modelTables('model')}`);
      const random = randomOf(order);
      for (const batch of inBatches(shuffled(history, random), random)) await keep(batch);
      expect(await model()).toEqual(expected);
    }
  });

  it('has each count in its cubes once they are asked, whoever asks at the same time', async () => {
    const history = aHistory(9, 20);
    await keep(history);
    const expected = await model();
    await database.query(`drop schema model cascade; ${modelTables('model')}`);
    let isKept = false;
    const asking = ['2026-02-01', '2026-03-01'].map(async (from) => {
      while (!isKept) {
        await metrics.counts({
          ...{ of: 'feedback', measures: [measures.sentiment], from: new Date(from), to: new Date('2026-06-01') },
          ...{ by: [], period: 'total', daily: false, filters: new Map() },
        });
      }
    });
    for (const event of history) await keep([event]);
    isKept = true;
    await Promise.all(asking);
    expect(await model()).toEqual(expected);
    expect(await database.query('select from model.pending_count')).toEqual([]);
  });

  it('lets who judges days have all counts, while nobody else may judge', async () => {
    const emerging = new EmergingRepository(database, {} as AuditLog, cubeCounts);
    await keep([{ routed: routedOf('1', { topics: ['delivery'] }) }]);
    const digests = await emerging.exclusively(async (work) => {
      expect(await emerging.exclusively(() => Promise.resolve('judged'))).toBeUndefined();
      return work.digests((await work.today()) + 1);
    });
    expect(digests!.size).toBe(1);
  });

  it('knows of each day whether it is what it was, also after feedback came late, was said anew and was deleted', async () => {
    const summedUp = () => database.query<unknown[]>(`${dayDigests('model.cube_day')} order by day`);
    const kept = () => database.query<unknown[]>('select day, digest from model.day_digest order by day');
    const history = aHistory(21, 40);
    const seen: unknown[][] = [];
    for (const batch of inBatches(shuffled(history, randomOf(21)), randomOf(22))) {
      await keep(batch);
      await cubeCounts.takeIn();
      expect(await kept()).toEqual(await summedUp());
      seen.push(await kept());
    }
    expect(new Set(seen.map((each) => JSON.stringify(each))).size).toBeGreaterThan(5);
    const occurredAt = '2019-03-04T05:06:07.000Z';
    await keep([{ routed: routedOf('late', { content: { occurredAt } }) }]);
    await cubeCounts.takeIn();
    expect(await kept()).toHaveLength(seen.at(-1)!.length + 1);
    await keep([{ routed: routedOf('late', { content: { occurredAt, revision: 2 }, deleted: true }) }]);
    await cubeCounts.takeIn();
    expect(await kept()).toEqual(seen.at(-1));
  });

  it('of an older installation is given digests of the days that it has, and may go back', async () => {
    await keep(aHistory(23, 20));
    const expected = await model();
    const migration = new DayDigests1764850000000();
    const runner = database.createQueryRunner();
    try {
      await database.query('drop table model.day_digest');
      await migration.up(runner);
      await migration.up(runner);
      expect(await model()).toEqual(expected);
      await keep([{ routed: routedOf('one more', {}) }]);
      await migration.down(runner);
      expect(await database.query('select from model.pending_count')).toEqual([]);
      await migration.up(runner);
      expect(await database.query('select day, digest from model.day_digest order by day')).toEqual(
        await database.query(`${dayDigests('model.cube_day')} order by day`),
      );
    } finally {
      await runner.release();
    }
  });

  it('of an older installation is given the table for what waits, and gives back what lies there when it is taken away', async () => {
    const history = aHistory(13, 20);
    await keep(history);
    const expected = await model();
    const migration = new PendingCounts1764840000000();
    await database.query(`drop schema model cascade; ${modelTables('model')}; drop table model.pending_count`);
    const runner = database.createQueryRunner();
    try {
      await migration.up(runner);
      await migration.up(runner);
      await keep(history);
      await migration.down(runner);
      const rows = await database.query<{ row: string }[]>('select t::text as row from model.cube_day t order by 1');
      expect(rows.map(({ row }) => row)).toEqual(expected['cube_day']);
    } finally {
      await runner.release();
    }
  });

  it('gives the series that can be judged, as the facts count, and those that are open', async () => {
    await keep(aHistory(17, 400));
    const day = (iso: string): number => Date.parse(iso) / 86_400_000;
    const period = [day('2026-02-15'), day('2026-03-25')] as const;
    const judgedFrom = day('2026-03-10');
    const facts = (each: string, from: string) => `select ${each} floor(extract(epoch from at) / 86400)::int as day,
        place.value location, thing.value product, 1 count
      from ${from} left join dictionary place on place.id = location left join dictionary thing on thing.id = product
      where not deleted`;
    const totals = await database.query<DayTotal[]>(facts('', 'model.feedback_fact'));
    const topics = await database.query<TopicCount[]>(
      facts(
        'subject.value topic,',
        'model.feedback_fact cross join unnest(topics) topic join dictionary subject on subject.id = topic',
      ),
    );
    const all = seriesOf({ topics, totals }, period);
    const weekly = ({ counts }: Series): number =>
      Math.max(
        ...Array.from({ length: period[1] - judgedFrom }, (_, at) => judgedFrom - period[0] + at).map((last) =>
          counts.slice(Math.max(0, last - 6), last + 1).reduce((sum, each) => sum + each, 0),
        ),
      );
    const rare = all.find((one) => weekly(one) < 4)!;
    const found = await new EmergingRepository(database, {} as AuditLog, cubeCounts).exclusively((work) =>
      work.series(period, judgedFrom, 4, [rare.key]),
    );
    const by = new Map(found!.map((one) => [keyOf(one.key), one]));
    expect(all.filter((one) => weekly(one) >= 4).length).toBeGreaterThan(20);
    for (const one of all) {
      const same = by.get(keyOf(one.key));
      if (weekly(one) >= 4 || one === rare) expect(same).toEqual(one);
      else if (same) expect(same.counts).toEqual(one.counts);
    }
    expect(by.size).toBeLessThan(all.length);
  });

  it('looks at a part of very much feedback for drivers, drawn by the ids, and says how much that is', async () => {
    await keep(aHistory(19, 400));
    class Hasty extends DriverRepository {
      protected override readonly mostScored = 60;
    }
    class Sampling extends DriverRepository {
      protected override readonly mostFeedback = 100;
    }
    const dictionary = new DictionaryRepository(database);
    const asked = {
      outcome: 'rating',
      from: new Date('2026-02-01'),
      to: new Date('2026-06-01'),
      filters: new Map(),
    } as const;
    const cellsOf = (Kind: typeof DriverRepository) => new Kind(database, dictionary, cubeCounts).cells(asked);
    const [all, part, sample] = await Promise.all([cellsOf(DriverRepository), cellsOf(Hasty), cellsOf(Sampling)]);
    const countOf = ({ cells }: typeof all): number => cells.reduce((sum, { count }) => sum + count, 0);
    const idsBelow = async (share: number): Promise<number> => {
      const [{ n }] = await database.query<[{ n: number }]>(
        `select count(*)::int n from model.feedback_fact where not deleted and rating is not null and at >= $1 and at < $2
           and ('x' || left(feedback_id::text, 8))::bit(32)::bigint < $3`,
        [asked.from, asked.to, Math.floor(share * 2 ** 32)],
      );
      return n;
    };
    expect(all.share).toBe(1);
    expect(countOf(all)).toBe(await idsBelow(1));
    expect(part.share).toBeCloseTo(60 / countOf(all), 10);
    expect(countOf(part)).toBe(await idsBelow(part.share));
    expect(sample.share).toBe(1 / 16);
    expect(countOf(sample)).toBe(await idsBelow(1 / 16));
    expect(countOf(sample)).toBeGreaterThan(0);
  });

  it('counts as resolved by the first contact what the rule says of the facts', async () => {
    await keep(aHistory(13, 300));
    const contacts = await database.query<(Contact & { id: string })[]>(
      `select feedback_id id, customer "customerKey", (select array_agg(t::text) from unnest(topics) t) topics,
         (extract(epoch from at) * 1000)::float8 at from model.feedback_fact where not deleted`,
    );
    const loops = await database.query<(LoopRead & { opened_by: string; measures: number[]; buckets: number[] })[]>(
      `select opener.customer "customerKey", (select array_agg(t::text) from unnest(opener.topics) t) topics,
         (extract(epoch from opened_at) * 1000)::float8 "openedAt", (extract(epoch from resolved_at) * 1000)::float8 "closedAt",
         responses, cycle > 1 reopened, opened_by, measures, buckets
       from model.loop_fact join model.feedback_fact opener on opener.feedback_id = opened_by`,
    );
    const seen = new Map<FirstContact, number>();
    for (const { opened_by: opener, measures: kinds, buckets, ...issue } of loops) {
      const others = contacts.filter(({ id }) => id !== opener).map((each) => ({ ...each, topics: each.topics ?? [] }));
      const expected = firstContact({ ...issue, topics: issue.topics ?? [] }, others, Infinity);
      const bucket = buckets[kinds.indexOf(measures.fcr)];
      const counted = bucket === undefined ? undefined : bucket % 2 === 1 ? 'resolved' : 'repeated';
      expect(counted ?? expected).toBe(expected);
      expect(counted === undefined).toBe(expected === 'pending' || expected === 'unknown');
      seen.set(expected, (seen.get(expected) ?? 0) + 1);
    }
    for (const kind of ['resolved', 'repeated', 'pending', 'unknown'] as const) {
      expect(seen.get(kind)).toBeGreaterThan(1);
    }
  });

  it('counts by every cube what its facts count to, by the whole, by day, week and month', async () => {
    await keep(aHistory(11, 50));
    const whole = { from: new Date('2026-02-01'), to: new Date('2026-06-01') };
    // the facts answer for parts of days: nothing was said in this one
    const parts = { ...whole, to: new Date('2026-06-01T00:00:01Z') };
    const sorted = (rows: readonly CountedRow[]) =>
      rows
        .filter(({ n }) => n > 0)
        .map((row) => JSON.stringify(row))
        .sort();
    let compared = 0;
    for (const cube of cubes) {
      for (const what of ['feedback', 'loops'] as const) {
        const codes = Object.values(measures).filter(
          (code) => code < 10 === (what === 'feedback') && hasMeasures(cube, what, [code]),
        );
        const waiting = codes.filter((code) => isDaily(code));
        const others = codes.filter((code) => !isDaily(code));
        for (const counted of what === 'feedback' ? codes.map((code) => [code]) : [others, waiting]) {
          // by the whole everywhere, by the rest once
          for (const period of cube.id === 2 ? (['total', 'day', 'week', 'month'] as const) : (['total'] as const)) {
            const question: CountQuestion = {
              ...{ of: what, measures: counted, ...whole, by: cube.dimensions, period },
              ...{ daily: counted === waiting, filters: new Map() },
            };
            if (counted.length === 0) continue;
            const rows = sorted(await metrics.counts(question));
            expect(rows).toEqual(sorted(await metrics.counts({ ...question, ...parts })));
            compared += rows.length;
          }
        }
      }
    }
    expect(compared).toBeGreaterThan(1_000);
  });

  it('tells of what waits how long it has waited, within 1 %, out of counts and out of facts alike', async () => {
    const began = ['2026-03-01T10:00:00Z', '2026-03-04T23:59:00Z', '2026-03-05T11:59:00Z', '2026-03-05T12:00:00Z'];
    const until = new Date('2026-03-05T12:00:00Z');
    for (const [at, time] of began.entries()) {
      await keep([
        { routed: routedOf(String(at), { content: { occurredAt: time, receivedAt: time } }) },
        ...loopOf(String(at), [{ change: 'opened', state: 'opened', at: time }]).map((changed) => ({ changed })),
      ]);
    }
    const question: CountQuestion = {
      ...{ of: 'loops', measures: [measures.resolutionWaiting], by: [], period: 'total', daily: false },
      ...{ filters: new Map(), waitedUntil: until, from: new Date('2026-03-01'), to: new Date('2026-03-06') },
    };
    const waited = began.map((time) => until.getTime() - Date.parse(time));
    for (const asked of [question, { ...question, to: new Date('2026-03-05T23:00:00Z') }]) {
      const rows = await metrics.counts(asked);
      expect(rows.map(({ bucket, n }) => [bucket, n]).sort(([a], [b]) => b! - a!)).toEqual(
        waited.map((ms) => [bucketOf(ms), 1]),
      );
    }
  });

  it('forgets what was deleted, in words and in counts, and keeps old revisions out afterwards', async () => {
    const said = (revision: number) =>
      routedOf('1', {
        content: { revision, text: 'I am at home', customerKey: 'c-1', rating: { value: 1, scale: 5 } },
      });
    await keep([{ routed: said(1) }]);
    expect(await database.query('select excerpt from model.feedback_words')).toEqual([{ excerpt: 'I am at home' }]);
    await keep([{ routed: routedOf('1', { content: { revision: 3 }, deleted: true }) }]);
    await keep([{ routed: said(2) }]);
    const contents = await model();
    expect(contents).toMatchObject({ feedback_words: [], cube_day: [], cube_month: [] });
    expect(await database.query('select deleted, customer, rating, topics from model.feedback_fact')).toEqual([
      { deleted: true, customer: null, rating: null, topics: [] },
    ]);
  });

  it('sees a customer come back, whenever that is heard of', async () => {
    const at = (text: string) => ({ occurredAt: text, receivedAt: text, customerKey: 'c-1' });
    const first = routedOf('1', { content: at('2026-03-01T10:00:00Z'), topics: ['delivery'] });
    const loop = loopOf('1', [
      { change: 'opened', state: 'opened', at: '2026-03-01T10:00:05Z' },
      { change: 'responded', state: 'responded', at: '2026-03-01T12:00:00Z' },
      { change: 'resolved', state: 'resolved', at: '2026-03-02T12:00:00Z' },
    ]).map((changed) => ({ changed }));
    const again = (externalId: string, time: string, topics: readonly string[]) => ({
      routed: routedOf(externalId, { content: at(time), topics }),
    });
    const fcr = async () => {
      const rows = await metrics.counts({
        ...{ of: 'loops', measures: [measures.fcr], from: new Date('2026-03-01'), to: new Date('2026-03-02') },
        ...{ by: [], period: 'total', daily: false, filters: new Map() },
      });
      return rows.map(({ bucket, n }) => [bucket % 2, n]);
    };
    await keep([{ routed: first }, ...loop]);
    expect(await fcr()).toEqual([[1, 1]]);
    // another matter, and too late
    await keep([again('2', '2026-03-04T10:00:00Z', ['billing']), again('3', '2026-03-09T12:00:01Z', ['delivery'])]);
    expect(await fcr()).toEqual([[1, 1]]);
    await keep([again('4', '2026-03-09T12:00:00Z', ['delivery'])]);
    expect(await fcr()).toEqual([[0, 1]]);
    // it was about something else, as a person says
    await keep([
      { routed: routedOf('4', { content: at('2026-03-09T12:00:00Z'), topics: ['billing'], tagRevision: 2 }) },
    ]);
    expect(await fcr()).toEqual([[1, 1]]);
  });

  it('has a loop of what its opening feedback says, once that comes', async () => {
    const by = async (dimension: Dimension) =>
      (
        await metrics.counts({
          ...{ of: 'loops', measures: [measures.state], from: new Date('2026-03-01'), to: new Date('2026-03-02') },
          ...{ by: [dimension], period: 'total', daily: false, filters: new Map() },
        })
      ).map(({ values, n }) => [values[0], n]);
    await keep(
      loopOf('1', [{ change: 'opened', state: 'opened', at: '2026-03-01T10:00:05Z' }]).map((changed) => ({ changed })),
    );
    expect(await by('product')).toEqual([[0, 1]]);
    await keep([{ routed: routedOf('1', { content: { product: 'phone' } }) }]);
    const [[product, n]] = (await by('product')) as [[number, number]];
    expect([product > 0, n]).toEqual([true, 1]);
    expect(
      await database.query('select loop_id is not null there from model.feedback_place where feedback_id = $1', [
        feedbackIdOf('shop', '1'),
      ]),
    ).toEqual([{ there: true }]);
  });
});
