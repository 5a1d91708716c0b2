import { currentTraceparent } from '@closeloop/platform';
import { Injectable } from '@nestjs/common';
import { type DataSource, type EntityManager } from 'typeorm';
import { type Emitter } from './emitter.js';
import { outboxChannel, outboxShards } from './migrations/messaging-1763700000000.js';
import { partitionOf } from './murmur2.js';
import { type OutgoingEvent } from './outcome.js';
import { BackPressure } from './whose-error.js';
import { packHeaders, type WireMessage } from './wire.js';

/** How old the count of unsent rows may become. */
const countEveryMs = 1_000;

/**
 * Events that are committed with what they tell of, and sent after it. Rows are sent by the relay that holds the shard's lease,
 * in the order of their ids, and deleted after the acknowledgement.
 */
@Injectable()
export class Outbox {
  #unsent = 0;
  #timer: NodeJS.Timeout | undefined;
  #counting = false;
  #wake: () => void = () => undefined;

  constructor(
    private readonly dataSource: DataSource,
    private readonly emitter: Emitter,
    private readonly bound: number,
  ) {}

  /**
   * Appends events in one statement and has the relay notified at commit. Ids are drawn here: call it when the locks on the rows that
   * the events tell of are held, so that the order of ids is the order of commits for each key.
   * @throws TypeError for an event that the station does not produce; EventTooLarge
   */
  async append(transaction: EntityManager, events: readonly OutgoingEvent[]): Promise<void> {
    const traceparent = currentTraceparent();
    await this.appendMessages(
      transaction,
      events.map((event) => this.emitter.encode(event, traceparent)),
    );
  }

  /** As `append`, for messages as they stand on the wire. */
  async appendMessages(transaction: EntityManager, messages: readonly WireMessage[]): Promise<void> {
    if (messages.length === 0) return;
    // One parameter of bytes and where each part of it ends: an array of bytea would travel as twice its size in hex.
    const parts: Buffer[] = [];
    const columns = {
      shard: [] as number[],
      topic: [] as string[],
      key: [] as number[],
      headers: [] as number[],
      value: [] as number[],
    };
    for (const { topic, key, value, headers } of messages) {
      const packed = packHeaders(headers);
      columns.shard.push(key === null ? 0 : partitionOf(key, outboxShards));
      columns.topic.push(topic);
      columns.key.push(key?.length ?? -1);
      columns.headers.push(packed.length);
      columns.value.push(value?.length ?? -1);
      if (key) parts.push(key);
      parts.push(packed);
      if (value) parts.push(value);
    }
    // Several notifications with one payload in a transaction are one.
    await transaction.query(
      `with appended as (
         insert into outbox (shard, id, topic, key, headers, value)
         select shard, nextval('outbox_id'), topic,
           case when key_size >= 0 then substring($1::bytea from at for key_size) end,
           substring($1 from at + greatest(key_size, 0) for headers_size),
           case when value_size >= 0 then substring($1 from at + greatest(key_size, 0) + headers_size for value_size) end
         from (
           select *, 1 + coalesce(sum(greatest(key_size, 0) + headers_size + greatest(value_size, 0))
             over (order by row rows between unbounded preceding and 1 preceding), 0)::int as at
           from unnest($2::smallint[], $3::text[], $4::int[], $5::int[], $6::int[])
             with ordinality as rows (shard, topic, key_size, headers_size, value_size, row)
           order by row
         ) as placed
       )
       select pg_notify($7, '')`,
      [Buffer.concat(parts), columns.shard, columns.topic, columns.key, columns.headers, columns.value, outboxChannel],
    );
    this.#unsent += messages.length;
  }

  /** Tells the relay of this process that something was committed. */
  wake(): void {
    this.#wake();
  }

  /** Whether so many rows are unsent that nothing more is to be accepted (OUTBOX_BOUND); at most a second old. */
  isFull(): boolean {
    return this.#unsent >= this.bound;
  }

  /** @throws BackPressure when it is full: from an effect handler it pauses the partition. */
  assertRoom(): void {
    if (this.isFull()) throw new BackPressure(`${this.#unsent} events wait in the outbox, at most ${this.bound}`);
  }

  /** Unsent rows, at most a second old. */
  get unsent(): number {
    return this.#unsent;
  }

  /** Sent rows were deleted. */
  deleted(count: number): void {
    this.#unsent = Math.max(0, this.#unsent - count);
  }

  /** Begins to count what is unsent; `wake` is what wakes the relay. */
  start(wake: () => void): void {
    this.#wake = wake;
    this.#timer ??= setInterval(() => void this.count(), countEveryMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#wake = () => undefined;
  }

  /** Counts as far as the bound. While the database does not answer, what was known last stands. */
  async count(): Promise<void> {
    if (this.#counting) return;
    this.#counting = true;
    try {
      const [row] = await this.dataSource.query<{ unsent: number }[]>(
        'select count(*)::int as unsent from (select from outbox limit $1) as rows',
        [this.bound],
      );
      this.#unsent = row?.unsent ?? 0;
    } catch {
      // Told by the relay and by the database's own probe.
    } finally {
      this.#counting = false;
    }
  }
}
