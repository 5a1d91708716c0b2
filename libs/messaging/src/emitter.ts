import { type Station } from '@closeloop/contracts';
import { encodeEvent } from './cloud-event.js';
import { type OutgoingEvent } from './outcome.js';
import { type WireHeaders, type WireMessage } from './wire.js';

/** Makes messages of the events that a station produces. */
export class Emitter {
  /** Consumer group of the station, without the environment's prefix */
  readonly group: string;
  readonly #produced: ReadonlySet<string>;

  constructor(
    private readonly service: string,
    station: Station,
  ) {
    this.group = station.group;
    this.#produced = new Set(station.produces.map(({ topic }) => topic));
  }

  /**
   * @param carried headers beside its own: the trace, and what the event that caused it handed on
   * @throws TypeError for an event that the station does not produce; EventTooLarge
   */
  encode(event: OutgoingEvent, carried?: WireHeaders): WireMessage {
    if (!this.#produced.has(event.event.topic)) {
      throw new TypeError(`${this.service} does not produce ${event.event.topic}: see pipeline.ts`);
    }
    return encodeEvent(event, `closeloop/${this.service}`, carried);
  }
}
