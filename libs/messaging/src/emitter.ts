import { type Station } from '@closeloop/contracts';
import { encodeEvent } from './cloud-event.js';
import { type OutgoingEvent } from './outcome.js';
import { type WireMessage } from './wire.js';

/** Makes messages of the events that a station produces. */
export class Emitter {
  readonly #produced: ReadonlySet<string>;

  constructor(
    private readonly service: string,
    station: Station,
  ) {
    this.#produced = new Set(station.produces.map(({ topic }) => topic));
  }

  /** @throws TypeError for an event that the station does not produce; EventTooLarge */
  encode(event: OutgoingEvent, traceparent: string | undefined): WireMessage {
    if (!this.#produced.has(event.event.topic)) {
      throw new TypeError(`${this.service} does not produce ${event.event.topic}: see pipeline.ts`);
    }
    return encodeEvent(event, `closeloop/${this.service}`, traceparent);
  }
}
