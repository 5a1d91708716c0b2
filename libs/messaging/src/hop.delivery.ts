import { type Admin } from 'kafkajs';
import { type BatchProducer } from './batch-producer.js';
import {
  Alarm,
  type BatchHandler,
  type Delivery,
  type LogRange,
  outcomesOf,
  type OutcomeCounts,
  type Part,
  placeOf,
  withinLog,
} from './batch.js';
import { EventTooLarge } from './cloud-event.js';
import { deadLetterOf } from './dead-letter.js';
import { type Emitter } from './emitter.js';
import { type OutgoingEvent } from './outcome.js';
import { EventError } from './whose-error.js';
import { type WireMessage } from './wire.js';

/**
 * A stateless step: handle, send, wait for the acknowledgement; the position is Kafka's, committed after that. What is done twice is
 * harmless, because ids are derived.
 */
export class HopDelivery implements Delivery {
  constructor(
    private readonly group: string,
    private readonly prefix: string,
    private readonly emitter: Emitter,
    private readonly producer: BatchProducer,
    private readonly withAdmin: <T>(use: (admin: Admin) => Promise<T>) => Promise<T>,
  ) {}

  async apply(part: Part, handler: BatchHandler): Promise<OutcomeCounts> {
    const outcomes = await outcomesOf(part, handler);
    const counts = { ok: 0, drop: 0, skip: 0, 'dead-letter': 0 };
    const messages: WireMessage[] = [];
    const place = { group: this.group, cluster: part.cluster, topic: part.topic, partition: part.partition };
    let at = 0;
    for (const item of part.items) {
      if (item.kind === 'skip') {
        counts.skip++;
        continue;
      }
      if (item.kind === 'dead-letter') {
        counts['dead-letter']++;
        messages.push(deadLetterOf(item.message, place, item.failure, new Date()));
        continue;
      }
      const outcome = outcomes[at++]!;
      const emitted = outcome.kind === 'ok' ? this.#encode(outcome.emit, item.payload.headers['traceparent']) : outcome;
      switch (emitted.kind) {
        case 'encoded':
          counts.ok++;
          for (const message of emitted.messages) messages.push(message);
          break;
        case 'dead-letter':
          counts['dead-letter']++;
          messages.push(deadLetterOf(item.message, place, { ...emitted, attempts: 1 }, new Date()));
          break;
        case 'drop':
          throw new EventError(`a hop may not drop what was accepted: ${emitted.reason}`);
      }
    }
    await this.producer.send(messages);
    return counts;
  }

  #encode(emit: readonly OutgoingEvent[], traceparent: string | undefined) {
    try {
      return { kind: 'encoded' as const, messages: emit.map((event) => this.emitter.encode(event, traceparent)) };
    } catch (error) {
      if (!(error instanceof EventTooLarge)) throw error;
      return { kind: 'dead-letter' as const, reason: 'too-large' as const, message: error.message };
    }
  }

  async positions(_cluster: string, ranges: readonly LogRange[]): Promise<Map<string, bigint | Alarm>> {
    const topics = [...new Set(ranges.map(({ topic }) => topic))];
    const committed = new Map<string, bigint>();
    await this.withAdmin(async (admin) => {
      const given = await admin.fetchOffsets({
        groupId: this.prefix + this.group,
        topics: topics.map((topic) => this.prefix + topic),
      });
      for (const { topic, partitions } of given) {
        for (const { partition, offset } of partitions) {
          committed.set(placeOf(topic.slice(this.prefix.length), partition), BigInt(offset));
        }
      }
    });
    return new Map(
      ranges.map((range) => {
        const place = placeOf(range.topic, range.partition);
        const offset = committed.get(place) ?? -1n;
        if (offset === -1n) return [place, range.low];
        // What kafkajs commits when it resets an offset by itself.
        if (offset < 0n) return [place, new Alarm(`the position of ${place} was reset when it lay outside of the log`)];
        return [place, withinLog(offset, range)];
      }),
    );
  }
}
