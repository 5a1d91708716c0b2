import { type Admin } from 'kafkajs';
import { type BatchProducer } from './batch-producer.js';
import {
  Alarm,
  type BatchHandler,
  type Delivery,
  type Item,
  type Log,
  type LogRange,
  outcomesOf,
  type Part,
  type Place,
  placeOf,
  Tally,
  withinLog,
} from './batch.js';
import { carriedBy } from './carried.js';
import { EventTooLarge } from './cloud-event.js';
import { deadLetterOf } from './dead-letter.js';
import { type Emitter } from './emitter.js';
import { committedOffsets, committedPosition, mendingGroup } from './positions.js';
import { type Outcome, type OutgoingEvent } from './outcome.js';
import { EventError } from './whose-error.js';
import { type WireHeaders, type WireMessage } from './wire.js';

/** What is made of so few is garbage before V8 has copied it, and a call of a handler costs little beside them. */
const atOnce = 24;

interface Work {
  readonly part: Part;
  readonly tally: Tally;
  readonly carry: ReturnType<typeof carriedBy>;
}

/**
 * A stateless step: handle, send, wait for the acknowledgement; the position is Kafka's, committed after that. What is done twice is
 * harmless, because ids are derived.
 */
export class HopDelivery implements Delivery {
  readonly #group: string;
  /** By `topic/partition`: positions that a person took anew, and whether a part was done from there on */
  readonly #mendings = new Map<string, { readonly group: string; applied: boolean }>();

  constructor(
    private readonly prefix: string,
    private readonly emitter: Emitter,
    private readonly producer: BatchProducer,
    private readonly withAdmin: <T>(use: (admin: Admin) => Promise<T>) => Promise<T>,
  ) {
    this.#group = emitter.group;
  }

  async apply(parts: readonly Part[], handler: BatchHandler): Promise<Tally[]> {
    const now = new Date();
    const messages: WireMessage[] = [];
    const works = parts.map((part) => ({ part, tally: new Tally(), carry: carriedBy(part, this.#group, now) }));
    const places = works.flatMap((work) => work.part.messages.map((message) => ({ work, message })));
    for (let at = 0; at < places.length; at += atOnce) {
      const some = places.slice(at, at + atOnce).map(({ work, message }) => ({ work, item: work.part.read(message) }));
      const items = some.map(({ item }) => item);
      const outcomes = (await outcomesOf(parts[0]!.topic, items, handler)).values();
      for (const { work, item } of some) this.#tell(work, item, outcomes, messages, now);
    }
    await this.producer.send(messages);
    if (this.#mendings.size > 0) {
      for (const { topic, partition } of parts) void this.#forgetMending(placeOf(topic, partition));
    }
    return works.map(({ tally }) => tally);
  }

  /** @param messages what the item causes is put to them */
  #tell(
    { part, tally, carry }: Work,
    item: Item,
    outcomes: Iterator<Outcome>,
    messages: WireMessage[],
    now: Date,
  ): void {
    if (item.kind === 'skip') {
      tally.counts.skip++;
      return;
    }
    const place = { group: this.#group, cluster: part.cluster, topic: part.topic, partition: part.partition };
    if (item.kind === 'dead-letter') {
      tally.died(item.failure.reason);
      messages.push(deadLetterOf(item.message, place, item.failure, now));
      return;
    }
    tally.events++;
    const outcome = outcomes.next().value as Outcome;
    const emitted = outcome.kind === 'ok' ? this.#encode(outcome.emit, carry(item)) : outcome;
    switch (emitted.kind) {
      case 'encoded':
        tally.counts.ok++;
        for (const message of emitted.messages) messages.push(message);
        break;
      case 'dead-letter':
        tally.died(emitted.reason);
        messages.push(deadLetterOf(item.message, place, { ...emitted, attempts: part.attempts }, now));
        break;
      case 'drop':
        throw new EventError(`a hop may not drop what was accepted: ${emitted.reason}`);
    }
  }

  #encode(emit: readonly OutgoingEvent[], carried: WireHeaders) {
    try {
      return { kind: 'encoded' as const, messages: emit.map((event) => this.emitter.encode(event, carried)) };
    } catch (error) {
      if (!(error instanceof EventTooLarge)) throw error;
      return { kind: 'dead-letter' as const, reason: 'too-large' as const, message: error.message };
    }
  }

  async positions(
    places: readonly Place[],
    log: () => Promise<Log>,
    known: ReadonlyMap<string, bigint>,
  ): Promise<Map<string, bigint | Alarm>> {
    return this.withAdmin(async (admin) => {
      const committed = await committedOffsets(admin, this.prefix, this.#group, [
        ...new Set(places.map(({ topic }) => topic)),
      ]);
      const { ranges } = await log();
      const positions = new Map<string, bigint | Alarm>();
      for (const range of ranges) {
        const place = placeOf(range.topic, range.partition);
        // What was sent is known better by who has sent it than in Kafka, where kafkajs may have reset it meanwhile.
        const offset = known.get(place) ?? committed.get(place) ?? -1n;
        const position = committedPosition(offset, range);
        positions.set(
          place,
          position instanceof Alarm ? ((await this.#mended(admin, range, offset)) ?? position) : position,
        );
      }
      return positions;
    });
  }

  /** Where a person has said that it is to go on instead, if one has. */
  async #mended(admin: Admin, range: LogRange, insteadOf: bigint): Promise<bigint | undefined> {
    const { topic, partition } = range;
    const group = mendingGroup('', this.#group, topic, partition, insteadOf);
    const offset = (await committedOffsets(admin, this.prefix, group, [topic])).get(placeOf(topic, partition)) ?? -1n;
    if (offset === -1n || withinLog(offset, range) instanceof Alarm) return undefined;
    this.#mendings.set(placeOf(topic, partition), { group, applied: false });
    return offset;
  }

  /** What a person has said stands until the position that came of it was committed. */
  async #forgetMending(place: string): Promise<void> {
    const mending = this.#mendings.get(place);
    if (!mending) return;
    // The first part's position is committed after it.
    if (!mending.applied) {
      mending.applied = true;
      return;
    }
    this.#mendings.delete(place);
    await this.withAdmin((admin) => admin.deleteGroups([this.prefix + mending.group])).catch(() => undefined);
  }
}
