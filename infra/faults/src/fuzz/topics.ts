import { randomUUID } from 'node:crypto';
import {
  deadLetterHeaders,
  deadLetterTopic,
  jsonSchemaOf,
  pipeline,
  type EventDeclaration,
  type Station,
} from '@closeloop/contracts';
import { type IHeaders, Kafka, logLevel, type Message, Partitioners, type Producer } from 'kafkajs';
import { type Random } from '../random.js';
import { type Schema, type Values } from './values.js';

const stations: readonly Station[] = Object.values(pipeline);

interface Target {
  readonly topic: string;
  readonly event: EventDeclaration;
  readonly isLetters: boolean;
}

/** Every topic that a service consumes. */
const targets: readonly Target[] = stations
  .flatMap(({ consumes, consumesDeadLettersOf }): Target[] => [
    ...consumes.map((event) => ({ topic: event.topic, event, isLetters: false })),
    ...consumesDeadLettersOf.map((event) => ({ topic: deadLetterTopic(event.topic), event, isLetters: true })),
  ])
  .filter(({ topic }, at, all) => all.findIndex((one) => one.topic === topic) === at);

/** Larger than any topic takes is the broker's to refuse. */
const maxBytes = 900_000;

/** Writes mutated events into every topic that is consumed. */
export class TopicFuzz {
  readonly #kafka: Kafka;
  readonly #producer: Producer;
  sent = 0;

  constructor(
    brokers: string,
    private readonly random: Random,
    private readonly values: Values,
  ) {
    this.#kafka = new Kafka({ clientId: 'closeloop.fuzz', brokers: brokers.split(','), logLevel: logLevel.NOTHING });
    this.#producer = this.#kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  }

  async connect(): Promise<void> {
    await this.#producer.connect();
  }

  async close(): Promise<void> {
    await this.#producer.disconnect();
  }

  /** @throws when the broker does not take them */
  async send(count: number): Promise<void> {
    const byTopic = new Map<string, Message[]>();
    for (let at = 0; at < count; at++) {
      const target = this.random.pick(targets);
      byTopic.set(target.topic, [...(byTopic.get(target.topic) ?? []), this.#message(target)]);
    }
    for (const [topic, messages] of byTopic) {
      // Together they may be larger than one batch may be.
      for (let rest = messages; rest.length > 0;) {
        let bytes = 0;
        const fitting = rest.findIndex(({ value }) => (bytes += value?.length ?? 0) > maxBytes);
        const size = fitting === -1 ? rest.length : Math.max(1, fitting);
        await this.#producer.send({ topic, messages: rest.slice(0, size) });
        rest = rest.slice(size);
      }
    }
    this.sent += count;
  }

  /**
   * Partitions that a group has not read to their end.
   * @returns `group topic/partition: position of end`
   */
  async behind(): Promise<string[]> {
    const admin = this.#kafka.admin();
    await admin.connect();
    try {
      const behind: string[] = [];
      for (const { group, consumes, consumesDeadLettersOf } of stations) {
        const topics = [
          ...consumes.map(({ topic }) => topic),
          ...consumesDeadLettersOf.map(({ topic }) => deadLetterTopic(topic)),
        ];
        for (const { topic, partitions } of await admin.fetchOffsets({ groupId: group, topics })) {
          const ends = new Map((await admin.fetchTopicOffsets(topic)).map((one) => [one.partition, one]));
          for (const { partition, offset } of partitions) {
            const { high, low } = ends.get(partition)!;
            const position = Math.max(Number(offset), Number(low));
            if (position < Number(high)) behind.push(`${group} ${topic}/${partition}: ${position} of ${high}`);
          }
        }
      }
      return behind;
    } finally {
      await admin.disconnect();
    }
  }

  #message({ event, isLetters }: Target): Message {
    const { random, values } = this;
    const schema = jsonSchemaOf(event.data) as Schema & { $defs?: Record<string, Schema> };
    let data = values.of(schema, (ref) => schema.$defs?.[ref.split('/').at(-1) ?? '']);
    for (let times = random.int(0, 2); times > 0; times--) data = values.mutated(data);
    let value: Buffer | null = Buffer.from(values.text(data), 'utf8');
    if (random.chance(0.1)) value = values.bytes(value);
    if (random.chance(0.02)) value = null;
    if (random.chance(0.02)) value = Buffer.alloc(0);
    const headers: Record<string, string | Buffer | (string | Buffer)[] | undefined> = {
      ce_id: randomUUID(),
      ce_type: event.topic,
      ce_source: 'closeloop/fuzz',
      ce_time: new Date().toISOString(),
      ce_subject: values.uuid(),
      ce_specversion: '1.0',
      'content-type': 'application/json',
    };
    if (isLetters) {
      for (const name of Object.values(deadLetterHeaders))
        headers[name] = String(values.of({ type: 'string' }, () => undefined));
      headers[deadLetterHeaders.id] = values.uuid();
      headers[deadLetterHeaders.group] = random.pick(stations).group;
      headers[deadLetterHeaders.topic] = event.topic;
      headers[deadLetterHeaders.partition] = String(random.int(0, 5));
      headers[deadLetterHeaders.offset] = String(random.int(0, 1e9));
      headers[deadLetterHeaders.reason] = random.pick(['invalid-json', 'handler-error', 'x']);
      headers[deadLetterHeaders.time] = new Date().toISOString();
      headers[deadLetterHeaders.attempts] = '1';
    }
    for (let times = random.int(0, 3); times > 0; times--) {
      const name = random.chance(0.75)
        ? random.pick(Object.keys(headers))
        : random.pick([
            'traceparent',
            'replay_group',
            'closeloop_resend',
            'closeloop_trail',
            '__proto__',
            '',
            'x'.repeat(300),
          ]);
      const junk = values.junk();
      const text = (typeof junk === 'string' ? junk : (JSON.stringify(junk) ?? '')).slice(0, 20_000);
      // `__proto__: x` in a literal is the prototype; so is an assignment.
      Object.defineProperty(headers, name, {
        value: random.pick<string | Buffer | (string | Buffer)[] | undefined>([
          text,
          Buffer.from([0xff, 0xfe, 0, 0x80]),
          [text, 'two'],
          Buffer.alloc(0),
          undefined,
        ]),
        enumerable: true,
        configurable: true,
        writable: true,
      });
    }
    for (const [name, given] of Object.entries(headers)) if (given === undefined) delete headers[name];
    const key = random.chance(0.1) ? null : random.chance(0.1) ? Buffer.from([0xff, 0, 0xfe]) : values.uuid();
    if (value !== null && value.length > maxBytes) value = value.subarray(0, maxBytes);
    return { key, value, headers: headers as IHeaders };
  }
}
