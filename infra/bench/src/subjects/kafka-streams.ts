import { kafkaStreamsCommand } from '../baselines/kafka-streams.js';
import { makeJourneyTopics, startBaseline } from './baseline.js';
import { type Subject, type SubjectName } from './subject.js';

const hops = ['sentiment', 'routing'] as const;

/** The two middle hops as two Kafka Streams applications, a JVM each. */
const kafkaStreams = (name: SubjectName, guarantee: 'exactly_once_v2' | 'at_least_once'): Subject => ({
  name,
  async missing() {
    const built = await kafkaStreamsCommand('sentiment');
    return 'missing' in built ? built.missing : undefined;
  },
  async start(place) {
    await makeJourneyTopics(place);
    const programs = await Promise.all(
      hops.map(async (hop) => {
        const built = await kafkaStreamsCommand(hop);
        if ('missing' in built) throw new Error(built.missing);
        return { name: hop, ...built, env: { PROCESSING_GUARANTEE: guarantee } };
      }),
    );
    return startBaseline(place, programs, { loopDatabase: '', derivedIds: false });
  },
});

export const exactlyOnce = kafkaStreams('kafka-streams-exactly-once', 'exactly_once_v2');
export const atLeastOnce = kafkaStreams('kafka-streams-at-least-once', 'at_least_once');
