import { joined, kafka, producerOf, topicOf } from './kafka.js';
import { required } from './program.js';

/** A bare hop: consume, parse, add something, stringify, send, commit. @returns what stops it */
export async function startHop<In, Out>(
  from: string,
  to: string,
  change: (data: In) => Out,
): Promise<() => Promise<void>> {
  const client = kafka();
  const producer = producerOf(client);
  // what is read grows on its way out, and must fit into the broker's 1 MiB
  const consumer = client.consumer({ groupId: required('GROUP_ID'), maxBytesPerPartition: 256 * 1024 });
  await Promise.all([producer.connect(), consumer.connect()]);
  await consumer.subscribe({ topics: [topicOf(from)], fromBeginning: true });
  const topic = topicOf(to);
  await joined(consumer, () =>
    consumer.run({
      // while one partition's batch waits for its acknowledgement, the others are worked on
      partitionsConsumedConcurrently: 3,
      eachBatch: async ({ batch }) => {
        const messages = batch.messages.map(({ key, value }) => ({
          key,
          value: JSON.stringify(change(JSON.parse(value!.toString()) as In)),
        }));
        await producer.send({ topic, messages });
      },
    }),
  );
  return async () => {
    await consumer.disconnect();
    await producer.disconnect();
  };
}
