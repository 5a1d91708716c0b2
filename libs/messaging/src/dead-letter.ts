import { deadLetterHeaders, deadLetterTopic, deriveId, sha256, type DeadLetterReason } from '@closeloop/contracts';
import { type KafkaMessage } from 'kafkajs';
import { type IncomingDeadLetter } from './incoming.js';
import { textHeaders, type WireHeaders, type WireMessage } from './wire.js';

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
  const headers: WireHeaders = { ...message.headers };
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
  const read = (name: keyof typeof deadLetterHeaders): string => text[deadLetterHeaders[name]] ?? '';
  const whole = (name: keyof typeof deadLetterHeaders, otherwise: number): number =>
    /^\d{1,15}$/.test(read(name)) ? Number(read(name)) : otherwise;
  const stack = read('stack');
  const headers: Record<string, string> = { ...text };
  for (const name of Object.values(deadLetterHeaders)) delete headers[name];
  const time = Date.parse(read('time'));
  return {
    id: read('id') || deriveId('unreadable dead letter', topic, String(partition), message.offset),
    group: read('group'),
    topic: read('topic') || topic.replace(/\.dead-letter$/, ''),
    partition: whole('partition', -1),
    offset: String(whole('offset', -1)),
    reason: read('reason'),
    message: read('message'),
    ...(stack !== '' && { stack }),
    attempts: whole('attempts', 0),
    time: new Date(Number.isNaN(time) ? Number(message.timestamp) : time).toISOString(),
    key: message.key,
    value: message.value,
    headers,
  };
}
