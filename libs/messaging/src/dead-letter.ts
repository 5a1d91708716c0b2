import { deadLetterHeaders, deadLetterTopic, deriveId, sha256, type DeadLetterReason } from '@closeloop/contracts';
import { type KafkaMessage } from 'kafkajs';
import { type IncomingDeadLetter } from './incoming.js';
import { sentHeaders, textHeaders, type WireMessage } from './wire.js';

const maxStackBytes = 8 * 1024;
const maxMessageBytes = 2 * 1024;

/** Where a message stood. */
export interface Place {
  /** Without the environment's prefix, as is the topic */
  readonly group: string;
  readonly cluster: string;
  readonly topic: string;
  readonly partition: number;
}

export interface Failure {
  readonly reason: DeadLetterReason;
  readonly message: string;
  readonly stack?: string;
  /** How often it was handed to the handler */
  readonly attempts: number;
}

/** At most so many bytes of UTF-8, cut between characters. */
function cut(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= maxBytes) return text;
  let end = maxBytes;
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end--;
  return bytes.toString('utf8', 0, end);
}

/** The dead letter of a message: key, value and headers as they were, and why and where. The same failure has the same id. */
export function deadLetterOf(message: KafkaMessage, place: Place, failure: Failure, at: Date): WireMessage {
  const { group, cluster, topic, partition } = place;
  const hash = sha256(message.value ?? Buffer.alloc(0));
  const headers = sentHeaders(message.headers);
  // A letter that was replayed and failed again has those of its first death.
  for (const header of Object.values(deadLetterHeaders)) delete headers[header];
  return {
    topic: deadLetterTopic(topic),
    key: message.key,
    value: message.value,
    headers: {
      ...headers,
      [deadLetterHeaders.id]: deriveId(group, cluster, topic, String(partition), message.offset, hash),
      [deadLetterHeaders.group]: group,
      [deadLetterHeaders.topic]: topic,
      [deadLetterHeaders.partition]: String(partition),
      [deadLetterHeaders.offset]: message.offset,
      [deadLetterHeaders.reason]: failure.reason,
      [deadLetterHeaders.message]: cut(failure.message, maxMessageBytes),
      ...(failure.stack !== undefined && { [deadLetterHeaders.stack]: cut(failure.stack, maxStackBytes) }),
      [deadLetterHeaders.attempts]: String(failure.attempts),
      [deadLetterHeaders.time]: at.toISOString(),
    },
  };
}

/** Never fails: what cannot be read is handed over as it is. */
export function readDeadLetter(message: KafkaMessage, topic: string, partition: number): IncomingDeadLetter {
  const text = textHeaders(message.headers);
  // Anybody may write a letter, and one that cannot be stored holds up all behind it: there is no dead letter of a dead letter.
  const read = (name: keyof typeof deadLetterHeaders): string =>
    (text[deadLetterHeaders[name]] ?? '').replaceAll('\0', '\ufffd');
  const whole = (name: keyof typeof deadLetterHeaders, otherwise: number, digits = 9): number =>
    new RegExp(`^\\d{1,${digits}}$`).test(read(name)) ? Number(read(name)) : otherwise;
  const stack = read('stack');
  const headers: Record<string, string> = { ...text };
  const wireHeaders = sentHeaders(message.headers);
  for (const name of Object.values(deadLetterHeaders)) {
    delete headers[name];
    delete wireHeaders[name];
  }
  const time = new Date(read('time'));
  return {
    id: read('id') || deriveId('unreadable dead letter', topic, String(partition), message.offset),
    group: read('group'),
    topic: read('topic') || topic.replace(/\.dead-letter$/, ''),
    partition: whole('partition', -1),
    offset: String(whole('offset', -1, 15)),
    reason: read('reason'),
    message: read('message'),
    ...(stack !== '' && { stack }),
    attempts: whole('attempts', 0),
    time: (isCommon(time) ? time : new Date(Number(message.timestamp))).toISOString(),
    key: message.key,
    value: message.value,
    headers,
    wireHeaders,
  };
}

/** Whether the year has four digits, as every database and every reader of RFC 3339 takes it. */
const isCommon = (time: Date): boolean => time.getTime() >= Date.UTC(1000, 0) && time.getTime() < Date.UTC(10_000, 0);
