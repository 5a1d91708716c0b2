import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { feedbackReceived } from '@closeloop/contracts';
import { type RunningService } from '@closeloop/platform';
import { eventually, testEnvironment, type TestEnvironment } from '@closeloop/testing';
import type * as kafkajs from 'kafkajs';
import { createRequire } from 'node:module';
import { Socket } from 'node:net';
import { BrokerOnCable } from './broker.fixture.js';
import { feedback, receivedMessage } from './event.fixture.js';

jest.setTimeout(60_000);

/** kafkajs as it comes. What is imported below has a copy of its own, which is guarded. */
const plain = createRequire(import.meta.url)('kafkajs') as typeof kafkajs;
const plainInside = <T>(path: string): T => createRequire(import.meta.url)(`kafkajs/src/${path}`) as T;
const plainGroup = plainInside<Crashable>('consumer/consumerGroup.js');
const plainBroker = plainInside<Asking>('broker/index.js');
jest.resetModules();
const { loadConfig, SERVICE_TRANSPORT } = await import('@closeloop/platform');
const { kafkaClient } = await import('./kafka.client.js');
const { KafkaConfig } = await import('./kafka.config.js');
const { joinAs } = await import('./kafkajs.guards.js');
const { receivedConsumer, startStation, stationOf } = await import('./service.fixture.js');
const { createTopics } = await import('./topics.js');
const { ok } = await import('./outcome.js');
const guardedGroup = createRequire(import.meta.url)('kafkajs/src/consumer/consumerGroup.js') as Crashable;
const guardedBroker = createRequire(import.meta.url)('kafkajs/src/broker/index.js') as Asking;

interface Crashable {
  prototype: { fetch(nodeId: string): Promise<unknown>; joinAndSync(): Promise<void> };
}

interface Asking {
  prototype: Record<'heartbeat' | 'joinGroup' | 'leaveGroup', (given: object) => Promise<unknown>>;
}

let environment: TestEnvironment;
let broker: BrokerOnCable;
beforeAll(async () => {
  environment = await testEnvironment();
  broker = await BrokerOnCable.start();
  await createTopics({ ...environment.env, KAFKA_BROKERS: broker.direct }, { partitions: 1 });
  // A new broker makes the groups' topic at the first question, and has no coordinator meanwhile.
  const admin = plainKafka().admin();
  await admin.connect();
  await eventually(() => admin.fetchOffsets({ groupId: 'none', topics: [] }), { timeoutMs: 20_000, intervalMs: 200 });
  await admin.disconnect();
}, 60_000);
afterAll(async () => {
  await broker.stop();
  await Promise.allSettled(leaving);
  await environment.close();
}, 60_000);

/** Those that may take long, and no longer than their broker is there */
const leaving: Promise<void>[] = [];
const closing: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const retry = { initialRetryTime: 50, maxRetryTime: 200, retries: 0 };
const plainKafka = (retries = 0) =>
  new plain.Kafka({
    clientId: 'plain',
    brokers: [broker.brokers],
    logLevel: plain.logLevel.NOTHING,
    requestTimeout: 1_000,
    retry: { ...retry, retries },
  });
