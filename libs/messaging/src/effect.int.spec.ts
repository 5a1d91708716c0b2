import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  deadLetterTopic,
  feedbackReceived,
  feedbackTagged,
  resendHeader,
  trailHeader,
  trailOf,
  type FeedbackReceived,
} from '@closeloop/contracts';
import { type RunningService } from '@closeloop/platform';
import { eventually, type TestEnvironment } from '@closeloop/testing';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { BackPressure, type EffectContext, type IncomingDeadLetter, ok, type Outcome } from './index.js';
import { EffectDelivery } from './effect.delivery.js';
import { feedback, poison, receivedMessage, tagged } from './event.fixture.js';
import {
  type Handle,
  kafkaEnvironment,
  migrateSpecDatabase,
  receivedConsumer,
  startStation,
  stationOf,
} from './service.fixture.js';

jest.setTimeout(60_000);

let environment: TestEnvironment;
let service: RunningService | undefined;
beforeEach(async () => {
  environment = await kafkaEnvironment();
  await migrateSpecDatabase(environment);
  // Without a unique key: whatever is done twice shows.
  await sql('create table effect (name text not null, done_at timestamptz not null)');
}, 60_000);
afterEach(async () => {
  await service?.close();
  service = undefined;
  await environment.close();
}, 60_000);

const sql = <Row = Record<string, unknown>>(text: string, params?: unknown[]) =>
  environment.query<Row>('spec', text, params);
const effects = async () => (await sql<{ name: string }>('select name from effect')).map(({ name }) => name);
const start = async (handle: Handle<FeedbackReceived>, name = 'effect') => {
  service = await startStation(environment, stationOf(name), [receivedConsumer(handle)], { mode: 'effect' });
  return service;
};
/** Notes each event in the transaction, and tells of it. */
const note: Handle<FeedbackReceived> = async (events, { transaction, now }) => {
  await transaction.query('insert into effect select unnest($1::text[]), $2', [
    events.map(({ data }) => data.externalId),
    now,
  ]);
  return events.map(({ data }) => ok(tagged(data)));
};
const many = (name: string, count: number): string[] => Array.from({ length: count }, (_, at) => `${name}-${at}`);
const publish = async (names: readonly string[], partition = 0) => {
  for (let at = 0; at < names.length; at += 500) {
    await environment.publish(
      feedbackReceived.topic,
      names.slice(at, at + 500).map((name) => ({ ...receivedMessage(feedback(name)), partition })),
    );
  }
};
const position = async (partition = 0) =>
  Number(
    (await sql<{ next_offset: string }>('select next_offset from consumer_offset where partition = $1', [partition]))[0]
      ?.next_offset,
  );
const readiness = async () => {
  const answer = await fetch(`${service!.url}/health/ready`);
  return `${answer.status} ${await answer.text()}`;
};
const sorted = (names: readonly (string | undefined)[]) => [...names].sort();

