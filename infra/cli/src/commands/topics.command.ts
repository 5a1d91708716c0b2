import { readWords, type Command } from '../command.js';
import { connections } from '../connections.js';

export const topics: Command = {
  name: 'topics',
  summary: "Kafka's topics, as the contracts declare them",
  help: `npx closeloop topics

Makes the topics that are not there; tells of each that was made, and of those with fewer partitions than asked for.
KAFKA_BROKERS says where, KAFKA_PARTITIONS and KAFKA_REPLICATION how; see libs/messaging.

  KAFKA_BROKERS=kafka-1:9092,kafka-2:9092 KAFKA_PARTITIONS=12 npx closeloop topics
`,
  async run(words, surroundings) {
    readWords(words, {});
    // Loaded where it is needed: half of what this command would take to start.
    const { createTopics } = await import('@closeloop/messaging');
    for (const line of await createTopics(await connections(surroundings, 'KAFKA_BROKERS')))
      surroundings.out(`${line}\n`);
    return 0;
  },
};
