import { type EventFamily, type Station } from '@closeloop/contracts';
import { encodeEvent } from './cloud-event.js';
import { type OutgoingEvent } from './outcome.js';
import { type WireHeaders, type WireMessage } from './wire.js';

/** Makes messages of the events that a station produces. */
export class Emitter {
  /** Consumer group of the station, without the environment's prefix */
  readonly group: string;
  readonly #produced: ReadonlySet<string>;
  readonly #families: readonly EventFamily[];

  constructor(
    private readonly service: string,
    station: Station,
  ) {
    this.group = station.group;
    this.#produced = new Set(station.produces.map(({ topic }) => topic));
    this.#families = station.producesFamilies;
  }

  /**
   * @param carried headers beside its own: the trace, and what the event that caused it handed on
   * @throws TypeError for an event that the station does not produce; EventTooLarge
   */
  encode(event: OutgoingEvent, carried?: WireHeaders): WireMessage {
    const { topic } = event.event;
    if (!this.#produced.has(topic) && !this.#families.some(({ has }) => has(topic))) {
      throw new TypeError(`${this.service} does not produce ${topic}: see pipeline.ts`);
    }
    return encodeEvent(event, `closeloop/${this.service}`, carried);
  }
}
