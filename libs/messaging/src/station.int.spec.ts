import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { deadLetterTopic, feedbackReceived, feedbackTagged, type FeedbackReceived } from '@closeloop/contracts';
import { type RunningService } from '@closeloop/platform';
import { eventually, type TestEnvironment } from '@closeloop/testing';
import { createRequire } from 'node:module';
import { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { feedback, receivedMessage, tagged } from './event.fixture.js';
import { BackPressure, ok, resetPositions, type StationStatus } from './index.js';
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
  await environment.query('spec', 'create table effect (name text not null)');
}, 60_000);
afterEach(async () => {
  await service?.close();
  service = undefined;
  await environment.close();
}, 60_000);

const start = async (mode: 'hop' | 'effect', handle: Handle<FeedbackReceived>) => {
  service = await startStation(environment, stationOf('station'), [receivedConsumer(handle)], { mode });
};
const many = (name: string, count: number): string[] => Array.from({ length: count }, (_, at) => `${name}-${at}`);
const publish = (names: readonly string[], partition: number) =>
  environment.publish(
    feedbackReceived.topic,
    names.map((name) => ({ ...receivedMessage(feedback(name)), partition })),
  );
const get = async (path: string, roles?: ('agent' | 'manager' | 'admin')[]) => {
  const headers = roles && { authorization: `Bearer ${await environment.token({ sub: 'ann', roles })}` };
  const response = await fetch(service!.url + path, { ...(headers && { headers }) });
  return { status: response.status, text: await response.text() };
};
const status = async () => JSON.parse((await get('/v1/station', ['manager'])).text) as StationStatus;
const partition = async (number: number) => (await status()).partitions.find((one) => one.partition === number);
const kafkaPort = () => Number(environment.env['KAFKA_BROKERS']!.split(':').at(-1));
const { prototype: cluster } = createRequire(import.meta.url)('kafkajs/src/cluster/index.js') as {
  prototype: { fetchTopicsOffset(topics: unknown): Promise<unknown> };
};
const metrics = async () => (await get('/metrics')).text;
const note: Handle<FeedbackReceived> = async (events, context) => {
  // A hop has no transaction.
  const { transaction } = (context as typeof context | undefined) ?? {};
  await transaction?.query('insert into effect select unnest($1::text[])', [events.map(({ data }) => data.externalId)]);
  return events.map(({ data }) => ok(tagged(data)));
};

