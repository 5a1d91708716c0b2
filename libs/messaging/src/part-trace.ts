import { attributesOf, type EncodedAttributes, plainAttribute, type Trace, type Tracer } from '@closeloop/platform';
import { type KafkaMessage } from 'kafkajs';
import { type Item, type Part } from './batch.js';

const now = (): number => performance.timeOrigin + performance.now();

type EventItem = Item & { kind: 'event' };

interface Step {
  readonly trace: Trace;
  /** Of a trace that is told */
  readonly attributes?: EncodedAttributes;
}

/**
 * The steps that a part of a batch is for each trace in it: an event of the part has its own step, told when the part is done, all with
 * the part's times. What the events cause carries on the step, because their header names it while the part is worked on.
 */
export class PartTrace {
  readonly #begun = now();
  readonly #steps = new Map<KafkaMessage, Step>();

  /** Does nothing where nobody collects traces. */
  constructor(
    private readonly tracer: Tracer,
    private readonly place: Pick<Part, 'topic' | 'partition'>,
    private readonly group: string,
  ) {}

  /** Puts its step into what was read of a message, the same one however often it is read, for what it causes to carry on. */
  of(item: Item): Item {
    if (!this.tracer.on || item.kind !== 'event') return item;
    const headers = item.payload.headers as Record<string, string>;
    let step = this.#steps.get(item.message);
    if (step === undefined) {
      const trace = this.tracer.step(headers['traceparent']);
      step = { trace, ...(trace.sampled && { attributes: ownAttributes(item) }) };
      this.#steps.set(item.message, step);
    }
    headers['traceparent'] = step.trace.traceparent;
    return item;
  }

  /** The part is done, for good. */
  done(): void {
    if (this.#steps.size === 0) return;
    const endMs = now();
    const { topic, partition } = this.place;
    const tell = this.tracer.teller({
      name: `process ${topic}`,
      kind: 'consumer',
      startMs: this.#begun,
      endMs,
      attributes: attributesOf({
        'messaging.system': 'kafka',
        'messaging.destination.name': topic,
        'messaging.destination.partition.id': String(partition),
        'messaging.consumer.group.name': this.group,
      }),
    });
    for (const { trace, attributes } of this.#steps.values()) if (attributes !== undefined) tell(trace, attributes);
  }
}

/** subject is feedbackId up to routed, loopId from there on; it may hold anything where others offer events. */
function ownAttributes({ message, payload }: EventItem): EncodedAttributes {
  const offset = plainAttribute('messaging.kafka.offset', 'intValue', message.offset);
  const id = 'subject' in payload ? payload.subject : '';
  if (!uuid.test(id)) return offset;
  return `${offset},${plainAttribute(subjectOf(payload.topic), 'stringValue', id)}` as EncodedAttributes;
}

const uuid = /^[0-9a-f-]{36}$/;
const subjectOf = (topic: string): string =>
  topic.startsWith('loop.') ? 'closeloop.loop_id' : 'closeloop.feedback_id';
