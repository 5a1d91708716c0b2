import { attributesOf, type EncodedAttributes, plainAttribute, type Trace, type Tracer } from '@closeloop/platform';
import { type Item, type Part } from './batch.js';

const now = (): number => performance.timeOrigin + performance.now();

type EventItem = Item & { kind: 'event' };

interface Step {
  readonly trace: Trace;
  readonly item: EventItem;
  readonly headers: Record<string, string>;
  /** As it came */
  readonly traceparent: string | undefined;
}

/**
 * The steps that a part of a batch is for each trace in it: an event of the part has its own step, told when the part is done, all with
 * the part's times. What the events cause carries on the step, because their header names it while the part is worked on.
 */
export class PartTrace {
  readonly #begun = now();
  readonly #steps: Step[] = [];

  /** Does nothing where nobody collects traces. */
  constructor(
    private readonly tracer: Tracer,
    private readonly part: Part,
    private readonly group: string,
  ) {
    if (!tracer.on) return;
    for (const item of part.items) {
      if (item.kind !== 'event') continue;
      const headers = item.payload.headers as Record<string, string>;
      const { traceparent } = headers;
      const trace = tracer.step(traceparent);
      this.#steps.push({ trace, item, headers, traceparent });
      headers['traceparent'] = trace.traceparent;
    }
  }

  /** The part is done, for good. */
  done(): void {
    if (this.#steps.length === 0) return;
    const endMs = now();
    const { topic, partition } = this.part;
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
    for (const { trace, item } of this.#steps) if (trace.sampled) tell(trace, ownAttributes(item));
  }

  /** The part was undone: when its events come again they are further steps of the traces as they came. */
  undone(): void {
    for (const { headers, traceparent } of this.#steps) {
      if (traceparent === undefined) delete headers['traceparent'];
      else headers['traceparent'] = traceparent;
    }
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
