import { type EventDeclaration } from '@closeloop/contracts';
import { describeError, type Env, loadConfig } from '@closeloop/platform';
import { randomUUID } from 'node:crypto';
import { decoderOf } from './cloud-event.js';
import { type IncomingEvent } from './incoming.js';
import { adminOf, kafkaClient } from './kafka.client.js';
import { KafkaConfig } from './kafka.config.js';

/** Most events that are handed over at once. */
const maxEvents = 1_000;
/** Silence after which the reading is given up. */
const silenceMs = 60_000;

/**
 * Reads an event's topic from a time on as far as it goes now, beside every consumer: nobody's position moves. In the order of each
 * partition; what cannot be read is left out.
 * @param service whose configuration and name it is
 * @param from by the time of sending
 * @param handle awaited before the next events of its partition come
 * @throws when Kafka cannot be reached, is silent for a minute, or what `handle` throws
 */
export async function readLog<T extends object>(
  env: Env,
  service: string,
  event: EventDeclaration<T>,
  from: Date,
  handle: (events: readonly IncomingEvent<T>[]) => Promise<void>,
): Promise<{ readonly events: number; readonly unreadable: number }> {
  const config = loadConfig(KafkaConfig, env, service);
  const withAdmin = adminOf(config, `closeloop.${service}.log`);
  const topic = config.prefix + event.topic;
  const groupId = `${config.prefix}closeloop.${service}.log.${randomUUID()}`;
  const read = { events: 0, unreadable: 0 };

  // Where each partition ends now, if something is in it from then on; the group's positions say where it begins.
  const ends = await withAdmin(async (admin) => {
    const [high, begin] = [
      await admin.fetchTopicOffsets(topic),
      await admin.fetchTopicOffsetsByTimestamp(topic, from.getTime()),
    ];
    const first = new Map(begin.map(({ partition, offset }) => [partition, offset]));
    const open = high.filter(({ partition, high: end }) => BigInt(first.get(partition) ?? end) < BigInt(end));
    if (open.length > 0) {
      await admin.setOffsets({
        groupId,
        topic,
        partitions: high.map(({ partition, high: end }) => ({ partition, offset: first.get(partition) ?? end })),
      });
    }
    return new Map(open.map(({ partition, high: end }) => [partition, BigInt(end)]));
  });
  if (ends.size === 0) return read;

  const { kafka, hangUp } = kafkaClient(config, `closeloop.${service}.log`);
  const consumer = kafka.consumer({ groupId, allowAutoTopicCreation: false, maxWaitTimeInMs: 250 });
  const decode = decoderOf(event, groupId);
  try {
    await new Promise<void>((resolve, reject) => {
      const { CRASH } = consumer.events;
      let heard = performance.now();
      const watch = setInterval(() => {
        if (performance.now() - heard > silenceMs) reject(new Error(`Kafka has been silent for too long`));
      }, 1_000);
      const end = (settle: () => void): void => {
        clearInterval(watch);
        settle();
      };
      consumer.on(CRASH, ({ payload }) => {
        if (!payload.restart) end(() => reject(payload.error));
      });
      const run = async (): Promise<void> => {
        await consumer.connect();
        await consumer.subscribe({ topics: [topic] });
        await consumer.run({
          autoCommit: false,
          eachBatch: async (payload) => {
            const { batch } = payload;
            heard = performance.now();
            const upTo = ends.get(batch.partition);
            if (upTo === undefined) return;
            const events: IncomingEvent<T>[] = [];
            for (const message of batch.messages) {
              if (BigInt(message.offset) >= upTo) break;
              const decoded = decode(message, batch.partition);
              if (decoded.kind === 'event') events.push(decoded.event as IncomingEvent<T>);
              else if (decoded.kind === 'dead-letter') read.unreadable++;
            }
            try {
              for (let at = 0; at < events.length; at += maxEvents) {
                await handle(events.slice(at, at + maxEvents));
                await payload.heartbeat();
              }
            } catch (error) {
              // kafkajs would try it again; it is the caller's to judge
              end(() => reject(error instanceof Error ? error : new Error(describeError(error))));
              return;
            }
            read.events += events.length;
            if (BigInt(batch.lastOffset()) + 1n < upTo) return;
            ends.delete(batch.partition);
            if (ends.size === 0) end(resolve);
          },
        });
      };
      run().catch((error: unknown) => end(() => reject(error as Error)));
    });
    return read;
  } finally {
    await consumer.disconnect().catch(() => undefined);
    hangUp();
    await withAdmin((admin) => admin.deleteGroups([groupId])).catch(() => undefined);
  }
}
