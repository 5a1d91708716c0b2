import { attributesOf, describeError, kept, type SpanTeller, type Trace, type Tracer } from '@closeloop/platform';
import { Logger } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Pool, type PoolClient } from 'pg';
import { type DataSource } from 'typeorm';
import { type BatchProducer, TopicRefused } from './batch-producer.js';
import { Gathering } from './gathering.js';
import { outboxChannel, outboxShards } from './migrations/messaging-1763700000000.js';
import { type Outbox } from './outbox.js';
import { ParkedEvents } from './parked-events.js';
import { labelSql } from './unsent-messages.js';
import { type OutboxRow, sizeOf, unpackHeaders, type WireMessage } from './wire.js';

export interface RelayTimes {
  /** How long a lease lasts from its renewal on, by the database's clock */
  readonly leaseMs: number;
  readonly renewMs: number;
  /** How long the holder keeps off the end of its lease */
  readonly marginMs: number;
  /** How long nothing may wake a shard before it looks by itself: while it is not told of commits, and while it is */
  readonly pollMs: number;
  readonly listeningPollMs: number;
  /** How long a stop waits for the rest to be sent */
  readonly flushMs: number;
  /** How often what is parked is tried again */
  readonly parkedMs: number;
}

const defaultTimes: RelayTimes = {
  leaseMs: 6_000,
  renewMs: 1_500,
  marginMs: 1_500,
  pollMs: 1_000,
  listeningPollMs: 5_000,
  flushMs: 10_000,
  parkedMs: 30_000,
};

/** Most rows, and about the most bytes, of one send of a shard: all shards' are in memory at once. */
const maxRows = 64;
const maxRowsBytes = 256 * 1024;
/** How often rows are looked for, at most: a look, a send and a deletion cost the same for one row as for many. */
const lookEveryMs = 10;

/** Rows of a shard that were acknowledged */
interface Sent {
  readonly shard: number;
  readonly ids: readonly string[];
}

/** A row as it is to be sent */
interface Unsent {
  readonly id: string;
  readonly message: WireMessage;
}

/** Ids and labels of the first rows of shards, a line each */
const firstLines = kept(
  `select asked.shard, string_agg(rows.id || ' ' || rows.label, E'\n' order by rows.id) as lines
   from unnest($1::smallint[]) as asked (shard), lateral (
     select id, ${labelSql} as label from outbox where outbox.shard = asked.shard order by id limit $2
   ) rows group by asked.shard`,
);
const rowsOf = kept(
  `select id, topic, key, headers, value from outbox
   join unnest($1::smallint[], $2::bigint[]) as asked (shard, id) using (shard, id)`,
);
const deletion = kept(
  `delete from outbox using unnest($1::smallint[], $2::bigint[]) as sent (shard, id)
   where outbox.shard = sent.shard and outbox.id = sent.id
     and (select set_config('synchronous_commit', 'off', true)) is not null`,
);

const now = (): number => performance.timeOrigin + performance.now();

/** A shard as this process sees it. */
class Shard {
  /** Until when the lease is surely held, in this process's monotonic milliseconds */
  heldUntil = 0;
  woken = true;
  /** Nothing was left to be sent when it last looked, and nothing has woken it since */
  idle = false;
  failures = 0;
  /** Topics that rows wait for beside the outbox */
  readonly parked = new Set<string>();
  /** When those are looked at, in this process's monotonic milliseconds */
  parkedAt = 0;
  #ring: (() => void) | undefined;

  constructor(readonly number: number) {}

  wake(): void {
    this.woken = true;
    this.idle = false;
    this.#ring?.();
  }

  /** Until it is woken, or so many milliseconds have passed. */
  async rest(ms: number): Promise<void> {
    if (this.woken) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#ring = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#ring = undefined;
  }
}

/**
 * Sends what is committed in the outbox: of each shard whose lease this process holds, in the order of ids, deleted after the
 * acknowledgement. Sending twice is normal. A row that cannot be sent holds up its shard: nothing goes past it. But where the topic
 * is one of many (that of a team) and refuses, what is meant for it waits beside the outbox, and the rest goes on.
 */
