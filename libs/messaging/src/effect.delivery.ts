import { type DataSource, type EntityManager } from 'typeorm';
import {
  Alarm,
  type BatchHandler,
  type Delivery,
  type Item,
  FenceLost,
  type Log,
  outcomesOf,
  type Part,
  type Place,
  placeOf,
  Tally,
} from './batch.js';
import { carriedBy } from './carried.js';
import { deadLetterOf } from './dead-letter.js';
import { type Emitter } from './emitter.js';
import { EffectContext } from './incoming.js';
import { type Outbox } from './outbox.js';
import { type Outcome } from './outcome.js';
import { storedPosition, type StoredPosition } from './positions.js';
import { type WireMessage } from './wire.js';

/** A frozen owner must not hold its successor: the server gives it up after this long. */
const idleInTransactionMs = 5_000;
/** The successor itself waits no longer than this for a lock, and comes again. */
const lockMs = 5_000;

/**
 * A stateful step: the position lies in the service's database, and moves in the same transaction as the effect. A position that another
 * owner has moved meanwhile fences this one off.
 */
export class EffectDelivery implements Delivery {
  readonly #group: string;

  constructor(
    private readonly emitter: Emitter,
    private readonly dataSource: DataSource,
    private readonly outbox: Outbox,
  ) {
    this.#group = emitter.group;
  }

  async apply(parts: readonly Part[], handler: BatchHandler): Promise<Tally[]> {
    let tallies: Tally[] = [];
    let sent = false;
    const read = parts.map((part) => part.messages.map((message) => part.read(message)));
    const items = read.flat();
    await this.dataSource.transaction(async (transaction) => {
      const now = await this.fence(transaction, parts);
      const attempts = Math.max(...parts.map((part) => part.attempts));
      const outcomes = await outcomesOf(parts[0]!.topic, items, handler, new EffectContext(transaction, now, attempts));
      const rest = outcomes.values();
      const messages: WireMessage[] = [];
      tallies = parts.map((part, at) => this.#tallyOf(part, read[at]!, rest, messages, now));
      await this.outbox.appendMessages(transaction, messages);
      sent = messages.length > 0;
    });
    // Also when the handler itself has appended: waking costs nothing.
    if (sent || tallies.some(({ counts }) => counts.ok > 0)) this.outbox.wake();
    return tallies;
  }

  /** @param messages what the part causes is put to them */
  #tallyOf(part: Part, items: readonly Item[], outcomes: Iterator<Outcome>, messages: WireMessage[], now: Date): Tally {
    const tally = new Tally();
    const carry = carriedBy(part, this.#group, now);
    const place = { group: this.#group, cluster: part.cluster, topic: part.topic, partition: part.partition };
    for (const item of items) {
      if (item.kind === 'skip') {
        tally.counts.skip++;
        continue;
      }
      if (item.kind === 'dead-letter') {
        tally.died(item.failure.reason);
        messages.push(deadLetterOf(item.message, place, item.failure, now));
        continue;
      }
      tally.events++;
      const outcome = outcomes.next().value as Outcome;
      if (outcome.kind !== 'dead-letter') tally.counts[outcome.kind]++;
      if (outcome.kind === 'dead-letter') {
        tally.died(outcome.reason);
        messages.push(deadLetterOf(item.message, place, { ...outcome, attempts: part.attempts }, now));
      } else if (outcome.kind === 'ok') {
        const carried = carry(item);
        for (const event of outcome.emit) messages.push(this.emitter.encode(event, carried));
      }
    }
    return tally;
  }

  /**
   * Takes each position from `from` to `next`, where it is still there, in one order for all owners.
   * @returns the database's clock
   * @throws FenceLost
   */
  protected async fence(transaction: EntityManager, parts: readonly Part[]): Promise<Date> {
    const { topic, cluster } = parts[0]!;
    // The settings are part of the fence: without them a frozen or cut-off owner would hold the rows for as long as its connection seems to live.
    const taken = await transaction.query<{ partition: number; now: Date }[]>(
      `with settings as materialized (
         select set_config('idle_in_transaction_session_timeout', $1, true), set_config('lock_timeout', $2, true),
                set_config('tcp_keepalives_idle', '5', true), set_config('tcp_keepalives_interval', '2', true),
                set_config('tcp_keepalives_count', '3', true)
       ), held as materialized (
         select partition, part.next
         from settings, consumer_offset
         join unnest($6::int[], $7::bigint[], $8::bigint[]) as part (partition, before, next) using (partition)
         where consumer_group = $3 and topic = $4 and cluster = $5 and next_offset = part.before
         order by partition
         for update of consumer_offset
       ), fence as (
         update consumer_offset set next_offset = held.next, updated_at = clock_timestamp()
         from held
         where consumer_group = $3 and topic = $4 and consumer_offset.partition = held.partition
         returning consumer_offset.partition, updated_at
       )
       select partition, updated_at as now from fence`,
      [
        ...[String(idleInTransactionMs), String(lockMs), this.#group, topic, cluster],
        parts.map(({ partition }) => partition),
        parts.map(({ from }) => from.toString()),
        parts.map(({ next }) => next.toString()),
      ],
    );
    const lost = parts.filter(({ partition }) => !taken.some((one) => one.partition === partition));
    if (lost.length > 0) {
      throw new FenceLost(
        lost.map(({ partition, from }) => `${placeOf(topic, partition)} is no longer at ${from}`).join(', '),
      );
    }
    return taken[0]!.now;
  }

  async positions(places: readonly Place[], log: () => Promise<Log>): Promise<Map<string, bigint | Alarm>> {
    const stored = await this.#stored(places);
    const { cluster, ranges } = await log();
    const fresh = ranges.filter(({ topic, partition }) => !stored.has(placeOf(topic, partition)));
    if (fresh.length > 0) {
      await this.dataSource.query(
        `insert into consumer_offset (consumer_group, topic, partition, cluster, next_offset)
         select $1, topic, partition, $2, next_offset
         from unnest($3::text[], $4::int[], $5::bigint[]) as log (topic, partition, next_offset)
         order by topic, partition
         on conflict do nothing`,
        [
          ...[this.#group, cluster, fresh.map(({ topic }) => topic), fresh.map(({ partition }) => partition)],
          fresh.map(({ low }) => low.toString()),
        ],
      );
      for (const [place, row] of await this.#stored(fresh)) stored.set(place, row);
    }
    return new Map(
      ranges.map((range) => {
        const place = placeOf(range.topic, range.partition);
        const row = stored.get(place);
        if (row === undefined) return [place, new Alarm(`there is no position of ${place}`)];
        return [place, storedPosition(row, cluster, range)];
      }),
    );
  }

  /** By `topic/partition` */
  async #stored(places: readonly Place[]): Promise<Map<string, StoredPosition>> {
    const rows = await this.dataSource.query<StoredPosition[]>(
      `select topic, partition, cluster, next_offset from consumer_offset
       join unnest($2::text[], $3::int[]) as place (topic, partition) using (topic, partition)
       where consumer_group = $1`,
      [this.#group, places.map(({ topic }) => topic), places.map(({ partition }) => partition)],
    );
    return new Map(rows.map((row) => [placeOf(row.topic, row.partition), row]));
  }
}