const guardedKafka = () => {
  const client = kafkaClient(loadConfig(KafkaConfig, { KAFKA_BROKERS: broker.brokers }), 'guarded');
  closing.push(client.hangUp);
  return client.kafka;
};
async function publish(name: string): Promise<void> {
  const producer = plainKafka(20).producer();
  await producer.connect();
  const { key, value, headers } = receivedMessage(feedback(name));
  const topic = environment.topicPrefix + feedbackReceived.topic;
  await producer.send({ topic, messages: [{ key, value: JSON.stringify(value), headers }] });
  await producer.disconnect();
}
/** The first request is given up, and then the way is mended: for connections that are made from now on. */
async function afterAHole(kafka: kafkajs.Kafka): Promise<() => Promise<unknown>> {
  const admin = kafka.admin({ retry });
  closing.push(() => void admin.disconnect().catch(() => undefined));
  await admin.connect();
  await admin.listTopics();
  broker.cable.swallow();
  await expect(admin.listTopics()).rejects.toThrow(/timed out/);
  broker.cable.mend();
  return () => admin.listTopics();
}
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A group whose one member is at work, and answers nothing until it is told to be idle. */
async function busyGroup(config: kafkajs.ConsumerConfig) {
  const directly = new plain.Kafka({ brokers: [broker.direct], logLevel: plain.logLevel.NOTHING, retry });
  const admin = directly.admin();
  await admin.connect();
  const busy = directly.consumer(config);
  let idle = (): void => undefined;
  const done = new Promise<void>((resolve) => (idle = resolve));
  closing.push(
    () => admin.disconnect(),
    // its group may wait for the ghost first
    () => void leaving.push(busy.disconnect()),
    () => idle(),
  );
  await busy.connect();
  await busy.subscribe({ topic: environment.topicPrefix + feedbackReceived.topic, fromBeginning: true });
  let works = false;
  await busy.run({ eachBatch: () => ((works = true), done) });
  await publish('for the busy one');
  await eventually(() => expect(works).toBe(true));
  return { group: async () => (await admin.describeGroups([config.groupId])).groups[0]!, idle };
}

describe('a connection with nothing to do', () => {
  /** Timers that the queue of requests has set in a second. */
  async function timersOf(kafka: kafkajs.Kafka): Promise<number> {
    const admin = kafka.admin();
    await admin.connect();
    const original = globalThis.setTimeout;
    let set = 0;
    globalThis.setTimeout = ((...args: Parameters<typeof setTimeout>) => {
      if (new Error().stack?.includes('requestQueue')) set++;
      return original(...args);
    }) as typeof setTimeout;
    await new Promise((resolve) => original(resolve, 1_000));
    globalThis.setTimeout = original;
    await admin.disconnect();
    return set;
  }

  it('wakes kafkajs hundreds of times a second for nothing (kafkajs#1751)', async () => {
    expect(await timersOf(plainKafka())).toBeGreaterThan(50);
  });

  it('wakes ours not once', async () => {
    expect(await timersOf(guardedKafka())).toBe(0);
  });
});

describe('a small request', () => {
  async function noDelayOf(kafka: kafkajs.Kafka): Promise<unknown[]> {
    const setNoDelay = jest.spyOn(Socket.prototype, 'setNoDelay');
    const admin = kafka.admin();
    await admin.connect();
    const calls = setNoDelay.mock.calls.map(([on]) => on);
    setNoDelay.mockRestore();
    await admin.disconnect();
    return calls;
  }

  it('waits in kafkajs for the acknowledgement of the one before: TCP_NODELAY is never set', async () => {
    expect(await noDelayOf(plainKafka())).toEqual([]);
  });

  it('goes at once in ours', async () => {
    expect(await noDelayOf(guardedKafka())).toEqual([true]);
  });
});

describe('a connection on which an answer is missing', () => {
  it('is used by kafkajs for ever, and nothing comes back on it (kafkajs#1163)', async () => {
    const request = await afterAHole(plainKafka());
    for (let again = 0; again < 3; again++) await expect(request()).rejects.toThrow(/timed out/);
  });

  it('is followed by another in ours', async () => {
    const request = await afterAHole(guardedKafka());
    expect(await request()).toContain(environment.topicPrefix + feedbackReceived.topic);
  });

  it('of which only the closing is heard counts as ended in ours', async () => {
    const sockets: Socket[] = [];
    const spy = jest.spyOn(Socket.prototype, 'setNoDelay').mockImplementation(function (this: Socket) {
      sockets.push(this);
      return this;
    });
    const admin = guardedKafka().admin({ retry });
    await admin.connect();
    spy.mockRestore();
    broker.cable.swallow();
    const answered = admin.listTopics();
    const failed = expect(answered).rejects.toThrow('Closed connection');
    await pause(100);
    const begun = performance.now();
    for (const socket of sockets) socket.destroy();
    await failed;
    // Not by its time being up.
    expect(performance.now() - begun).toBeLessThan(2_000);
    broker.cable.mend();
    await admin.disconnect();
  });
});

