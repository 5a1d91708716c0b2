import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { deadLetterHeaders, deadLetterTopic, pipeline } from '@closeloop/contracts';
import { Kafka, logLevel } from 'kafkajs';
import { type Ask, type Letter, type Told } from './poisoner.js';
import { malformedBodies, poisons, twoMegabytes } from './poisons.js';

/** The program of a `Poisoner`: does what it is asked for over IPC, and watches the topics of dead letters. */
const idHeader = 'faults_poison';
const [brokers, topics] = process.argv.slice(2).map((word) => word.split(',')) as [string[], string[]];

const kafka = new Kafka({ clientId: 'closeloop.faults', brokers, logLevel: logLevel.NOTHING });
const producer = kafka.producer({ allowAutoTopicCreation: false });
const sent = new Map<string, { topic: string; poison: string; at: number; seen?: number }>();

async function watchLetters(): Promise<void> {
  const consumer = kafka.consumer({ groupId: `faults-${randomUUID()}`, sessionTimeout: 30_000 });
  await consumer.connect();
  await consumer.subscribe({ topics: topics.map(deadLetterTopic) });
  const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
  await consumer.run({
    autoCommit: false,
    eachMessage: ({ message }) => {
      const one = sent.get(message.headers?.[idHeader]?.toString() ?? '');
      // What those beside the way put aside is nobody's end; the other group's letter is awaited.
      const group = message.headers?.[deadLetterHeaders.group]?.toString();
      const counts = ![pipeline.learning.group, pipeline.rehearsal.group, pipeline.insights.group].some(
        (beside) => beside === group,
      );
      if (one && counts) one.seen ??= performance.now();
      return Promise.resolve();
    },
  });
  await joined;
  // The positions are asked for when it has joined; what comes before them would be missed.
  await sleep(1000);
}

async function send(topic: string, poison: string, value: string, type = topic): Promise<void> {
  const id = randomUUID();
  const at = performance.now();
  const headers = {
    [idHeader]: id,
    ce_specversion: '1.0',
    ce_id: id,
    ce_type: type,
    ce_source: '/faults/poison',
    'content-type': 'application/json',
  };
  // Before it is acknowledged its letter may be there.
  sent.set(id, { topic, poison, at });
  try {
    await producer.send({ topic, acks: -1, messages: [{ key: `poison-${id}`, value, headers }] });
  } catch (error) {
    sent.delete(id);
    throw error;
  }
}

const refusal = (url: string, key: string, body: string): Promise<string> =>
  fetch(`${url}/v1/feedback`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body,
    signal: AbortSignal.timeout(10_000),
  }).then(
    async (answer) => (await answer.body?.cancel(), String(answer.status)),
    (error: Error) => error.message,
  );

async function does(ask: Ask): Promise<unknown> {
  switch (ask.what) {
    case 'poison': {
      const { value, type } = poisons[ask.poison] as { value: string; type?: string };
      return send(ask.topic, ask.poison, value, type);
    }
    case 'two-megabytes':
      return send(ask.topic, '2 MB', twoMegabytes).then(
        () => true,
        () => false,
      );
    case 'malformed':
      return refusal(ask.url, ask.key, malformedBodies[ask.body]!);
    case 'letters':
      return [...sent.values()].map(({ topic, poison, at, seen }): Letter => ({
        topic,
        poison,
        seconds: seen === undefined ? null : (seen - at) / 1000,
      }));
  }
}

process.on('message', (ask: Ask & { no: number }) => {
  void does(ask).then(
    (result) => process.send!({ no: ask.no, result } satisfies Told),
    (error: Error) => process.send!({ no: ask.no, error: error.message } satisfies Told),
  );
});
// It lives as long as who asks.
process.on('disconnect', () => process.exit(0));

await Promise.all([watchLetters(), producer.connect()]);
process.send!({ no: 0, result: undefined } satisfies Told);
