import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { resendHeader } from '@closeloop/contracts';
import { databaseUrlOf, Tracer } from '@closeloop/platform';
import { eventually, type TestEnvironment } from '@closeloop/testing';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { type BatchProducer, NotAcknowledged, TopicRefused } from './batch-producer.js';
import { Emitter } from './emitter.js';
import { feedback, tagged } from './event.fixture.js';
import { outboxShards } from './migrations/messaging-1763700000000.js';
import { partitionOf } from './murmur2.js';
import { Outbox } from './outbox.js';
import { OutboxRelay } from './outbox-relay.js';
import { kafkaEnvironment, migrateSpecDatabase, stationOf } from './service.fixture.js';
import { BackPressure } from './whose-error.js';
import { type WireMessage } from './wire.js';

jest.setTimeout(60_000);

let environment: TestEnvironment;
let dataSource: DataSource;
const relays: OutboxRelay[] = [];
beforeAll(async () => {
  environment = await kafkaEnvironment();
  await migrateSpecDatabase(environment);
  dataSource = new DataSource({ type: 'postgres', url: databaseUrlOf('spec', environment.env), extra: { max: 20 } });
  await dataSource.initialize();
}, 60_000);
afterAll(async () => {
  await dataSource.destroy();
  await environment.close();
}, 60_000);
beforeEach(async () => {
  await dataSource.query('delete from outbox');
  await dataSource.query('delete from outbox_parked');
  await dataSource.query(`update outbox_lease set holder = null, expires_at = '-infinity'`);
});
afterEach(async () => {
  await Promise.all(relays.splice(0).map((relay) => relay.close()));
});

const times = {
  ...{ leaseMs: 1_500, renewMs: 200, marginMs: 300, pollMs: 100, listeningPollMs: 100, flushMs: 2_000 },
  parkedMs: 200,
};
const untraced = new Tracer('spec', {});
const newOutbox = (bound = 1_000) => new Outbox(dataSource, new Emitter('spec', stationOf('outbox')), bound);
/** A producer that notes what was sent, and does what a spec says. */
const newProducer = (behave: (messages: readonly WireMessage[]) => Promise<void> = () => Promise.resolve()) => {
  const sent: string[] = [];
  const send = async (messages: readonly WireMessage[]) => {
    await behave(messages);
    sent.push(...messages.map(({ value }) => String(value)));
  };
  return { sent, producer: { send, close: () => Promise.resolve() } as unknown as BatchProducer };
};
const startRelay = (outbox: Outbox, producer: BatchProducer, mayPark?: (topic: string) => boolean) => {
  const relay = new OutboxRelay(dataSource, outbox, producer, untraced, times, mayPark);
  relays.push(relay);
  relay.start();
  return relay;
};
const message = (key: string, value: string): WireMessage => ({
  topic: 'feedback.tagged.v1',
  key: Buffer.from(key),
  value: Buffer.from(value),
  headers: {},
});
const append = (outbox: Outbox, messages: readonly WireMessage[]) =>
  dataSource.transaction((transaction) => outbox.appendMessages(transaction, messages));
const unsent = async () => {
  const [row] = await dataSource.query<{ count: number }[]>('select count(*)::int as count from outbox');
  return row!.count;
};
const holders = async () =>
  (await dataSource.query<{ holder: string | null }[]>('select holder from outbox_lease where expires_at > now()')).map(
    ({ holder }) => holder,
  );
/** Each key's values, in the order they were sent, without repetitions of the same. */
const orderOf = (sent: readonly string[], key: string) =>
  [...new Set(sent.filter((value) => value.startsWith(`${key}:`)))].map((value) => Number(value.split(':')[1]));