describe('a consumer that crashes on what kafkajs takes for final', () => {
  /** As its fetch does when its only broker is gone: it reads a property of no broker. */
  function crashOnce(group: Crashable): () => boolean {
    // eslint-disable-next-line @typescript-eslint/unbound-method -- put back as it was
    const original = group.prototype.fetch;
    let crashed = false;
    group.prototype.fetch = () => {
      crashed = true;
      group.prototype.fetch = original;
      return Promise.reject(new TypeError("Cannot read properties of undefined (reading 'connectionPool')"));
    };
    return () => crashed;
  }
  it('is dead in kafkajs, and the process lives on without a word (kafkajs#1443)', async () => {
    const heard: string[] = [];
    const groupId = `${environment.topicPrefix}plain`;
    const consumer = plainKafka(20).consumer({ groupId, maxWaitTimeInMs: 100 });
    closing.push(() => consumer.disconnect());
    let restarts: boolean | undefined;
    consumer.on(consumer.events.CRASH, ({ payload }) => void (restarts = payload.restart));
    await consumer.connect();
    await consumer.subscribe({ topics: [environment.topicPrefix + feedbackReceived.topic], fromBeginning: true });
    await consumer.run({ eachMessage: ({ message }) => Promise.resolve(void heard.push(String(message.key))) });
    await publish('first');
    await eventually(() => expect(heard).toEqual([feedback('first').feedbackId]));
    const crashed = crashOnce(plainGroup);
    await eventually(() => expect(crashed()).toBe(true));
    await eventually(() => expect(restarts).toBe(false));
    await publish('second');
    await pause(3_000);
    expect(heard).toEqual([feedback('first').feedbackId]);
  });

  it('is followed by another in ours', async () => {
    const heard: string[] = [];
    const handle = receivedConsumer((events) => {
      heard.push(...events.map(({ data }) => data.externalId!));
      return events.map(() => ok());
    });
    const service: RunningService = await startStation(environment, stationOf('guarded'), [handle], {
      mode: 'hop',
      env: { KAFKA_BROKERS: broker.brokers },
    });
    closing.push(() => service.close());
    await publish('third');
    await eventually(() => expect(heard).toContain('third'));
    const crashed = crashOnce(guardedGroup);
    await eventually(() => expect(crashed()).toBe(true));
    await publish('fourth');
    await eventually(() => expect(heard).toContain('fourth'));
    await eventually(async () => expect((await fetch(`${service.url}/health/ready`)).status).toBe(200));
  });
});

describe('a consumer that is cut off while it waits for its group', () => {
  const topic = () => environment.topicPrefix + feedbackReceived.topic;
  /** None is given up by the group for its silence before it has been counted. */
  const times = {
    sessionTimeout: 20_000,
    rebalanceTimeout: 20_000,
    heartbeatInterval: 200,
    maxWaitTimeInMs: 100,
    retry,
  };

  /** Joins a group whose other member keeps it waiting, is cut off, and is followed by another one. */
  async function followed(groupId: string, kafka: kafkajs.Kafka, assigner: kafkajs.PartitionAssigner): Promise<number> {
    const { group, idle } = await busyGroup({ ...times, groupId });
    const joining = async (): Promise<{ joined: () => boolean; crashed: () => boolean }> => {
      const consumer = kafka.consumer({
        ...{ ...times, groupId, partitionAssigners: [assigner] },
        retry: { ...retry, restartOnFailure: () => Promise.resolve(false) },
      });
      closing.push(() => consumer.disconnect());
      let [joined, crashed] = [false, false];
      consumer.on(consumer.events.GROUP_JOIN, () => void (joined = true));
      consumer.on(consumer.events.CRASH, () => void (crashed = true));
      await consumer.connect();
      await consumer.subscribe({ topic: topic() });
      void consumer.run({ eachMessage: () => Promise.resolve() });
      return { joined: () => joined, crashed: () => crashed };
    };
    const first = await joining();
    await eventually(async () => expect((await group()).state).toBe('PreparingRebalance'));
    broker.cable.cut();
    await eventually(() => expect(first.crashed()).toBe(true));
    const second = await joining();
    // known to the group, which waits for the busy one alone
    await eventually(async () => expect((await group()).members.length).toBeGreaterThan(1));
    await pause(500);
    idle();
    await eventually(() => expect(second.joined()).toBe(true), { timeoutMs: 20_000 });
    return (await group()).members.length;
  }

  it('leaves one in kafkajs that the group counts among its own', async () => {
    expect(await followed('ghost', plainKafka(), plain.PartitionAssigners.roundRobin)).toBe(3);
  });

  it('is that member again in ours', async () => {
    const member = {};
    const assigner: kafkajs.PartitionAssigner = (config) => {
      joinAs(config.cluster, member);
      return plain.PartitionAssigners.roundRobin(config);
    };
    expect(await followed('no-ghost', guardedKafka(), assigner)).toBe(2);
  });
});