describe('the status of a station', () => {
  it('is for managers and admins', async () => {
    await start('effect', note);
    expect((await get('/v1/station')).status).toBe(401);
    expect((await get('/v1/station', ['agent'])).status).toBe(403);
    expect((await get('/v1/station', ['admin'])).status).toBe(200);
  });

  it('tells of each partition how far it came and how far it is to go, and counts what became of events', async () => {
    await start('effect', note);
    const { headers } = receivedMessage(feedback('bad'));
    await publish(many('event', 7), 0);
    await environment.publish(feedbackReceived.topic, [{ key: 'k', value: '{', headers, partition: 0 }]);
    await eventually(async () => expect(await partition(0)).toMatchObject({ position: 8, end: 8, lag: 0 }));
    const told = await status();
    expect(told).toMatchObject({
      service: 'spec',
      group: 'closeloop.station',
      ready: true,
      reasons: {},
      outbox: { bound: 100_000, full: false },
      events: { ok: 7, drop: 0, skip: 0, 'dead-letter': 1 },
    });
    expect(told.partitions).toHaveLength(2);
    const [one] = told.partitions.filter(({ partition: number }) => number === 0);
    expect(one).toEqual({
      topic: feedbackReceived.topic,
      partition: 0,
      position: 8,
      end: 8,
      lag: 0,
      state: 'running',
      attempts: 0,
      lastEventAt: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    const text = await metrics();
    expect(text).toMatch(/messaging_lag\{topic="feedback.received.v1",partition="0",service="spec"\} 0/);
    expect(text).toMatch(/messaging_dead_letters_total\{topic="[^"]*",reason="invalid-json",service="spec"\} 1/);
    expect(text).toMatch(/messaging_stage_seconds_count\{topic="[^"]*",service="spec"\} 8/);
    expect(text).toMatch(/messaging_stage_seconds_bucket\{topic="[^"]*",le="\+Inf",service="spec"\} 8/);
    expect(text).toMatch(/messaging_batch_events_sum\{service="spec",topic="[^"]*"\} 8/);
    expect(text).toMatch(/messaging_outbox_oldest_seconds\{service="spec"\} /);
  });

  it('with nothing to do is ready as soon as its position could be read, though it could not at first', async () => {
    const asked = jest.spyOn(cluster, 'fetchTopicsOffset').mockRejectedValue(new Error('read ECONNRESET'));
    try {
      await start('hop', note);
      await eventually(async () => expect((await status()).reasons['kafka']).toContain('is paused'));
      expect(await partition(0)).toMatchObject({ position: null, state: 'failing' });
    } finally {
      asked.mockRestore();
    }
    await eventually(async () => expect((await get('/health/ready')).status).toBe(200));
    expect(await partition(0)).toMatchObject({ position: 0, end: 0, state: 'running', attempts: 0 });
  });

  it('that waits in vain for its position stays unready when the first try fails at last', async () => {
    const asked = jest.spyOn(cluster, 'fetchTopicsOffset').mockImplementation(async () => {
      // Longer than a partition may fail, by much: until then is when it can be seen.
      await pause(3_000);
      throw new Error('Request ListOffsets timed out');
    });
    try {
      await start('hop', note);
      const ready = async () => (await get('/health/ready')).status;
      await eventually(async () => expect((await status()).reasons['kafka']).toContain('it has no position yet'));
      for (const begun = performance.now(); performance.now() - begun < 8_000; await pause(50)) {
        expect(await ready()).toBe(503);
        if ((await partition(0))!.attempts > 0) break;
      }
      expect((await partition(0))?.attempts).toBeGreaterThan(0);
      expect(await ready()).toBe(503);
    } finally {
      asked.mockRestore();
    }
  });

  it('tells what a stuck partition waits for, since when, how often it tried, and nothing of an event', async () => {
    let fault: Error | undefined = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), {
      code: 'ECONNREFUSED',
    });
    const began = Date.now();
    await start('effect', (events, context) => {
      if (fault && events.some(({ partition: number }) => number === 0)) throw fault;
      return note(events, context);
    });
    await publish(many('stuck', 3), 0);
    await publish(many('free', 3), 1);
    await eventually(async () => expect((await partition(0))!.attempts).toBeGreaterThan(2));
    const stuck = await partition(0);
    expect(stuck).toMatchObject({ position: 0, end: 3, lag: 3, state: 'failing' });
    expect(stuck!.waitsFor).toContain('ECONNREFUSED');
    expect(Date.parse(stuck!.since!)).toBeGreaterThanOrEqual(began);
    expect(Date.parse(stuck!.since!)).toBeLessThanOrEqual(Date.now());
    expect(await partition(1)).toMatchObject({ state: 'running', lag: 0, attempts: 0 });
    await eventually(async () =>
      expect((await status()).reasons['kafka']).toContain('feedback.received.v1/0 is paused'),
    );
    const text = await metrics();
    expect(text).toMatch(/messaging_lag\{topic="[^"]*",partition="0",service="spec"\} 3/);
    const oldest = /messaging_oldest_unhandled_seconds\{topic="[^"]*",partition="0",service="spec"\} ([\d.]+)/.exec(
      text,
    );
    expect(Number(oldest![1])).toBeGreaterThan(0);
    fault = new BackPressure('no room');
    // A fault before it counts until an event is done.
    await eventually(async () => expect((await partition(0))!.waitsFor).toContain('no room'));
    fault = undefined;
    await eventually(async () => expect(await partition(0)).toMatchObject({ state: 'running', attempts: 0, lag: 0 }));
    expect(await partition(0)).not.toHaveProperty('since');
  });

  it('does not quote events, also when many of them fail in a row', async () => {
    await start('effect', (events) => JSON.parse(events[0]!.data.text!) as never);
    await publish(many('event', 30), 0);
    await eventually(async () => expect((await partition(0))!.waitsFor).toMatch(/TooManyFailures.*SyntaxError/), {
      timeoutMs: 20_000,
    });
    const answers = [await get('/v1/station', ['admin']), await get('/health/ready')];
    for (const { text } of answers) expect(text).not.toContain('said by');
  });

  it('asks Kafka once for all who ask at once', async () => {
    await start('hop', note);
    await eventually(async () =>
      expect((await status()).partitions.map(({ state }) => state)).toEqual(['running', 'running']),
    );
    // Until what is known is no longer fresh.
    await pause(2_100);
    const connect = jest.spyOn(Socket.prototype, 'connect');
    const answers = await Promise.all(Array.from({ length: 20 }, () => status()));
    const made = connect.mock.calls.filter((call) => JSON.stringify(call).includes(`"port":${kafkaPort()}`)).length;
    connect.mockRestore();
    expect(answers.map(({ partitions }) => partitions[0]!.end)).toEqual(Array(20).fill(0));
    expect(made).toBeGreaterThan(0);
    expect(made).toBeLessThan(5);
  });
});

describe('a position that its log does not hold', () => {
  const topic = () => environment.topicPrefix + feedbackReceived.topic;
  /** As an operator who lost a topic and made it anew. */
  async function makeAnew(): Promise<void> {
    const admin = environment.kafka.admin();
    await admin.connect();
    try {
      await admin.deleteTopics({ topics: [topic()] });
      await eventually(async () => expect(await admin.listTopics()).not.toContain(topic()));
      await eventually(() =>
        admin.createTopics({ waitForLeaders: false, topics: [{ topic: topic(), numPartitions: 2 }] }),
      );
    } finally {
      await admin.disconnect();
    }
  }

  it.each(['hop', 'effect'] as const)(
    'after its topic was made anew alarms (%s), and goes on when it is taken anew; nothing else is needed',
    async (mode) => {
      const recorder = await environment.record(feedbackTagged.topic);
      const heard = () => recorder.json<{ feedback: FeedbackReceived }>().map((event) => event.feedback.externalId);
      await start(mode, note);
      await publish(many('before', 5), 0);
      await eventually(() => expect(heard()).toHaveLength(5));
      await makeAnew();
      await eventually(async () => expect((await get('/health/ready')).text).toContain('its log holds 0 to 0'), {
        timeoutMs: 30_000,
      });
      expect((await partition(0))!.state).toBe('alarm');
      expect((await partition(0))!.waitsFor).toContain('closeloop republish');
      await publish(['after'], 0);
      const reset = () => resetPositions(environment.env, 'spec', stationOf('station'), mode);
      expect(await resetPositions(environment.env, 'spec', stationOf('station'), mode, { dryRun: true })).toHaveLength(
        1,
      );
      expect(await reset()).toEqual([
        {
          group: 'closeloop.station',
          topic: feedbackReceived.topic,
          partition: 0,
          to: 0,
          reason: expect.stringContaining('goes on at 5, but its log holds 0 to 1'),
        },
      ]);
      await eventually(() => expect(heard()).toContain('after'), { timeoutMs: 20_000 });
      await eventually(async () => expect((await get('/health/ready')).status).toBe(200));
      // Only those that cannot be gone on from: a second time there is none.
      expect(await reset()).toEqual([]);
      await publish(['later'], 0);
      await eventually(() => expect(heard()).toContain('later'));
      // What was taken anew once does not stand for the next time.
      await service!.close();
      await start(mode, note);
      await publish(['last'], 0);
      await eventually(() => expect(heard()).toContain('last'));
      expect(heard()).toEqual([...many('before', 5), 'after', 'later', 'last']);
    },
  );
});

describe('a row that Postgres refuses', () => {
  const refusals = {
    '22P05': `select '"\\u0000"'::jsonb ->> 0`,
    '22021': `select convert_from('\\x00'::bytea, 'UTF8')`,
    '23505': `insert into taken values ('x')`,
  };

  it.each(Object.entries(refusals))('with %s is a dead letter, and its partition goes on', async (sqlState, query) => {
    await environment.query('spec', 'create table taken (name text primary key)');
    await environment.query('spec', `insert into taken values ('x')`);
    const letters = await environment.record(deadLetterTopic(feedbackReceived.topic));
    await start('effect', async (events, context) => {
      if (events.some(({ data }) => data.externalId === 'refused')) await context.transaction.query(query);
      return note(events, context);
    });
    await publish([...many('before', 3), 'refused', ...many('after', 3)], 0);
    await eventually(async () => expect(await partition(0)).toMatchObject({ position: 7, state: 'running' }));
    await eventually(() => expect(letters.messages).toHaveLength(1));
    expect(letters.messages[0]!.headers).toMatchObject({
      dl_reason: 'handler-error',
      dl_offset: '3',
      dl_attempts: '3',
    });
    const [{ state } = { state: '' }] = await environment.query<{ state: string }>(
      'spec',
      `select count(*)::text as state from effect`,
    );
    expect({ sqlState, done: state }).toEqual({ sqlState, done: '6' });
    expect((await get('/health/ready')).status).toBe(200);
  });
});
