import { ByteParts, currentTraceparent } from '@closeloop/platform';
import { Injectable } from '@nestjs/common';
import { type DataSource, type EntityManager } from 'typeorm';
import { type Emitter } from './emitter.js';
import { outboxChannel, outboxShards } from './migrations/messaging-1763700000000.js';
import { partitionOf } from './murmur2.js';
import { type OutgoingEvent } from './outcome.js';
import { UnsentMessages } from './unsent-messages.js';
import { BackPressure } from './whose-error.js';
import { packHeaders, type WireMessage } from './wire.js';

/** How old the count of unsent rows may become, and how old while it is far from the bound: counting goes past all that was deleted. */
const countEveryMs = 1_000;
const countAtEaseMs = 5_000;

/**
 * Events that are committed with what they tell of, and sent after it. Rows are sent by the relay that holds the shard's lease,
 * in the order of their ids, and deleted after the acknowledgement.
 */
@Injectable()
export class Outbox {
  #unsent = 0;
  /** First unsent row of each shard, and since when it is known to be that: monotonic milliseconds */
  #first = new Map<number, { id: string; since: number }>();
  #timer: NodeJS.Timeout | undefined;
  #counting = false;
  #wake: (shards: readonly number[]) => void = () => undefined;
  #sends: (shard: number) => boolean = () => false;
  /** Shards that were appended to since the relay was woken */
  readonly #appended = new Set<number>();
  /** How many events of each shard that is held here wait beside the outbox for their topic */
  readonly parked = new Map<number, number>();
  /** Of those shards that this process sends */
  readonly messages = new UnsentMessages();
  /** Whether rows may be there that were not counted */
  #uncounted = true;
  /** When they were counted: monotonic milliseconds */
  #counted = -Infinity;

  constructor(
    private readonly dataSource: DataSource,
    private readonly emitter: Emitter,
    /** OUTBOX_BOUND */
    readonly bound: number,
  ) {}

  /**
   * Appends events in one statement and has the relay notified at commit. Ids are drawn here: call it when the locks on the rows that
   * the events tell of are held, so that the order of ids is the order of commits for each key.
   * @param headers beside those of each event and of the trace, for example `{[resendHeader]: id}`
   * @throws TypeError for an event that the station does not produce; EventTooLarge
   */
  async append(
    transaction: EntityManager,
    events: readonly OutgoingEvent[],
    headers?: Readonly<Record<string, string>>,
  ): Promise<void> {
    const traceparent = currentTraceparent();
    const carried = { ...(traceparent && { traceparent }), ...headers };
    await this.appendMessages(
      transaction,
      events.map((event) => this.emitter.encode(event, carried)),
    );
  }