describe('a consumer that its group knows no more, and that is cut off while it joins again', () => {
  /** @returns how often it joined, and after how much it fetched once it was cut off */
  async function cutOff(
    groupId: string,
    kafka: kafkajs.Kafka,
    assigner: kafkajs.PartitionAssigner,
    { prototype }: Asking,
  ): Promise<{ joins: () => number; fetches: () => number }> {
    const consumer = kafka.consumer({
      ...{ groupId, heartbeatInterval: 200, maxWaitTimeInMs: 100, partitionAssigners: [assigner] },
      retry: { initialRetryTime: 100, retries: 5 },
    });
    closing.push(() => consumer.disconnect());
    let [joins, fetches] = [0, 0];
    consumer.on(consumer.events.GROUP_JOIN, () => void joins++);
    consumer.on(consumer.events.FETCH, () => void fetches++);
    await consumer.connect();
    await consumer.subscribe({ topic: environment.topicPrefix + feedbackReceived.topic });
    await consumer.run({ eachMessage: () => Promise.resolve() });
    await eventually(() => expect(joins === 1 && fetches > 0).toBe(true));

    const { heartbeat, joinGroup, leaveGroup } = prototype;
    const mend = () => void Object.assign(prototype, { heartbeat, joinGroup });
    closing.push(mend);
    prototype.heartbeat = async function (given) {
      await leaveGroup.call(this, given);
      return heartbeat.call(this, given);
    };
    await new Promise<void>((resolve) => {
      prototype.joinGroup = async function (given) {
        mend();
        const joining = joinGroup.call(this, given);
        broker.cable.cut();
        resolve();
        return joining;
      };
    });
    fetches = 0;
    return { joins: () => joins, fetches: () => fetches };
  }

  it('fetches on in kafkajs, in no group', async () => {
    const { joins, fetches } = await cutOff('out', plainKafka(20), plain.PartitionAssigners.roundRobin, plainBroker);
    await eventually(() => expect(fetches()).toBeGreaterThan(20));
    expect(joins()).toBe(1);
  });

  it('joins again in ours', async () => {
    const member: { isIn?: () => boolean } = {};
    const assigner: kafkajs.PartitionAssigner = (config) => {
      joinAs(config.cluster, member);
      return plain.PartitionAssigners.roundRobin(config);
    };
    const { joins } = await cutOff('in-again', guardedKafka(), assigner, guardedBroker);
    expect(member.isIn?.()).toBe(false);
    await eventually(() => expect(joins()).toBe(2));
    expect(member.isIn?.()).toBe(true);
  });
});

