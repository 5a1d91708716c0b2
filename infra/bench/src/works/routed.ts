import { feedbackReceived, feedbackRouted } from '@closeloop/contracts';
import { type Message } from 'kafkajs';
import { layDown, Reading, receivedMessages } from '../load/kafka.js';
import { ours } from '../subjects/ours.js';
import { type Place } from '../subjects/subject.js';
import { untilCounted } from './measure.js';

/** What our own hops make of so many events, in any order: the loop services' load is what it gets in production. */
export async function routedBy(place: Place, texts: readonly string[], count: number): Promise<Message[]> {
  const { stores, topicPrefix } = place;
  const running = await ours.start(place, ['sentiment', 'routing']);
  const reading = await Reading.start(stores.kafka, topicPrefix + feedbackRouted.topic, true);
  try {
    await layDown(stores.kafka, topicPrefix + feedbackReceived.topic, receivedMessages(texts, 'loop', count));
    await untilCounted(running, count, () => Promise.resolve(reading.count));
    // they came partition by partition, and some of them twice; by their keys they are mixed again
    const each = [...new Map(reading.messages.map((message) => [String(message.key), message])).values()];
    return each.sort((a, b) => String(a.key).localeCompare(String(b.key))).slice(0, count);
  } finally {
    await reading.stop();
    await running.stop();
    await stores.drop(topicPrefix, place.databasePrefix);
  }
}