  /** As `append`, for messages as they stand on the wire: dead letters that go again, for example. */
  async appendMessages(transaction: EntityManager, messages: readonly WireMessage[]): Promise<void> {
    if (messages.length === 0) return;
    // One parameter of bytes and where each part of it ends: an array of bytea would travel as twice its size in hex.
    const parts: Buffer[] = [];
    const packedHeaders: Buffer[] = [];
    const columns = {
      shard: [] as number[],
      topic: [] as string[],
      key: [] as number[],
      headers: [] as number[],
      value: [] as number[],
    };
    for (const { topic, key, value, headers } of messages) {
      const packed = packHeaders(headers);
      packedHeaders.push(packed);
      columns.shard.push(key === null ? 0 : partitionOf(key, outboxShards));
      columns.topic.push(topic);
      columns.key.push(key?.length ?? -1);
      columns.headers.push(packed.length);
      columns.value.push(value?.length ?? -1);
      if (key) parts.push(key);
      parts.push(packed);
      if (value) parts.push(value);
    }
    const shards = [...new Set(columns.shard)].sort();
    // Several notifications with one payload in a transaction are one.
    const [{ ids }] = await transaction.query<[{ ids: string }]>(
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
         returning id
       )
       select pg_notify($7, $8), (select string_agg(id::text, ',' order by id) from appended) as ids`,
      [
        new ByteParts(parts),
        columns.shard,
        columns.topic,
        columns.key,
        columns.headers,
        columns.value,
        outboxChannel,
        shards.join(','),
      ],
    );
    for (const [at, id] of ids.split(',').entries()) {
      if (this.#sends(columns.shard[at]!)) this.messages.keep(id, messages[at]!, packedHeaders[at]!);
    }
    for (const shard of shards) this.#appended.add(shard);
    this.#unsent += messages.length;
    this.#uncounted = true;
  }

  /**
   * Tells the relay of this process that something was committed, for while it hears of no notification. What another transaction has
   * appended and not committed yet is woken for too early, and found by the relay's next look.
   */
  wake(): void {
    if (this.#appended.size === 0) return;
    const shards = [...this.#appended];
    this.#appended.clear();
    this.#wake(shards);
  }

  /** Rows may have been committed, here or by another process. */
  changed(): void {
    this.#uncounted = true;
  }

  /** Whether so many rows are unsent that nothing more is to be accepted (OUTBOX_BOUND); what others append is seen within a second, far below the bound within five. */
  isFull(): boolean {
    return this.#unsent >= this.bound;
  }

  /** @throws BackPressure when it is full: from an effect handler it pauses the partition. */
  assertRoom(): void {
    if (this.isFull()) throw new BackPressure(`${this.#unsent} events wait in the outbox, at most ${this.bound}`);
  }

  /** Unsent rows; how old it may be: see `isFull`. */
  get unsent(): number {
    return this.#unsent;
  }

  /** How long the oldest unsent row is known to this process to wait; rows have no time of their own. */
  get oldestSeconds(): number {
    const since = Math.min(...[...this.#first.values()].map((first) => first.since));
    return Number.isFinite(since) ? (performance.now() - since) / 1000 : 0;
  }

  /** Sent rows were deleted. */
  deleted(count: number): void {
    this.#unsent = Math.max(0, this.#unsent - count);
  }

  /**
   * Begins to count what is unsent.
   * @param wake wakes the relay for shards
   * @param sends whether the relay of this process sends a shard
   */
  start(wake: (shards: readonly number[]) => void, sends: (shard: number) => boolean): void {
    this.#wake = wake;
    this.#sends = sends;
    // Where nothing was appended, and nothing is left, there is nothing to count.
    this.#timer ??= setInterval(() => {
      const isDue = this.#unsent >= this.bound / 4 || performance.now() - this.#counted >= countAtEaseMs;
      if (isDue && (this.#uncounted || this.#unsent > 0)) void this.count();
    }, countEveryMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#wake = () => undefined;
    this.#sends = () => false;
  }

  /** Counts as far as the bound. While the database does not answer, what was known last stands. */
  async count(): Promise<void> {
    if (this.#counting) return;
    this.#counting = true;
    this.#uncounted = false;
    this.#counted = performance.now();
    try {
      const [row] = await this.dataSource.query<{ unsent: number; first: (string | null)[] }[]>(
        `select (select count(*)::int from (select from generate_series(0, $2::int - 1) as shards (shard), lateral (
                   select from outbox where outbox.shard = shards.shard order by outbox.id limit $1) as rows limit $1) as few) as unsent,
           array(select (select id::text from outbox where outbox.shard = shards.shard order by outbox.id limit 1)
                 from generate_series(0, $2::int - 1) as shards (shard) order by shards.shard) as first`,
        [this.bound, outboxShards],
      );
      this.#unsent = row?.unsent ?? 0;
      const known = this.#first;
      this.#first = new Map();
      for (const [shard, id] of row!.first.entries()) {
        if (id === null) continue;
        const before = known.get(shard);
        this.#first.set(shard, before?.id === id ? before : { id, since: performance.now() });
      }
    } catch {
      // Told by the relay and by the database's own probe.
      this.#uncounted = true;
    } finally {
      this.#counting = false;
    }
  }
}