describe('a consumer that is to stop', () => {
  it('leaves its group at once, however long its fetch may wait', async () => {
    const stop = new AbortController();
    const consumer = guardedKafka().consumer({
      groupId: 'leaves',
      maxWaitTimeInMs: 600_000,
      partitionAssigners: [
        (config) => {
          joinAs(config.cluster, { stop: stop.signal });
          return plain.PartitionAssigners.roundRobin(config);
        },
      ],
    });
    let fetches = 0;
    let lastAt = 0;
    consumer.on(consumer.events.FETCH_START, () => {
      fetches += 1;
      lastAt = performance.now();
    });
    await consumer.connect();
    await consumer.subscribe({ topic: environment.topicPrefix + feedbackReceived.topic });
    await consumer.run({ eachMessage: () => Promise.resolve() });
    await eventually(() => expect(fetches > 0 && performance.now() - lastAt > 500).toBe(true));
    stop.abort();
    // the spec's own time-out is what fails without it
    await consumer.stop();
  });

  it('waits for no other member to join again, and is none of the group any more', async () => {
    const groupId = 'left-while-joining';
    const times = { sessionTimeout: 120_000, rebalanceTimeout: 120_000, heartbeatInterval: 200, maxWaitTimeInMs: 100 };
    const { group } = await busyGroup({ ...times, groupId });
    const stop = new AbortController();
    const member = { stop: stop.signal };
    const consumer = guardedKafka().consumer({
      ...{ ...times, groupId },
      partitionAssigners: [
        (config) => {
          joinAs(config.cluster, member);
          return plain.PartitionAssigners.roundRobin(config);
        },
      ],
    });
    await consumer.connect();
    await consumer.subscribe({ topic: environment.topicPrefix + feedbackReceived.topic });
    const running = consumer.run({ eachMessage: () => Promise.resolve() });
    await eventually(async () =>
      expect(await group()).toMatchObject({ state: 'PreparingRebalance', members: [{}, {}] }),
    );
    stop.abort();
    // as above
    await running;
    await consumer.stop();
    expect((await group()).members).toHaveLength(1);
  });
});

describe('a consumer whose broker was away', () => {
  it('has as long to join again as any, from the first answer of its group on', async () => {
    const service = await startStation(
      environment,
      stationOf('patient'),
      [receivedConsumer((events) => events.map(() => ok()))],
      { mode: 'hop', env: { KAFKA_BROKERS: broker.brokers }, times: { deadMs: 14_000 } },
    );
    closing.push(() => service.close());
    const status = async () => (await fetch(`${service.url}/health/ready`)).status;
    await eventually(async () => expect(await status()).toBe(200), { timeoutMs: 20_000 });
    const consumer = service.app.get<{ unwrap(): kafkajs.Consumer }>(SERVICE_TRANSPORT, { strict: false }).unwrap();
    let joins = 0;
    consumer.on(consumer.events.GROUP_JOIN, () => void joins++);
    // a group that keeps waiting: for a member that is gone, say
    // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its own this below
    const join = guardedGroup.prototype.joinAndSync;
    closing.push(() => void (guardedGroup.prototype.joinAndSync = join));
    guardedGroup.prototype.joinAndSync = async function () {
      await pause(9_000);
      await join.call(this);
    };
    // longer than its session
    broker.cable.swallow();
    await pause(7_000);
    broker.cable.mend();
    await eventually(() => expect(joins).toBe(1), { timeoutMs: 40_000 });
  });
});

describe('headers that every object has, and those without a value', () => {
  // what kafkajs makes of them by itself: kafkajs.records.spec.ts
  it('are read as they were sent', async () => {
    const topic = environment.topicPrefix + feedbackReceived.topic;
    const kafka = guardedKafka();
    const producer = kafka.producer({ createPartitioner: () => () => 0 });
    await producer.connect();
    closing.push(() => producer.disconnect());
    const headers = { constructor: 'c', empty: null } as unknown as kafkajs.IHeaders;
    const [sent] = await producer.send({ topic, messages: [{ value: 'v', headers }] });
    const consumer = kafka.consumer({ groupId: 'records' });
    closing.push(() => consumer.disconnect());
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    const read = new Promise<kafkajs.IHeaders>((resolve) => {
      void consumer.run({
        eachMessage: ({ message }) => {
          if (message.offset === sent!.baseOffset) resolve(message.headers!);
          return Promise.resolve();
        },
      });
    });
    expect(Object.entries(await read)).toEqual([
      ['constructor', Buffer.from('c')],
      ['empty', null],
    ]);
  });
});