describe('an effect', () => {
  it('commits effect, events, dead letters and position together; its neighbours’ poison does not stop it', async () => {
    const recorder = await environment.record(feedbackTagged.topic);
    const letters = await environment.record(deadLetterTopic(feedbackReceived.topic));
    let alone = 0;
    await start((events, context) => {
      const failing = events.find(({ data }) => data.externalId === 'fails');
      if (failing && events.length === 1) alone++;
      // A value that Postgres refuses: SQLSTATE 22P02
      if (failing) return context.transaction.query(`select 'x'::int`) as Promise<never>;
      return note(events, context);
    });
    const bad = poison(receivedMessage(feedback('poison')).headers);
    const names = many('event', 20);
    await environment.publish(feedbackReceived.topic, [
      ...names.slice(0, 10).map((name) => ({ ...receivedMessage(feedback(name)), partition: 0 })),
      ...Object.values(bad).map((message) => ({ key: 'bad', ...message, partition: 0 })),
      { ...receivedMessage(feedback('fails')), partition: 0 },
      ...names.slice(10).map((name) => ({ ...receivedMessage(feedback(name)), partition: 0 })),
    ]);
    await eventually(async () => expect(sorted(await effects())).toEqual(sorted(names)));
    await eventually(() => expect(letters.messages).toHaveLength(6));
    await eventually(() => expect(recorder.messages).toHaveLength(20));
    expect(await position()).toBe(26);
    expect(alone).toBe(3);
    expect(sorted(letters.messages.map(({ headers }) => headers['dl_reason']))).toEqual(
      sorted([...Object.keys(bad), 'handler-error']),
    );
    const failed = letters.messages.find(({ headers }) => headers['dl_reason'] === 'handler-error')!;
    expect(failed.headers).toMatchObject({ dl_offset: '15', dl_attempts: '3', dl_group: 'closeloop.effect' });
    await eventually(async () => expect(await sql('select from outbox')).toHaveLength(0));
    const [row] = await sql<{ cluster: string }>('select cluster from consumer_offset');
    expect(row!.cluster).toMatch(/.+/);
  });

  it('hands on that an event was sent again, the trace and the way it came', async () => {
    const recorder = await environment.record(feedbackTagged.topic);
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const replayed: boolean[] = [];
    await start((events, context) => {
      replayed.push(...events.map((event) => event.replayed));
      return note(events, context);
    });
    await environment.publish(feedbackReceived.topic, [
      { ...receivedMessage(feedback('again'), { traceparent, [resendHeader]: 'request 1' }), partition: 1 },
      { ...receivedMessage(feedback('replayed'), { replay_group: 'closeloop.effect' }), partition: 1 },
      { ...receivedMessage(feedback('new')), partition: 1 },
    ]);
    await eventually(() => expect(recorder.messages).toHaveLength(3));
    expect(replayed).toEqual([true, true, false]);
    const headersOf = (name: string) => recorder.messages.find(({ key }) => key === feedback(name).feedbackId)!.headers;
    expect(headersOf('again')).toMatchObject({ traceparent, [resendHeader]: 'request 1' });
    expect(headersOf('replayed')[resendHeader]).toMatch(/^[0-9a-f-]{36}$/);
    expect(headersOf('replayed')['replay_group']).toBeUndefined();
    expect(headersOf('new')[resendHeader]).toBeUndefined();
    const [own, ...rest] = trailOf(headersOf('again')[trailHeader]);
    expect(rest).toEqual([]);
    expect(own).toMatchObject({
      group: 'closeloop.effect',
      topic: feedbackReceived.topic,
      partition: 1,
      offset: '0',
      attempts: 1,
    });
  });

  it('is fenced off by an owner that committed meanwhile: it rolls back, and nothing is done twice', async () => {
    await start(note);
    // It owns both partitions, and holds 0 as its position of each.
    await eventually(async () => expect(await readiness()).toMatch(/^200/));
    await eventually(async () => expect(await position(0)).toBe(0));
    await sql(`insert into effect select 'event-' || n, now() from generate_series(0, 9) n`);
    await sql('update consumer_offset set next_offset = 10 where partition = 0');
    // most likely at once: what is fenced off undoes nobody else's
    await Promise.all([publish(many('event', 10)), publish(many('other', 10), 1)]);
    await publish(['after']);
    await eventually(async () => expect(await effects()).toContain('after'));
    await eventually(async () => expect(await position(1)).toBe(10));
    expect(sorted(await effects())).toEqual(sorted([...many('event', 10), ...many('other', 10), 'after']));
  });

  it('does what waits in several partitions in one transaction, and undoes alone what fails in one of them', async () => {
    const together: number[] = [];
    const ofFirst: number[] = [];
    const transactions = new Set<string>();
    await publish(many('first', 30), 0);
    await publish([...many('second', 20), 'fails', 'last'], 1);
    const letters = await environment.record(deadLetterTopic(feedbackReceived.topic));
    await start(async (events, context) => {
      together.push(new Set(events.map(({ partition }) => partition)).size);
      if (events.every(({ partition }) => partition === 0)) ofFirst.push(events.length);
      if (events.some(({ data }) => data.externalId === 'fails')) {
        return context.transaction.query(`select 'x'::int`) as Promise<never>;
      }
      const outcomes = await note(events, context);
      const [row] = await context.transaction.query<{ id: string }[]>('select pg_current_xact_id()::text id');
      transactions.add(row!.id);
      return outcomes;
    });
    const names = [...many('first', 30), ...many('second', 20), 'last'];
    await eventually(async () => expect(sorted(await effects())).toEqual(sorted(names)));
    expect(together[0]).toBe(2);
    // halved is what fails, not its neighbour
    expect(ofFirst).toEqual([30]);
    await eventually(() => expect(letters.messages).toHaveLength(1));
    expect(await position(0)).toBe(30);
    await eventually(async () => expect(await position(1)).toBe(22));

    transactions.clear();
    await Promise.all([publish(many('third', 5), 0), publish(many('fourth', 5), 1)]);
    await eventually(async () => expect(await effects()).toHaveLength(names.length + 10));
    expect(transactions.size).toBeLessThanOrEqual(2);
  });

  it('tells Kafka how far it has come, for those who watch a group there', async () => {
    await start(note);
    await publish(many('event', 7));
    const admin = environment.kafka.admin();
    await admin.connect();
    try {
      await eventually(async () => {
        const [committed] = await admin.fetchOffsets({
          groupId: `${environment.topicPrefix}closeloop.effect`,
          topics: [environment.topicPrefix + feedbackReceived.topic],
        });
        const offsets = committed!.partitions.map(({ partition, offset }) => [partition, offset]);
        expect(offsets.sort()).toEqual([
          [0, '7'],
          [1, '0'],
        ]);
      });
    } finally {
      await admin.disconnect();
    }
  });

  it('goes by its own table, whatever Kafka has as the group’s offset', async () => {
    const first = await start(note);
    await publish(many('event', 10));
    await eventually(async () => expect(await effects()).toHaveLength(10));
    await first.close();
    const admin = environment.kafka.admin();
    await admin.connect();
    const groupId = `${environment.topicPrefix}closeloop.effect`;
    await admin.setOffsets({
      groupId,
      topic: environment.topicPrefix + feedbackReceived.topic,
      partitions: [{ partition: 0, offset: '3' }],
    });
    await admin.disconnect();
    await start(note);
    await publish(['after']);
    await eventually(async () => expect(await effects()).toContain('after'));
    expect(await effects()).toHaveLength(11);
  });

  it('gets past control records and what a producer has aborted, and misses nothing between', async () => {
    await start(note);
    const topic = environment.topicPrefix + feedbackReceived.topic;
    const producer = environment.kafka.producer({
      transactionalId: `${environment.topicPrefix}inbound`,
      idempotent: true,
      maxInFlightRequests: 1,
      retry: { retries: 20 },
    });
    await producer.connect();
    const wanted: string[] = [];
    try {
      for (let round = 0; round < 8; round++) {
        const names = many(`round-${round}`, 3);
        const transaction = await producer.transaction();
        await transaction.send({
          topic,
          messages: names.map((name) => ({
            ...receivedMessage(feedback(name)),
            value: JSON.stringify(feedback(name)),
            partition: 0,
          })),
        });
        if (round % 2 === 0) {
          await transaction.abort();
        } else {
          await transaction.commit();
          wanted.push(...names);
        }
        // Alone in a fetch, a marker is passed over by kafkajs without a batch.
        await new Promise((resolve) => setTimeout(resolve, 150));
      }
    } finally {
      await producer.disconnect();
    }
    await publish(['after']);
    await eventually(async () => expect(await effects()).toContain('after'));
    expect(sorted(await effects())).toEqual(sorted([...wanted, 'after']));
    // 8 rounds of 3 records and a marker, and the last.
    expect(await position()).toBe(33);
  });

  it('pauses while there is no room for what it would cause, stays ready, and then goes on in order', async () => {
    let full = true;
    let asked = 0;
    await start((events, context) => {
      asked++;
      if (full) throw new BackPressure('no room');
      return note(events, context);
    });
    await publish(many('event', 5));
    // Longer than a failing partition may take before the service is unready.
    await eventually(() => expect(asked).toBeGreaterThan(7));
    expect(await effects()).toEqual([]);
    expect(await readiness()).toMatch(/^200/);
    full = false;
    await eventually(async () => expect(await effects()).toEqual(many('event', 5)));
  });

  it('loses and doubles nothing when it is stopped in mid-batch and another goes on', async () => {
    const slow: Handle<FeedbackReceived> = async (events, context) => {
      await new Promise((resolve) => setTimeout(resolve, 200));
      return note(events, context);
    };
    await publish(many('event', 2_500));
    const first = await start(slow);
    await eventually(async () => expect((await effects()).length).toBeGreaterThan(0));
    await first.close();
    const done = (await effects()).length;
    expect(done).toBeLessThan(2_500);
    expect(await position()).toBe(done);
    await start(slow);
    await eventually(async () => expect(await effects()).toHaveLength(2_500));
    expect(new Set(await effects()).size).toBe(2_500);
  });

  it('loses and doubles nothing while a replica joins and another leaves', async () => {
    const slow: Handle<FeedbackReceived> = async (events, context) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return note(events, context);
    };
    const names = many('event', 1_200);
    const first = await start(slow);
    const publishing = (async () => {
      for (let at = 0; at < names.length; at += 50) {
        await publish(names.slice(at, at + 50), (at / 50) % 2);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    })();
    await eventually(async () => expect((await effects()).length).toBeGreaterThan(100));
    await start(slow);
    await eventually(async () => expect((await effects()).length).toBeGreaterThan(600));
    await first.close();
    await publishing;
    await eventually(async () => expect((await effects()).length).toBeGreaterThanOrEqual(1_200), { timeoutMs: 40_000 });
    expect(sorted(await effects())).toEqual(sorted(names));
  });

  it('is alarmed by the position of another cluster, or one beyond the log, until it is mended', async () => {
    const first = await start(note);
    await publish(['before']);
    await eventually(async () => expect(await effects()).toEqual(['before']));
    await first.close();
    await sql(`update consumer_offset set cluster = 'lost-cluster' where partition = 0`);
    await sql('update consumer_offset set next_offset = 7 where partition = 1');
    await publish(['after']);
    await start(note);
    await eventually(async () => expect(await readiness()).toMatch(/^503.*of the cluster lost-cluster/));
    expect(await effects()).toEqual(['before']);
    const [{ cluster } = { cluster: '' }] = await sql<{ cluster: string }>(
      'select cluster from consumer_offset where partition = 1',
    );
    await sql('update consumer_offset set cluster = $1 where partition = 0', [cluster]);
    await eventually(async () => expect(await effects()).toEqual(['before', 'after']));
    await eventually(async () => expect(await readiness()).toMatch(/^503.*goes on at 7, but its log holds 0 to 0/));
    await sql('update consumer_offset set next_offset = 0 where partition = 1');
    await eventually(async () => expect(await readiness()).toMatch(/^200/));
  });

  it('is not alarmed by a position that another owner has moved past the end that was read before', async () => {
    const { app } = await start(note);
    await publish(many('event', 5));
    await eventually(async () => expect(await position()).toBe(5));
    const [{ cluster } = { cluster: '' }] = await sql<{ cluster: string }>('select cluster from consumer_offset');
    const { topic } = feedbackReceived;
    const places = [{ topic, partition: 0 }];
    const positions = await app.get(EffectDelivery, { strict: false }).positions(places, async () => {
      const read = { cluster, ranges: [{ topic, partition: 0, low: 0n, high: 5n }] };
      await publish(['later']);
      await eventually(async () => expect(await position()).toBe(6));
      return read;
    });
    expect(positions).toEqual(new Map([[`${topic}/0`, 5n]]));
  });

  it('hands dead letters over raw, also one that no one can read', async () => {
    const letters: IncomingDeadLetter[] = [];
    const topic = deadLetterTopic(feedbackReceived.topic);
    @Controller()
    class LetterConsumer {
      @EventPattern<string>(topic)
      take(@Payload() events: IncomingDeadLetter[], @Ctx() _context: EffectContext): Outcome[] {
        letters.push(...events);
        return events.map(() => ok());
      }
    }
    service = await startStation(
      environment,
      { ...stationOf('ledger'), consumes: [], consumesDeadLettersOf: [feedbackReceived] },
      [LetterConsumer],
      { mode: 'effect' },
    );
    const raw = Buffer.from([0, 255, 254]);
    await environment.publish(topic, [
      {
        key: 'k',
        value: raw,
        headers: {
          ce_id: 'c',
          dl_id: 'd',
          dl_group: 'g',
          dl_topic: 't',
          dl_partition: '1',
          dl_offset: '9',
          dl_reason: 'invalid-json',
          dl_message: 'm',
          dl_attempts: '0',
          dl_time: '2026-01-01T00:00:00Z',
        },
        partition: 0,
      },
      { value: null, partition: 0 },
    ]);
    await eventually(() => expect(letters).toHaveLength(2));
    expect(letters[0]).toMatchObject({
      id: 'd',
      group: 'g',
      topic: 't',
      partition: 1,
      offset: '9',
      reason: 'invalid-json',
      message: 'm',
      attempts: 0,
      time: '2026-01-01T00:00:00.000Z',
      value: raw,
      headers: { ce_id: 'c' },
    });
    expect(letters[1]).toMatchObject({
      group: '',
      topic: 'feedback.received.v1',
      offset: '-1',
      reason: '',
      value: null,
    });
    expect(letters[1]!.id).toMatch(/^[0-9a-f-]{36}$/);
  });
});
