import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type ProducerBatch } from 'kafkajs';
import { type Acknowledgement, BatchProducer, type Connection } from './batch-producer.js';
import { partitionOf } from './murmur2.js';
import { type WireMessage } from './wire.js';

const partitions = 4;

interface Attempt {
  readonly connection: number;
  readonly batch: ProducerBatch;
  answer(): void;
  fail(error: Error): void;
  /** Resolves, as kafkajs does, with only some partitions acknowledged */
  answerOnly(partition: number): void;
}

/** A broker that answers when it is told to, and counts how many sends are under way at once. */
function fakeBroker() {
  const attempts: Attempt[] = [];
  let connections = 0;
  let open = 0;
  let most = 0;
  const closed: number[] = [];
  const connect = (): Promise<Connection> => {
    const connection = ++connections;
    return Promise.resolve({
      send: (batch) =>
        new Promise<Acknowledgement[]>((resolve, reject) => {
          most = Math.max(most, ++open);
          const all = batch.topicMessages!.flatMap(({ topic, messages }) =>
            messages.map(({ partition }) => ({ topicName: topic, partition: partition!, errorCode: 0 })),
          );
          attempts.push({
            connection,
            batch,
            answer: () => (open--, resolve(all)),
            answerOnly: (only) => (open--, resolve(all.filter(({ partition }) => partition === only))),
            fail: (error) => (open--, reject(error)),
          });
        }),
      close: () => (closed.push(connection), Promise.resolve()),
    });
  };
  const producer = new BatchProducer(connect, () => Promise.resolve(partitions), 'p.');
  return { producer, attempts, closed, mostAtOnce: () => most, connections: () => connections };
}

const message = (value: string, size = 0): WireMessage => ({
  topic: 't',
  key: Buffer.from(value),
  value: Buffer.concat([Buffer.from(value), Buffer.alloc(size)]),
  headers: {},
});
const turn = () => new Promise((resolve) => setImmediate(resolve));
const valuesOf = ({ batch }: Attempt) =>
  batch.topicMessages!.flatMap(({ messages }) => messages.map(({ value }) => value!.toString().replace(/\0/g, '')));

describe('a batch producer', () => {
  it('has one send outstanding; what is asked for meanwhile goes together in the next, in order', async () => {
    const { producer, attempts, mostAtOnce } = fakeBroker();
    const first = producer.send([message('a')]);
    await turn();
    const rest = ['b', 'c', 'd'].map((value) => producer.send([message(value)]));
    await turn();
    expect(attempts.map(valuesOf)).toEqual([['a']]);
    attempts[0]!.answer();
    await first;
    await turn();
    expect(attempts.map(valuesOf)).toEqual([['a'], ['b', 'c', 'd']]);
    attempts[1]!.answer();
    await Promise.all(rest);
    expect(mostAtOnce()).toBe(1);
  });

  it('asks all in-sync replicas, under the prefix, and names the partition of each key itself', async () => {
    const { producer, attempts } = fakeBroker();
    void producer.send([message('key'), { ...message('x'), key: null }]);
    await turn();
    expect(attempts[0]!.batch).toMatchObject({
      acks: -1,
      topicMessages: [
        {
          topic: 'p.t',
          messages: [{ partition: partitionOf(Buffer.from('key'), partitions) }, { partition: 0, key: null }],
        },
      ],
    });
  });

  it('rejects what cannot be sent at all, and goes on', async () => {
    const { producer, attempts } = fakeBroker();
    const broken = { ...message('a'), headers: { odd: [{}] } } as unknown as WireMessage;
    await expect(producer.send([broken])).rejects.toThrow(/must be of type string/);
    const sent = producer.send([message('b')]);
    await turn();
    attempts[0]!.answer();
    await sent;
  });

  it('resolves only when the acknowledgement is there', async () => {
    const { producer, attempts } = fakeBroker();
    let done = false;
    const sent = producer.send([message('a')]).then(() => (done = true));
    await turn();
    expect(done).toBe(false);
    attempts[0]!.answer();
    await sent;
    expect(done).toBe(true);
  });

  it('after a failure rejects all that waits, so that nothing overtakes, and goes on with a new producer id', async () => {
    const { producer, attempts, closed, connections } = fakeBroker();
    const first = producer.send([message('a')]);
    await turn();
    const second = producer.send([message('b')]);
    const failure = new Error('no answer');
    const rejections = [first, second].map((sent) => expect(sent).rejects.toBe(failure));
    attempts[0]!.fail(failure);
    await Promise.all(rejections);
    const again = producer.send([message('a'), message('b')]);
    await turn();
    expect(attempts.map(valuesOf)).toEqual([['a'], ['a', 'b']]);
    // With the old one's sequence numbers the broker might take the next for a duplicate.
    expect(connections()).toBe(2);
    expect(closed).toEqual([1]);
    attempts[1]!.answer();
    await again;
  });

  it('takes a partition that nobody acknowledged for a failure', async () => {
    const { producer, attempts } = fakeBroker();
    const keys = ['k1', 'k2', 'k3', 'k4', 'k5', 'k6'];
    const places = keys.map((key) => partitionOf(Buffer.from(key), partitions));
    expect(new Set(places).size).toBeGreaterThan(1);
    const sent = producer.send(keys.map((key) => message(key)));
    await turn();
    attempts[0]!.answerOnly(places[0]!);
    await expect(sent).rejects.toThrow('no acknowledgement from p.t/');
  });

  it('bounds what goes at once, and sends all, once each, in order, whatever the sizes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.integer({ min: 0, max: 500_000 }), { maxLength: 4 }), { maxLength: 5 }),
        async (requests) => {
          const { producer, attempts, mostAtOnce } = fakeBroker();
          let number = 0;
          const expected: string[] = [];
          const sent = requests.map((sizes) =>
            producer.send(
              sizes.map((size) => {
                expected.push(`m${number}`);
                return message(`m${number++}`, size);
              }),
            ),
          );
          let done = false;
          const all = Promise.all(sent).then(() => (done = true));
          for (let answered = 0; !done;) {
            await turn();
            if (answered < attempts.length) attempts[answered++]!.answer();
          }
          await all;
          expect(attempts.flatMap(valuesOf)).toEqual(expected);
          expect(mostAtOnce()).toBeLessThanOrEqual(1);
          for (const { batch } of attempts) {
            const sizes = batch.topicMessages!.flatMap(({ messages }) => messages.map(({ value }) => value!.length));
            if (sizes.length > 1) expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(1024 * 1024);
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  it('finishes what was asked for when it is closed, and takes no more', async () => {
    const { producer, attempts, closed } = fakeBroker();
    const sent = producer.send([message('a')]);
    await turn();
    const closing = producer.close();
    await expect(producer.send([message('b')])).rejects.toThrow('closed');
    expect(closed).toEqual([]);
    attempts[0]!.answer();
    await Promise.all([sent, closing]);
    expect(closed).toEqual([1]);
  });
});
