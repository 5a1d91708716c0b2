import { type DataSource, type EntityManager } from 'typeorm';
import {
  Alarm,
  type BatchHandler,
  type Delivery,
  FenceLost,
  type LogRange,
  outcomesOf,
  type Part,
  placeOf,
  Tally,
} from './batch.js';
import { carriedBy } from './carried.js';
import { deadLetterOf } from './dead-letter.js';
import { type Emitter } from './emitter.js';
import { EffectContext } from './incoming.js';
import { type Outbox } from './outbox.js';
import { storedPosition } from './positions.js';
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

  async apply(part: Part, handler: BatchHandler): Promise<Tally> {
    const tally = new Tally();
    let sent = false;
    await this.dataSource.transaction('READ COMMITTED', async (transaction) => {
      const now = await this.fence(transaction, part);
      const outcomes = await outcomesOf(part, handler, new EffectContext(transaction, now, part.attempts));
      const messages: WireMessage[] = [];
      const carry = carriedBy(part, this.#group, now);
      const place = { group: this.#group, cluster: part.cluster, topic: part.topic, partition: part.partition };
      let at = 0;
      for (const item of part.items) {
        if (item.kind === 'skip') {
          tally.counts.skip++;
          continue;
        }
        if (item.kind === 'dead-letter') {
          tally.died(item.failure.reason);
          messages.push(deadLetterOf(item.message, place, item.failure, now));
          continue;
        }
        const outcome = outcomes[at++]!;
        if (outcome.kind !== 'dead-letter') tally.counts[outcome.kind]++;
        if (outcome.kind === 'dead-letter') {
          tally.died(outcome.reason);
          messages.push(deadLetterOf(item.message, place, { ...outcome, attempts: part.attempts }, now));
        } else if (outcome.kind === 'ok') {
          const carried = carry(item);
          for (const event of outcome.emit) messages.push(this.emitter.encode(event, carried));
        }
      }
      await this.outbox.appendMessages(transaction, messages);
      sent = messages.length > 0;
    });
    // Also when the handler itself has appended: waking costs nothing.
    if (sent || tally.counts.ok > 0) this.outbox.wake();
    return tally;
  }

  /** Takes the position from `from` to `next`, where it is still there. @returns the database's clock @throws FenceLost */
  protected async fence(transaction: EntityManager, { topic, partition, cluster, from, next }: Part): Promise<Date> {
    // Part of the fence: without them a frozen or cut-off owner would hold the row for as long as its connection seems to live.
    await transaction.query(
      `select set_config('idle_in_transaction_session_timeout', $1, true), set_config('lock_timeout', $2, true),
              set_config('tcp_keepalives_idle', '5', true), set_config('tcp_keepalives_interval', '2', true),
              set_config('tcp_keepalives_count', '3', true)`,
      [String(idleInTransactionMs), String(lockMs)],
    );
    const rows = await transaction.query<{ now: Date }[]>(
      `with fence as (
         update consumer_offset set next_offset = $1, updated_at = clock_timestamp()
         where consumer_group = $2 and topic = $3 and partition = $4 and cluster = $5 and next_offset = $6
         returning updated_at
       )
       select updated_at as now from fence`,
      [next.toString(), this.#group, topic, partition, cluster, from.toString()],
    );
    if (rows[0] === undefined) throw new FenceLost(`${placeOf(topic, partition)} is no longer at ${from}`);
    return rows[0].now;
  }

  async positions(cluster: string, ranges: readonly LogRange[]): Promise<Map<string, bigint | Alarm>> {
    const topics = ranges.map(({ topic }) => topic);
    const partitions = ranges.map(({ partition }) => partition);
    await this.dataSource.query(
      `insert into consumer_offset (consumer_group, topic, partition, cluster, next_offset)
       select $1, topic, partition, $2, next_offset
       from unnest($3::text[], $4::int[], $5::bigint[]) as log (topic, partition, next_offset)
       order by topic, partition
       on conflict do nothing`,
      [this.#group, cluster, topics, partitions, ranges.map(({ low }) => low.toString())],
    );
    const rows = await this.dataSource.query<
      { topic: string; partition: number; cluster: string; next_offset: string }[]
    >(
      `select topic, partition, cluster, next_offset from consumer_offset
       join unnest($2::text[], $3::int[]) as log (topic, partition) using (topic, partition)
       where consumer_group = $1`,
      [this.#group, topics, partitions],
    );
    const stored = new Map(rows.map((row) => [placeOf(row.topic, row.partition), row]));
    return new Map(
      ranges.map((range) => {
        const place = placeOf(range.topic, range.partition);
        const row = stored.get(place);
        if (row === undefined) return [place, new Alarm(`there is no position of ${place}`)];
        return [place, storedPosition(row, cluster, range)];
      }),
    );
  }
}