export class OutboxRelay {
  readonly #logger = new Logger('Outbox');
  readonly #holder = randomUUID();
  readonly #shards = Array.from({ length: outboxShards }, (_, number) => new Shard(number));
  readonly #stop = new AbortController();
  #running: Promise<unknown> | undefined;
  readonly #parked: ParkedEvents;
  /** Hears of every commit */
  #listening = false;
  /** Shards that look at the same time look together, and their sends go together, too. */
  readonly #firstRows = new Gathering<number, Unsent[]>({
    answer: (shards) => this.#readFirst(shards),
    everyMs: lookEveryMs,
  });
  readonly #deletions = new Gathering<Sent, void>({ answer: (sent) => this.#delete(sent) });

  constructor(
    private readonly dataSource: DataSource,
    private readonly outbox: Outbox,
    private readonly producer: BatchProducer,
    private readonly tracer: Tracer,
    private readonly times: RelayTimes = defaultTimes,
    /** Whether a topic may hold up only itself */
    private readonly mayPark: (topic: string) => boolean = () => false,
  ) {
    this.#parked = new ParkedEvents(dataSource);
    setMaxListeners(0, this.#stop.signal);
  }

  start(): void {
    // where every commit is heard of, this process's own are, too: woken twice, it would look twice
    this.outbox.start(
      (shards) => {
        if (!this.#listening) this.wake(shards);
      },
      (shard) => this.#holds(this.#shards[shard]!),
    );
    this.#running ??= Promise.all([
      this.#holdLeases(),
      this.#listen(),
      ...this.#shards.map((shard) => this.#relay(shard)),
    ]);
  }

  /** Those shards, or all. */
  wake(shards?: readonly number[]): void {
    for (const shard of this.#shards) if (shards?.includes(shard.number) ?? true) shard.wake();
  }

  /** Sends what is left, for at most `flushMs`, and gives the leases to whoever wants them. */
  async close(): Promise<void> {
    if (this.#running === undefined) return;
    this.wake();
    const deadline = performance.now() + this.times.flushMs;
    while (this.#shards.some((shard) => this.#holds(shard) && !shard.idle) && performance.now() < deadline) {
      if (this.#shards.some(({ failures }) => failures >= 3)) break;
      await sleep(10);
    }
    this.#stop.abort();
    this.wake();
    await this.#running;
    this.outbox.stop();
    await this.dataSource
      .query(`update outbox_lease set holder = null, expires_at = '-infinity' where holder = $1`, [this.#holder])
      .catch(() => undefined);
  }

  #holds(shard: Shard): boolean {
    return performance.now() < shard.heldUntil;
  }

  get #stopped(): boolean {
    return this.#stop.signal.aborted;
  }

  async #holdLeases(): Promise<void> {
    while (!this.#stopped) {
      await this.#renew();
      await sleep(this.times.renewMs * (0.9 + Math.random() / 5), undefined, { signal: this.#stop.signal }).catch(
        () => undefined,
      );
    }
  }

  /** Renews the leases that are held and takes those that have run out. The time that the question took is not counted on. */
  async #renew(): Promise<void> {
    const asked = performance.now();
    try {
      const held = await this.dataSource.query<{ shard: number }[]>(
        `with free as (
           select shard from outbox_lease where holder = $1 or expires_at < clock_timestamp() order by shard for update
         ), renewed as (
           update outbox_lease set holder = $1, expires_at = clock_timestamp() + $2::int * interval '1 ms'
           from free where outbox_lease.shard = free.shard
           returning outbox_lease.shard
         )
         select shard from renewed`,
        [this.#holder, this.times.leaseMs],
      );
      const numbers = new Set(held.map(({ shard }) => shard));
      for (const shard of this.#shards) {
        if (!numbers.has(shard.number)) {
          shard.heldUntil = 0;
          continue;
        }
        const taken = !this.#holds(shard);
        shard.heldUntil = asked + this.times.leaseMs - this.times.marginMs;
        if (!taken) continue;
        shard.parkedAt = 0;
        shard.wake();
      }
    } catch (error) {
      // What is held is held until it runs out.
      this.#logger.warn(`The outbox's leases were not renewed: ${describeError(error)}`);
    }
  }

  async #relay(shard: Shard): Promise<void> {
    while (!this.#stopped) {
      if (!this.#holds(shard)) {
        shard.woken = false;
        await this.#rest(shard);
        continue;
      }
      try {
        shard.woken = false;
        if (performance.now() >= shard.parkedAt) await this.#tryParked(shard);
        const sent = await this.#sendNext(shard);
        if (shard.failures > 0) this.#logger.log(`The outbox's shard ${shard.number} is sent again.`);
        shard.failures = 0;
        // What was committed meanwhile has woken it, where it hears of commits.
        if (sent.more || (sent.rows > 0 && (shard.woken || !this.#listening))) continue;
        shard.idle = !shard.woken;
        await this.#rest(shard);
      } catch (error) {
        shard.failures++;
        const told = `The outbox's shard ${shard.number} could not be sent: ${describeError(error)}`;
        if (shard.failures === 1) this.#logger.warn(told);
        else this.#logger.debug(told);
        const pause = Math.min(2_000, 100 * 2 ** Math.min(shard.failures, 10)) * (0.5 + Math.random() / 2);
        await sleep(pause, undefined, { signal: this.#stop.signal }).catch(() => undefined);
      }
    }
  }

  async #rest(shard: Shard): Promise<void> {
    await shard.rest(this.#listening ? this.times.listeningPollMs : this.times.pollMs);
    if (!this.#listening) this.outbox.changed();
  }

  /** Sends and deletes the first rows. @returns how many were done with, and whether more were there */
  async #sendNext(shard: Shard): Promise<{ readonly rows: number; readonly more: boolean }> {
    const rows = await this.#firstRows.ask(shard.number);
    const chosen: Unsent[] = [];
    const waiting: Unsent[] = [];
    let bytes = 0;
    for (const row of rows) {
      if (shard.parked.has(row.message.topic)) {
        waiting.push(row);
        continue;
      }
      bytes += sizeOf(row.message);
      if (chosen.length > 0 && bytes > maxRowsBytes) break;
      chosen.push(row);
    }
    if (waiting.length > 0 && this.#holds(shard)) await this.#park(shard, waiting);
    const done = {
      rows: chosen.length + waiting.length,
      more: rows.length === maxRows || chosen.length + waiting.length < rows.length,
    };
    if (chosen.length === 0) return done;
    // Between the question and its answer the lease may have run out, and another may have sent further already.
    if (!this.#holds(shard)) return { rows: 0, more: false };
    const { messages, told } = this.#traced(chosen.map(({ message }) => message));
    try {
      await this.producer.send(messages);
    } catch (error) {
      if (!(error instanceof TopicRefused) || !(await this.#parkRefused(shard, chosen))) throw error;
      return { ...done, more: true };
    }
    told();
    const ids = chosen.map(({ id }) => id);
    await this.#deletions.ask({ shard: shard.number, ids });
    this.outbox.messages.forget(ids);
    this.outbox.deleted(chosen.length);
    return done;
  }

  async #readFirst(shards: readonly number[]): Promise<Unsent[][]> {
    const found = await this.dataSource.query<{ shard: number; lines: string }[]>(firstLines, [shards, maxRows]);
    const places = found.flatMap(({ shard, lines }) =>
      lines.split('\n').map((line) => {
        const end = line.indexOf(' ');
        const id = line.slice(0, end);
        return { shard, id, message: this.outbox.messages.find(id, line.slice(end + 1)) };
      }),
    );
    const unknown = places.filter(({ message }) => message === undefined);
    const rows =
      unknown.length === 0
        ? []
        : await this.dataSource.query<OutboxRow[]>(rowsOf, [
            unknown.map(({ shard }) => shard),
            unknown.map(({ id }) => id),
          ]);
    const read = new Map(rows.map((row) => [row.id, messageOf(row)]));
    const byShard = new Map(shards.map((shard): [number, Unsent[]] => [shard, []]));
    for (const { shard, id, message = read.get(id) } of places) {
      // not if another process has sent and deleted it meanwhile
      if (message) byShard.get(shard)!.push({ id, message });
    }
    return shards.map((shard) => byShard.get(shard)!);
  }

  /** A crash may bring them back: they are sent twice, which is normal, so that nobody waits for the disk. */
  async #delete(sent: readonly Sent[]): Promise<void[]> {
    await this.dataSource.query(deletion, [
      sent.flatMap(({ shard, ids }) => ids.map(() => shard)),
      sent.flatMap(({ ids }) => ids),
    ]);
    return sent.map(() => undefined);
  }

  /** Parks the rows whose topic refuses them, where that may be. @returns whether there were any */
  async #parkRefused(shard: Shard, rows: readonly Unsent[]): Promise<boolean> {
    let isParked = false;
    for (const topic of new Set(rows.map(({ message }) => message.topic).filter(this.mayPark))) {
      const own = rows.filter(({ message }) => message.topic === topic);
      // what refuses may be another shard's: sends go together
      const refusal = await this.#refusalOf(own[0]!.message);
      if (!refusal || !this.#holds(shard)) continue;
      this.#logger.error(`${topic} takes nothing, and its events wait beside the outbox: ${describeError(refusal)}`);
      shard.parked.add(topic);
      await this.#park(shard, own);
      isParked = true;
    }
    return isParked;
  }

  async #park(shard: Shard, rows: readonly Unsent[]): Promise<void> {
    const ids = rows.map(({ id }) => id);
    await this.#parked.park(shard.number, ids);
    this.outbox.messages.forget(ids);
    this.outbox.deleted(rows.length);
    this.outbox.parked.set(shard.number, (this.outbox.parked.get(shard.number) ?? 0) + rows.length);
  }

  /** Why it is refused; undefined where it was sent. @throws what is about the moment, and not the topic */
  async #refusalOf(message: WireMessage): Promise<TopicRefused | undefined> {
    try {
      await this.producer.send([message]);
      return undefined;
    } catch (error) {
      if (error instanceof TopicRefused) return error;
      throw error;
    }
  }

  /** What waits for topics goes back into the outbox where its topic takes the first of it. */
  async #tryParked(shard: Shard): Promise<void> {
    const counts = await this.#parked.of(shard.number);
    for (const topic of counts.keys()) {
      shard.parked.add(topic);
      const first = await this.#parked.first(shard.number, topic);
      if (first && (await this.#refusalOf(messageOf(first)))) continue;
      if (!this.#holds(shard)) return;
      await this.#parked.release(shard.number, topic);
      shard.parked.delete(topic);
      counts.delete(topic);
      this.#logger.log(`${topic} takes its events again.`);
    }
    this.outbox.parked.set(
      shard.number,
      [...counts.values()].reduce((sum, count) => sum + count, 0),
    );
    shard.parkedAt = performance.now() + this.times.parkedMs * (0.9 + Math.random() / 5);
  }

  /** Makes the sending a step of each message's trace. @returns as they are to be sent, and what tells of it when that is done */
  #traced(given: readonly WireMessage[]): { readonly messages: readonly WireMessage[]; readonly told: () => void } {
    if (!this.tracer.on) return { messages: given, told: () => undefined };
    const startMs = now();
    const steps: { trace: Trace; topic: string }[] = [];
    const messages = given.map((message) => {
      const { topic, headers } = message;
      const { traceparent } = headers;
      // What goes again out of a dead letter may have none: its trace begins where it is taken in.
      if (typeof traceparent !== 'string') return message;
      const trace = this.tracer.step(traceparent);
      steps.push({ trace, topic });
      return { ...message, headers: { ...headers, traceparent: trace.traceparent } };
    });
    const told = (): void => {
      const endMs = now();
      const tellers = new Map<string, SpanTeller>();
      for (const { trace, topic } of steps) {
        let tell = tellers.get(topic);
        if (tell === undefined) {
          const attributes = attributesOf({ 'messaging.system': 'kafka', 'messaging.destination.name': topic });
          tell = this.tracer.teller({ name: `send ${topic}`, kind: 'producer', startMs, endMs, attributes });
          tellers.set(topic, tell);
        }
        tell(trace);
      }
    };
    return { messages, told };
  }

  /** A connection of its own that hears of every commit; while it is broken, the poll does. */
  async #listen(): Promise<void> {
    while (!this.#stopped) {
      let client: PoolClient | undefined;
      try {
        client = await (this.dataSource.driver as unknown as { master: Pool }).master.connect();
        const listening = client;
        const broken = new Promise<void>((resolve) => {
          listening.once('error', () => resolve());
          listening.once('end', () => resolve());
          this.#stop.signal.addEventListener('abort', () => resolve(), { once: true });
        });
        listening.on('notification', ({ payload }) => {
          this.outbox.changed();
          this.wake(payload ? payload.split(',').map(Number) : undefined);
        });
        await listening.query(`listen ${outboxChannel}`);
        this.#listening = true;
        this.outbox.changed();
        this.wake();
        await broken;
      } catch (error) {
        this.#logger.debug(`The outbox is not listened to: ${describeError(error)}`);
      } finally {
        this.#listening = false;
        // Never back into the pool: it listens.
        client?.removeAllListeners('notification');
        client?.on('error', () => undefined);
        client?.release(true);
      }
      await sleep(500, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }
}

const messageOf = ({ topic, key, headers, value }: OutboxRow): WireMessage => ({
  topic,
  key,
  headers: unpackHeaders(headers),
  value,
});