describe('the outbox', () => {
  it('keeps what was appended byte by byte, without a key or a value too, and rolls back with its transaction', async () => {
    const outbox = newOutbox();
    const bytes = Buffer.from([0, 255, 1]);
    const messages: WireMessage[] = [
      { topic: 'a', key: bytes, value: bytes, headers: { h: bytes, n: 'x\0y' } },
      { topic: 'b', key: null, value: null, headers: {} },
      { topic: 'c', key: Buffer.alloc(0), value: Buffer.alloc(0), headers: {} },
    ];
    await append(outbox, messages);
    await expect(
      dataSource.transaction(async (transaction) => {
        await outbox.append(transaction, [tagged(feedback('rolled back'))]);
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    const got: WireMessage[] = [];
    const { producer } = newProducer((batch) => (got.push(...batch), Promise.resolve()));
    startRelay(outbox, producer);
    await eventually(async () => expect(await unsent()).toBe(0));
    got.sort((one, other) => one.topic.localeCompare(other.topic));
    expect(got).toEqual(messages);
  });

  describe('what this process has appended', () => {
    /** Begins to send before anything is appended. */
    async function sending() {
      const outbox = newOutbox();
      const got: WireMessage[] = [];
      const { producer } = newProducer((batch) => (got.push(...batch), Promise.resolve()));
      startRelay(outbox, producer);
      await eventually(async () => expect(await holders()).toHaveLength(4));
      await sleep(100);
      return { outbox, got };
    }

    it('is sent without being read back', async () => {
      const { outbox, got } = await sending();
      const event = tagged(feedback('kept'));
      await dataSource.transaction(async (transaction) => {
        await outbox.append(transaction, [event]);
        // nobody does: it shows who is asked
        await transaction.query(`update outbox set value = repeat('x', octet_length(value))::bytea`);
      });
      await eventually(async () => expect(await unsent()).toBe(0));
      expect(got.map(({ value }) => JSON.parse(String(value)) as unknown)).toEqual([event.data]);
    });

    it('is not taken for the row of another event that was given its id, after it was lost', async () => {
      const { outbox, got } = await sending();
      const [{ before } = { before: '' }] = await dataSource.query<{ before: string }[]>(
        `select nextval('outbox_id') as before`,
      );
      const [lost, other] = ['lost', 'seen'].map((name) => tagged(feedback(name)));
      const losing = dataSource.transaction(async (transaction) => {
        await outbox.append(transaction, [lost!]);
        throw new Error('lost');
      });
      await expect(losing).rejects.toThrow('lost');
      // as on a standby that took over before it had heard of it
      await dataSource.query(`select setval('outbox_id', $1::bigint)`, [before]);
      await dataSource.transaction((transaction) => newOutbox().append(transaction, [other!]));
      await eventually(async () => expect(await unsent()).toBe(0));
      expect(got.map(({ headers }) => headers['ce_id'])).toEqual([other!.id]);
      expect(got.map(({ value }) => JSON.parse(String(value)) as unknown)).toEqual([other!.data]);
    });
  });

  it('puts the headers that it is given on each event', async () => {
    const outbox = newOutbox();
    await dataSource.transaction((transaction) =>
      outbox.append(transaction, [tagged(feedback('again'))], { [resendHeader]: 'request 1' }),
    );
    const got: WireMessage[] = [];
    const { producer } = newProducer((batch) => (got.push(...batch), Promise.resolve()));
    startRelay(outbox, producer);
    await eventually(() => expect(got).toHaveLength(1));
    expect(got[0]!.headers).toMatchObject({ [resendHeader]: 'request 1', ce_type: 'feedback.tagged.v1' });
  });

  it('refuses an event that the station does not produce', async () => {
    const stranger = {
      ...tagged(feedback('x')),
      event: { ...tagged(feedback('x')).event, topic: 'feedback.routed.v1' },
    };
    await expect(dataSource.transaction((transaction) => newOutbox().append(transaction, [stranger]))).rejects.toThrow(
      'spec does not produce feedback.routed.v1',
    );
  });

  it('is sent in the order of its rows by key, with two relays, whatever fails and whoever dies', async () => {
    const outbox = newOutbox();
    const keys = Array.from({ length: 12 }, (_, at) => `key${at}`);
    const sent: string[] = [];
    // Every third send fails after the broker took it: what is acknowledged to nobody comes again.
    const flaky = () => {
      let count = 0;
      return {
        send: async (messages: readonly WireMessage[]) => {
          await new Promise((resolve) => setTimeout(resolve, 5));
          sent.push(...messages.map(({ value }) => value!.toString()));
          if (++count % 3 === 0) throw new NotAcknowledged('none');
        },
        close: () => Promise.resolve(),
      } as unknown as BatchProducer;
    };
    const first = startRelay(outbox, flaky());
    await eventually(async () => expect(await holders()).toHaveLength(4));
    startRelay(newOutbox(), flaky());
    for (let round = 0; round < 20; round++) {
      await append(
        outbox,
        keys.map((key) => message(key, `${key}:${round}`)),
      );
      outbox.wake();
      if (round === 10) await first.close();
    }
    await eventually(async () => expect(await unsent()).toBe(0));
    for (const key of keys) expect(orderOf(sent, key)).toEqual(Array.from({ length: 20 }, (_, round) => round));
    // Whatever came twice, came with all that followed it: no value is first seen after a later one.
    expect(sent.length).toBeGreaterThan(240);
  });

  it('holds up a shard at what cannot be sent, and no other', async () => {
    const outbox = newOutbox();
    let stuck = true;
    const { producer, sent } = newProducer((messages) =>
      stuck && messages.some(({ value }) => value!.toString().startsWith('bad'))
        ? Promise.reject(new NotAcknowledged('none'))
        : Promise.resolve(),
    );
    startRelay(outbox, producer);
    await append(outbox, [
      message('bad', 'bad:0'),
      message('bad', 'bad:1'),
      ...['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((key) => message(key, `${key}:0`)),
    ]);
    outbox.wake();
    await eventually(() => expect(sent.length).toBeGreaterThan(3));
    expect(sent.some((value) => value.startsWith('bad'))).toBe(false);
    stuck = false;
    await eventually(async () => expect(await unsent()).toBe(0));
    expect(orderOf(sent, 'bad')).toEqual([0, 1]);
  });

  it('is taken over when its relay is gone without a word, and not before the lease has run out', async () => {
    await dataSource.query(
      `update outbox_lease set holder = gen_random_uuid(), expires_at = clock_timestamp() + interval '1 second'`,
    );
    const outbox = newOutbox();
    const { producer, sent } = newProducer();
    const begun = performance.now();
    startRelay(outbox, producer);
    await append(outbox, [message('a', 'a:0')]);
    outbox.wake();
    await eventually(() => expect(sent).toEqual(['a:0']));
    expect(performance.now() - begun).toBeGreaterThan(850);
  });

  it('is not sent by a relay that could not renew its lease', async () => {
    const outbox = newOutbox();
    const { producer, sent } = newProducer();
    startRelay(outbox, producer);
    await eventually(async () => expect(await holders()).toHaveLength(4));
    // Another has taken it over, as after a freeze.
    await dataSource.query(
      `update outbox_lease set holder = gen_random_uuid(), expires_at = clock_timestamp() + interval '1 minute'`,
    );
    await new Promise((resolve) => setTimeout(resolve, times.renewMs * 2));
    await append(outbox, [message('a', 'a:0')]);
    outbox.wake();
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(sent).toEqual([]);
  });

  it('hears of what another process commits, by its notification', async () => {
    const { producer, sent } = newProducer();
    const relay = new OutboxRelay(dataSource, newOutbox(), producer, untraced, {
      ...times,
      pollMs: 60_000,
      listeningPollMs: 60_000,
    });
    relays.push(relay);
    relay.start();
    await eventually(async () => expect(await holders()).toHaveLength(4));
    await new Promise((resolve) => setTimeout(resolve, 300));
    await append(newOutbox(), [message('a', 'a:0')]);
    await eventually(() => expect(sent).toEqual(['a:0']), { timeoutMs: 2_000 });
  });

  it('wakes only the shards that were appended to, and once', async () => {
    const outbox = newOutbox();
    const { producer } = newProducer();
    const relay = new OutboxRelay(dataSource, outbox, producer, untraced, {
      ...times,
      pollMs: 60_000,
      listeningPollMs: 60_000,
    });
    relays.push(relay);
    const woken: (readonly number[] | undefined)[] = [];
    const wake = relay.wake.bind(relay);
    relay.wake = (shards) => {
      woken.push(shards);
      wake(shards);
    };
    relay.start();
    await eventually(async () => expect(await holders()).toHaveLength(4));
    await new Promise((resolve) => setTimeout(resolve, 300));
    woken.length = 0;
    const shard = partitionOf(Buffer.from('a'), outboxShards);
    await append(outbox, [message('a', 'a:0')]);
    outbox.wake();
    await eventually(async () => expect(await unsent()).toBe(0));
    // Nothing was appended.
    outbox.wake();
    expect(woken).toEqual([[shard]]);
  });

  it('tells how long its oldest row waits', async () => {
    const outbox = newOutbox();
    const { producer } = newProducer(() => Promise.reject(new NotAcknowledged('none')));
    await outbox.count();
    expect(outbox.oldestSeconds).toBe(0);
    startRelay(outbox, producer);
    await append(outbox, [message('a', 'a:0')]);
    await eventually(() => expect(outbox.oldestSeconds).toBeGreaterThan(1));
    await dataSource.query('delete from outbox');
    await eventually(() => expect(outbox.oldestSeconds).toBe(0));
  });

  it('knows its oldest row by the number, not by its digits', async () => {
    const outbox = newOutbox();
    await dataSource.query(`select setval('outbox_id', (10 ^ length(nextval('outbox_id')::text))::bigint - 2)`);
    await append(outbox, [message('a', 'a:0')]);
    await outbox.count();
    await sleep(50);
    await append(outbox, [message('a', 'a:1')]);
    await outbox.count();
    expect(outbox.unsent).toBe(2);
    expect(outbox.oldestSeconds).toBeGreaterThan(0.045);
  });

  it('is full at its bound, and says so', async () => {
    const outbox = newOutbox(5);
    expect(outbox.isFull()).toBe(false);
    await append(
      outbox,
      ['a', 'b', 'c', 'd', 'e', 'f'].map((key) => message(key, 'x')),
    );
    expect(outbox.isFull()).toBe(true);
    expect(() => outbox.assertRoom()).toThrow(BackPressure);
    const other = newOutbox(5);
    await other.count();
    expect(other.isFull()).toBe(true);
    const { producer } = newProducer();
    startRelay(outbox, producer);
    await eventually(() => expect(outbox.isFull()).toBe(false));
  });

  it('sends what is left when it is closed', async () => {
    const outbox = newOutbox();
    const { producer, sent } = newProducer();
    const relay = startRelay(outbox, producer);
    await eventually(async () => expect(await holders()).toHaveLength(4));
    await append(
      outbox,
      Array.from({ length: 3_000 }, (_, at) => message(`k${at}`, `k${at}:0`)),
    );
    await relay.close();
    expect(new Set(sent).size).toBe(3_000);
    expect(await unsent()).toBe(0);
    expect(await holders()).toEqual([]);
  });

  describe('when the topic of a team refuses', () => {
    const isOfTeam = (topic: string) => topic.startsWith('team-inbox.');
    const parked = async () =>
      (await dataSource.query<{ n: number }[]>('select count(*)::int as n from outbox_parked'))[0]!.n;
    /** As a broker that knows no topic of the team; sends that hold one of its events fail whole. */
    const refusing = () => {
      const state = { refuses: true };
      const { sent, producer } = newProducer((messages) =>
        state.refuses && messages.some(({ topic }) => topic === 'team-inbox.closed.v1')
          ? Promise.reject(new TopicRefused('no'))
          : Promise.resolve(),
      );
      return { state, sent, producer };
    };
    const inbox = (team: string, value: string): WireMessage => ({
      ...message('a', value),
      topic: `team-inbox.${team}.v1`,
    });

    it('holds up nothing else, is told of, and what waited is sent first and in order when it takes it', async () => {
      const outbox = newOutbox();
      const { state, sent, producer } = refusing();
      startRelay(outbox, producer, isOfTeam);
      await append(outbox, [message('a', 'a:0'), inbox('closed', 'c:0'), message('a', 'a:1'), inbox('open', 'o:0')]);
      outbox.wake();
      await eventually(async () => expect(await unsent()).toBe(0));
      expect([orderOf(sent, 'a'), orderOf(sent, 'o'), orderOf(sent, 'c')]).toEqual([[0, 1], [0], []]);
      await append(outbox, [inbox('closed', 'c:1'), inbox('closed', 'c:2'), message('a', 'a:2')]);
      outbox.wake();
      await eventually(async () => expect(await parked()).toBe(3));
      await eventually(() => expect([...outbox.parked.values()].reduce((one, other) => one + other, 0)).toBe(3));
      state.refuses = false;
      await eventually(async () => expect([await parked(), await unsent()]).toEqual([0, 0]));
      await append(outbox, [inbox('closed', 'c:3')]);
      outbox.wake();
      await eventually(() => expect(orderOf(sent, 'c')).toEqual([0, 1, 2, 3]));
      expect(orderOf(sent, 'a')).toEqual([0, 1, 2]);
    });

    it('is not forgotten by another relay that takes the shard over', async () => {
      const first = refusing();
      const relay = startRelay(newOutbox(), first.producer, isOfTeam);
      await append(newOutbox(), [inbox('closed', 'c:0')]);
      await eventually(async () => expect(await parked()).toBe(1));
      await relay.close();
      await append(newOutbox(), [inbox('closed', 'c:1')]);
      const second = refusing();
      startRelay(newOutbox(), second.producer, isOfTeam);
      await eventually(async () => expect(await parked()).toBe(2));
      second.state.refuses = false;
      await eventually(() => expect(orderOf(second.sent, 'c')).toEqual([0, 1]));
    });

    it('any other topic that refuses holds up its shard, as a broker that is away does', async () => {
      const outbox = newOutbox();
      const { sent, producer } = refusing();
      startRelay(outbox, producer, () => false);
      await append(outbox, [inbox('closed', 'c:0'), message('a', 'a:1')]);
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect([await unsent(), sent]).toEqual([2, []]);
    });
  });
});
