import { expect, it, jest } from '@jest/globals';
import { feedbackReceived } from '@closeloop/contracts';
import { eventually, type TestEnvironment } from '@closeloop/testing';
import { Kafka, logLevel } from 'kafkajs';
import { connect, type Socket } from 'node:net';
import { BatchProducer, kafkaConnection } from './batch-producer.js';
import { kafkaEnvironment } from './service.fixture.js';

jest.setTimeout(60_000);

it('loses nothing that was acknowledged, and keeps each sender’s order, while every connection is cut again and again', async () => {
  const environment: TestEnvironment = await kafkaEnvironment();
  const sockets = new Set<Socket>();
  const kafka = new Kafka({
    clientId: 'cut',
    brokers: environment.env['KAFKA_BROKERS']!.split(','),
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 20, maxRetryTime: 100, retries: 8 },
    socketFactory: ({ host, port, onConnect }) => {
      const socket = connect({ host, port, noDelay: true }, onConnect);
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      return socket;
    },
  });
  const producer = new BatchProducer(
    kafkaConnection(() => ({ kafka, hangUp: () => undefined })),
    () => Promise.resolve(2),
    environment.topicPrefix,
  );
  let cuts = 0;
  const cutting = setInterval(() => {
    for (const socket of sockets) {
      socket.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
    }
    cuts++;
  }, 150);
  try {
    const recorder = await environment.record(feedbackReceived.topic);
    const senders = 8;
    const each = 150;
    await Promise.all(
      Array.from({ length: senders }, async (_, sender) => {
        for (let number = 0; number < each; number++) {
          const message = {
            topic: feedbackReceived.topic,
            key: Buffer.from(`sender ${sender}`),
            value: Buffer.from(`${sender}:${number}`),
            headers: {},
          };
          const refused = () =>
            producer.send([message]).then(
              () => false,
              () => true,
            );
          while (await refused()) await new Promise((resolve) => setTimeout(resolve, 20));
        }
      }),
    );
    clearInterval(cutting);
    await eventually(() => {
      const values = recorder.messages.map(({ value }) => value.toString());
      for (let sender = 0; sender < senders; sender++) {
        // Sent twice is normal; missing, or for the first time after a later one, is not.
        const first = [...new Set(values.filter((value) => value.startsWith(`${sender}:`)))];
        expect(first).toEqual(Array.from({ length: each }, (_, number) => `${sender}:${number}`));
      }
    });
    expect(cuts).toBeGreaterThan(3);
  } finally {
    clearInterval(cutting);
    await producer.close();
    await environment.close();
  }
});
