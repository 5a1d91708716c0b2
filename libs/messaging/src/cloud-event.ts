import {
  type EventDeclaration,
  feedbackInbound,
  forbiddenCharacters,
  replayGroupHeader,
  resendHeader,
  validatorOf,
  type DeadLetterReason,
  type Validator,
} from '@closeloop/contracts';
import { type KafkaMessage } from 'kafkajs';
import { isUtf8 } from 'node:buffer';
import { type IncomingEvent } from './incoming.js';
import { ReadRecord } from './kafkajs.records.js';
import { type OutgoingEvent } from './outcome.js';
import { EventError } from './whose-error.js';
import { maxValueBytesOf } from './topics.js';
import { textHeaders, type WireHeaders, type WireMessage } from './wire.js';

/** What came off a topic: an event, one meant for another group, or what is wrong with it. */
export type Decoded =
  | { readonly kind: 'event'; readonly event: IncomingEvent<unknown> }
  | { readonly kind: 'skip' }
  | { readonly kind: 'dead-letter'; readonly reason: DeadLetterReason; readonly message: string };

export type Decoder = (message: KafkaMessage, partition: number) => Decoded;

const wrong = (reason: DeadLetterReason, message: string): Decoded => ({ kind: 'dead-letter', reason, message });

/** Reads CloudEvents 1.0 in Kafka's binary mode, of one declaration, for one group. */
export function decoderOf(declaration: EventDeclaration, group: string): Decoder {
  // What others offer is held to the letter; our own events may have grown fields that this service does not know yet.
  const unknownProperties = declaration.topic === feedbackInbound.topic ? 'refuse' : 'ignore';
  const validate: Validator = validatorOf(declaration.data, { unknownProperties });
  const maxBytes = maxValueBytesOf(declaration);

  return (message, partition) => {
    const headers = message instanceof ReadRecord ? message.textHeaders() : textHeaders(message.headers);
    const replayGroup = headers[replayGroupHeader];
    if (replayGroup !== undefined && replayGroup !== group) return { kind: 'skip' };
    const { ce_type: type, ce_id: id, ce_source: source, ce_specversion: specversion } = headers;
    if (type !== declaration.topic)
      return wrong('unknown-type', `ce_type is ${quoted(type)}, not ${declaration.topic}`);
    if (specversion !== '1.0') return wrong('unknown-type', `ce_specversion is ${quoted(specversion)}, not 1.0`);
    if (!id) return wrong('invalid-schema', 'the header ce_id is missing');
    if (!source) return wrong('invalid-schema', 'the header ce_source is missing');
    const { value } = message;
    if (value === null) return wrong('invalid-json', 'there is no value');
    if (value.length > maxBytes) return wrong('too-large', `${value.length} bytes, at most ${maxBytes}`);
    if (!isUtf8(value)) return wrong('invalid-json', 'the value is not UTF-8');
    const text = value.toString('utf8');
    let data: unknown;
    try {
      data = JSON.parse(text);
    } catch {
      // The parser's own message quotes the text, which may be a customer's.
      return wrong('invalid-json', 'the value is not JSON');
    }
    // NUL and a lone surrogate can stand in well-formed UTF-8 JSON as escapes only.
    const forbidden = text.includes('\\u') ? forbiddenCharacters(data) : undefined;
    if (forbidden) return wrong('forbidden-characters', `${forbidden.pointer || '/'}: ${forbidden.message}`);
    const violations = validate(data);
    if (violations) {
      const told = violations.slice(0, 10).map(({ pointer, message: what }) => `${pointer || '/'}: ${what}`);
      return wrong('invalid-schema', told.join('; '));
    }
    const replayed = replayGroup !== undefined || headers[resendHeader] !== undefined;
    const event = new DecodedEvent(declaration.topic, partition, message, headers, data, replayed);
    return { kind: 'event', event };
  };
}

/** Of a CloudEvent that was found valid. What lives as long as a batch is in hand is copied by each collection: its bytes are cut out when they are asked for. */
class DecodedEvent implements IncomingEvent<unknown> {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly subject: string;
  readonly time: string;
  readonly key: string | null;
  readonly offset: string;
  readonly #message: KafkaMessage;

  constructor(
    readonly topic: string,
    readonly partition: number,
    message: KafkaMessage,
    readonly headers: Readonly<Record<string, string>>,
    readonly data: unknown,
    readonly replayed: boolean,
  ) {
    this.id = headers['ce_id']!;
    this.type = headers['ce_type']!;
    this.source = headers['ce_source']!;
    this.subject = headers['ce_subject'] ?? '';
    this.time = headers['ce_time'] ?? new Date(Number(message.timestamp)).toISOString();
    this.key = message.key === null ? null : message.key.toString('utf8');
    this.offset = message.offset;
    this.#message = message;
  }

  get json(): Buffer {
    return this.#message.value!;
  }
}

const quoted = (text: string | undefined): string =>
  text === undefined ? 'missing' : JSON.stringify(text.slice(0, 100));

/** An event would be larger than its topic takes. */
export class EventTooLarge extends EventError {
  override readonly name = 'EventTooLarge';
}

/**
 * The message of an event.
 * @param source ce_source, `closeloop/<service>`
 * @param carried headers beside its own
 * @throws EventTooLarge; TypeError for data that is no JSON
 */
export function encodeEvent(
  { event, id, subject, data, json, time, traceparent }: OutgoingEvent,
  source: string,
  carried?: WireHeaders,
): WireMessage {
  const value = json ?? Buffer.from(JSON.stringify(data), 'utf8');
  const maxBytes = maxValueBytesOf(event);
  if (value.length > maxBytes) {
    throw new EventTooLarge(`${event.topic} ${id} would have ${value.length} bytes, at most ${maxBytes}`);
  }
  return {
    topic: event.topic,
    key: Buffer.from(event.key(data), 'utf8'),
    value,
    headers: {
      // the first one: by it the outbox knows the row of a message
      ce_id: id,
      ...carried,
      ...(traceparent !== undefined && { traceparent }),
      ce_type: event.topic,
      ce_source: source,
      ce_time: time ?? new Date().toISOString(),
      ce_subject: subject,
      ce_specversion: '1.0',
      'content-type': 'application/json',
    },
  };
}
