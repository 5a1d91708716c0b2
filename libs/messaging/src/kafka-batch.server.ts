import { deadLetterTopic, type Station } from '@closeloop/contracts';
import { describeError } from '@closeloop/platform';
import { Logger } from '@nestjs/common';
import { type CustomTransportStrategy, Server } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';
import {
  type Admin,
  type Consumer,
  type ConsumerGroupJoinEvent,
  type EachBatchPayload,
  type Kafka,
  type KafkaMessage,
  type LogEntry,
} from 'kafkajs';
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Assignment, OwnedPartition } from './assignment.js';
import { Alarm, type BatchHandler, type Delivery, FenceLost, type Item, type LogRange, type Part } from './batch.js';
import { decoderOf } from './cloud-event.js';
import { readDeadLetter } from './dead-letter.js';
import { type EffectContext } from './incoming.js';
import { type MessagingMetrics } from './messaging.metrics.js';
import { type Outcome } from './outcome.js';
import { BackPressure, isEventsOwn } from './whose-error.js';

export interface ServerTimes {
  /** First and longest pause before a partition is tried again */
  readonly backoffMs: readonly [first: number, longest: number];
  /** Silence of the broker after which the service is not ready */
  readonly silenceMs: number;
  /** Silence after which the consumer is made anew */
  readonly deadMs: number;
  /** How long a partition may fail before the service is not ready */
  readonly failingMs: number;
  /** How often a position that cannot be gone on from is looked at again */
  readonly alarmMs: number;
}

const defaultTimes: ServerTimes = {
  backoffMs: [200, 10_000],
  silenceMs: 8_000,
  // Longer than a group may take to join again: the session of a member that is gone, and the rebalance.
  deadMs: 120_000,
  failingMs: 5_000,
  alarmMs: 10_000,
};

/** Most events that a handler gets at once. */
const maxPart = 1_000;
/** Tries of an event that fails alone, before it is a dead letter. */
const triesAlone = 3;
/** So many events that fail one after another are the fault of a deployment. */
const manyFailures = 10;
const heartbeatMs = 2_000;

/** Not an event's fault: too many of them failed in a row. */
class TooManyFailures extends Error {
  override readonly name = 'TooManyFailures';
}

export interface ServerOptions {
  readonly station: Station;
  readonly prefix: string;
  readonly mode: 'hop' | 'effect';
  /** Partitions that are worked on at once */
  readonly concurrency: number;
  readonly times?: Partial<ServerTimes>;
}

/** What the server works with. */
export interface ServerParts {
  readonly delivery: Delivery;
  readonly client: (observeLog: (entry: LogEntry) => void) => Kafka;
  readonly withAdmin: <T>(use: (admin: Admin) => Promise<T>) => Promise<T>;
  readonly metrics: (server: KafkaBatchServer) => MessagingMetrics;
  /** Runs before the consumer begins, and after it has left the group */
  readonly start: () => void;
  readonly stop: () => Promise<void>;
}

/**
 * Hands batches of Kafka's partitions to `@EventPattern` methods: one consumer a service. Each batch's outcome is durable before its
 * position moves. What cannot be read, and what fails by itself, becomes a dead letter; any other failure pauses the partition, and the
 * same events come again, in order, for ever, while other partitions go on.
 */
export class KafkaBatchServer extends Server implements CustomTransportStrategy {
  override readonly transportId = Symbol('closeloop:kafka-batch');
  readonly #logger = new Logger('Kafka');
  readonly #options: ServerOptions;
  readonly #parts: ServerParts;
  readonly #times: ServerTimes;
  readonly #decoders = new Map<string, (message: KafkaMessage, partition: number) => Item>();
  readonly #metrics: MessagingMetrics;
  readonly #stop = new AbortController();
  #consumer: Consumer | undefined;
  #assignment = new Assignment([]);
  #joined = false;
  #running: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  /** Monotonic milliseconds of the broker's last answer */
  #heard = performance.now();
  #trouble: string | undefined;
  #failuresInRow = 0;
  #cluster: string | undefined;

  constructor(options: ServerOptions, parts: ServerParts) {
    super();
    this.#options = options;
    this.#parts = parts;
    setMaxListeners(0, this.#stop.signal);
    this.#times = { ...defaultTimes, ...options.times };
    for (const event of options.station.consumes) {
      const decode = decoderOf(event, options.station.group);
      this.#decoders.set(event.topic, (message, partition) => {
        const decoded = decode(message, partition);
        switch (decoded.kind) {
          case 'event':
            return { message, kind: 'event', payload: decoded.event };
          case 'skip':
            return { message, kind: 'skip' };
          case 'dead-letter':
            return { message, kind: 'dead-letter', failure: { ...decoded, attempts: 0 } };
        }
      });
    }
    for (const { topic } of options.station.consumesDeadLettersOf) {
      const letters = deadLetterTopic(topic);
      this.#decoders.set(letters, (message, partition) => ({
        message,
        kind: 'event',
        payload: readDeadLetter(message, letters, partition),
      }));
    }
    this.#metrics = parts.metrics(this);
  }

  /** Checks the handlers against the station, then consumes in the background: a broker that is away makes unready, not dead. */
  listen(callback: (error?: unknown) => void): void {
    try {
      this.#checkHandlers();
      this.#parts.start();
      this.#running ??= this.#run();
      callback();
    } catch (error) {
      callback(error);
    }
  }

  /** Takes nothing more in, finishes the batch, leaves the group; then what was appended is sent. */
  close(): Promise<void> {
    return (this.#closing ??= (async () => {
      this.#stop.abort();
      this.#assignment.end();
      await this.#running;
      await this.#parts.stop();
    })());
  }

  on(): void {
    throw new Error('There is nothing to listen to: the server tells by its readiness, its metrics and its log.');
  }

  unwrap<T>(): T {
    return this.#consumer as T;
  }

  /** Why it does not consume; undefined when it does. */
  unready(): string | undefined {
    if (this.#decoders.size === 0) return undefined;
    const now = performance.now();
    if (!this.#joined) return `not a member of the consumer group${this.#trouble ? `: ${this.#trouble}` : ''}`;
    if (now - this.#heard > this.#times.silenceMs) {
      return `Kafka has not answered for ${Math.round((now - this.#heard) / 1000)} s`;
    }
    for (const { alarm, failingSince, failure, place } of this.#assignment.partitions.values()) {
      if (alarm) return alarm.reason;
      if (failingSince !== undefined && now - failingSince > this.#times.failingMs) {
        return `${place} is paused since ${Math.round((now - failingSince) / 1000)} s: ${failure}`;
      }
    }
    return undefined;
  }

  get pausedPartitions(): number {
    return [...this.#assignment.partitions.values()].filter(({ attempts }) => attempts > 0).length;
  }

  get alarmedPartitions(): number {
    return [...this.#assignment.partitions.values()].filter(({ alarm }) => alarm !== undefined).length;
  }

  #checkHandlers(): void {
    const { group } = this.#options.station;
    for (const [pattern, handler] of this.messageHandlers) {
      if (!this.#decoders.has(pattern)) {
        throw new Error(`There is a handler of ${pattern}, which ${group} does not consume: see pipeline.ts`);
      }
      if (!handler.isEventHandler) throw new Error(`The handler of ${pattern} must be an @EventPattern`);
      if (handler.next) throw new Error(`There is more than one handler of ${pattern}`);
    }
    for (const topic of this.#decoders.keys()) {
      if (!this.messageHandlers.has(topic)) throw new Error(`${group} consumes ${topic}, but nothing handles it`);
    }
  }

  #handlerOf(topic: string): BatchHandler {
    const handler = this.messageHandlers.get(topic)!;
    return async (payloads, context?: EffectContext) => {
      const result: unknown = await handler(payloads, context);
      return (isObservable(result) ? await lastValueFrom(result) : result) as readonly Outcome[];
    };
  }

  // The consumer ------------------------------------------------------------------------------------------------------------------

  /** Keeps one consumer in the group until the stop; one that dies is followed by another. */
  async #run(): Promise<void> {
    if (this.#decoders.size === 0) return;
    for (let failures = 0; !this.#stop.signal.aborted; failures++) {
      this.#heard = performance.now();
      const begun = performance.now();
      try {
        await this.#consume();
      } catch (error) {
        this.#trouble = describeError(error);
        this.#logger.error(`The consumer of ${this.#options.station.group} cannot run: ${this.#trouble}`);
      }
      this.#consumer = undefined;
      this.#left();
      if (performance.now() - begun > 60_000) failures = 0;
      await this.#pause(backoff(failures, this.#times.backoffMs));
    }
  }

  /** Nothing is owned until the group is joined again. */
  #left(): void {
    this.#joined = false;
    this.#assignment.end();
    this.#assignment = new Assignment([]);
  }

  #pause(ms: number): Promise<void> {
    return sleep(ms, undefined, { signal: this.#stop.signal }).catch(() => undefined);
  }

  /** One consumer, until it crashes for good, is silent for too long, or is to stop. */
  async #consume(): Promise<void> {
    const { prefix, station, concurrency } = this.#options;
    const consumer = this.#parts
      .client((entry) => this.#observeLog(entry))
      .consumer({
        groupId: prefix + station.group,
        sessionTimeout: 30_000,
        rebalanceTimeout: 60_000,
        heartbeatInterval: 3_000,
        maxBytesPerPartition: 1024 * 1024,
        maxBytes: 8 * 1024 * 1024,
        minBytes: 1,
        // Also how long a seek and a partition that is resumed wait, when no other partition has anything.
        maxWaitTimeInMs: 250,
        allowAutoTopicCreation: false,
        retry: {
          initialRetryTime: 200,
          maxRetryTime: 2_000,
          retries: 5,
          // A crash may show itself only after this consumer was given up.
          restartOnFailure: () => Promise.resolve(this.#consumer === consumer && !this.#stop.signal.aborted),
        },
      });
    this.#consumer = consumer;
    const { GROUP_JOIN, HEARTBEAT, COMMIT_OFFSETS, START_BATCH_PROCESS, CRASH, REBALANCING } = consumer.events;
    const hear = (): void => {
      this.#heard = performance.now();
    };
    consumer.on(HEARTBEAT, hear);
    consumer.on(COMMIT_OFFSETS, hear);
    consumer.on(REBALANCING, hear);
    consumer.on(GROUP_JOIN, (event) => {
      if (this.#consumer !== consumer || this.#stop.signal.aborted) return;
      hear();
      this.#assigned(consumer, event);
    });
    consumer.on(START_BATCH_PROCESS, ({ payload }) => {
      hear();
      // With nothing in it that a consumer may see, kafkajs goes past it without asking.
      const { topic, partition, batchSize, firstOffset, lastOffset } = payload;
      if (batchSize === 0 && (firstOffset as string | null) !== null) {
        this.#assignment.partitions
          .get(`${topic.slice(prefix.length)}/${partition}`)
          ?.filtered(BigInt(firstOffset), BigInt(lastOffset));
      }
    });
    let watch: NodeJS.Timeout | undefined;
    let running: Promise<void> = Promise.resolve();
    try {
      const ended = new Promise<Error | undefined>((resolve) => {
        this.#stop.signal.addEventListener('abort', () => resolve(undefined), { once: true });
        consumer.on(CRASH, ({ payload }) => {
          if (this.#consumer !== consumer) return;
          this.#left();
          // kafkajs begins anew, and is given the time for it.
          hear();
          this.#trouble = describeError(payload.error);
          if (!payload.restart) resolve(payload.error);
        });
        watch = setInterval(() => {
          if (performance.now() - this.#heard > this.#times.deadMs)
            resolve(new Error('Kafka has been silent for too long'));
        }, 1_000).unref();
      });
      running = (async () => {
        await consumer.connect();
        await consumer.subscribe({
          topics: [...this.#decoders.keys()].map((topic) => prefix + topic),
          fromBeginning: true,
        });
        await consumer.run({
          // The position moves when its effect is durable, and never by kafkajs's own clock; a seek stays local.
          autoCommit: false,
          eachBatchAutoResolve: false,
          partitionsConsumedConcurrently: concurrency,
          eachBatch: (payload) => this.#eachBatch(consumer, payload),
        });
      })();
      const error = await Promise.race([ended, running.then(() => ended)]);
      if (error) throw error;
    } finally {
      clearInterval(watch);
      // One that is still joining would join after all: it is let finish, and left again whenever that is.
      const joined = running.catch(() => undefined);
      const leave = () =>
        consumer
          .disconnect()
          .catch((error: unknown) => this.#logger.debug(`The consumer did not leave: ${describeError(error)}`));
      const patience = (ms: number) => sleep(ms, undefined, { ref: false });
      await Promise.race([joined, patience(5_000)]);
      // At a stop the batch is finished, however long that takes; but one that hangs may not hold up the next consumer.
      const left = leave();
      void joined.then(leave);
      await (this.#stop.signal.aborted ? left : Promise.race([left, patience(10_000)]));
    }
  }

  /** kafkajs resets an offset that is out of range by itself, and only its log tells. */
  #observeLog({ log }: LogEntry): void {
    if (!log.message.startsWith('Offset out of range')) return;
    const { topic, partition } = log as unknown as { topic: string; partition: number };
    const owned = this.#assignment.partitions.get(`${topic.slice(this.#options.prefix.length)}/${partition}`);
    if (owned && this.#consumer) this.#reposition(this.#consumer, owned);
  }

  // Positions ---------------------------------------------------------------------------------------------------------------------

  /** Called before the first fetch of the new generation: nothing is fetched until its position was read and found good. */
  #assigned(consumer: Consumer, { payload }: ConsumerGroupJoinEvent): void {
    const { prefix } = this.#options;
    this.#assignment.end();
    const owned = Object.entries(payload.memberAssignment).flatMap(([topic, partitions]) =>
      partitions.map((partition) => new OwnedPartition(topic.slice(prefix.length), partition)),
    );
    const assignment = (this.#assignment = new Assignment(owned));
    this.#joined = true;
    this.#trouble = undefined;
    this.#hold(consumer, owned);
    if (owned.length > 0) void this.#position(consumer, assignment, owned);
  }

  #hold(consumer: Consumer, owned: readonly OwnedPartition[]): void {
    const { prefix } = this.#options;
    whileInGroup(() =>
      consumer.pause(owned.map(({ topic, partition }) => ({ topic: prefix + topic, partitions: [partition] }))),
    );
  }

  /** Reads where to go on, seeks there and lets go; until it can be read, it tries again. */
  async #position(consumer: Consumer, assignment: Assignment, owned: readonly OwnedPartition[]): Promise<void> {
    const { prefix, mode } = this.#options;
    let positions: Map<string, bigint | Alarm>;
    try {
      const ranges = await this.#rangesOf(owned);
      positions = await this.#parts.delivery.positions(this.#cluster!, ranges);
      if (mode === 'hop') {
        // What was sent is known better here than in Kafka, where kafkajs may have reset it meanwhile.
        for (const range of ranges) {
          const known = assignment.partitions.get(`${range.topic}/${range.partition}`)?.position;
          if (known === undefined) continue;
          const within = known >= range.low && known <= range.high;
          positions.set(
            `${range.topic}/${range.partition}`,
            within
              ? known
              : new Alarm(
                  `${range.topic}/${range.partition} goes on at ${known}, but its log holds ${range.low} to ${range.high}`,
                ),
          );
        }
      }
    } catch (error) {
      if (!this.#isCurrent(assignment)) return;
      for (const partition of owned) this.#failed(consumer, assignment, partition, error);
      return;
    }
    if (!this.#isCurrent(assignment)) return;
    for (const partition of owned) {
      if (partition.busy) {
        this.#retryLater(consumer, assignment, partition, 50);
        continue;
      }
      const position = positions.get(partition.place) ?? new Alarm(`${partition.place} has no position`);
      if (position instanceof Alarm) {
        this.#alarm(consumer, assignment, partition, position);
        continue;
      }
      if (partition.alarm) this.#logger.log(`${partition.place} goes on at ${position}.`);
      partition.alarm = undefined;
      partition.position = position;
      const topic = prefix + partition.topic;
      whileInGroup(() => {
        consumer.seek({ topic, partition: partition.partition, offset: position.toString() });
        consumer.resume([{ topic, partitions: [partition.partition] }]);
      });
    }
  }

  /** @throws when a topic or partition is not there, or Kafka cannot be asked */
  async #rangesOf(owned: readonly OwnedPartition[]): Promise<LogRange[]> {
    const { prefix } = this.#options;
    return this.#parts.withAdmin(async (admin) => {
      this.#cluster = (await admin.describeCluster()).clusterId;
      const ranges: LogRange[] = [];
      for (const topic of new Set(owned.map((partition) => partition.topic))) {
        const offsets = await admin.fetchTopicOffsets(prefix + topic);
        for (const { partition } of owned.filter((one) => one.topic === topic)) {
          const found = offsets.find((one) => one.partition === partition);
          if (!found) throw new Error(`${prefix}${topic} has no partition ${partition}`);
          ranges.push({ topic, partition, low: BigInt(found.low), high: BigInt(found.high) });
        }
      }
      return ranges;
    });
  }

  #isCurrent(assignment: Assignment): boolean {
    return assignment === this.#assignment && !this.#stop.signal.aborted;
  }

  /** Holds a partition back, reads again where it is to go on, and seeks there. */
  #reposition(consumer: Consumer, partition: OwnedPartition): void {
    const assignment = this.#assignment;
    clearTimeout(partition.timer);
    this.#hold(consumer, [partition]);
    void this.#position(consumer, assignment, [partition]);
  }

  #retryLater(consumer: Consumer, assignment: Assignment, partition: OwnedPartition, ms: number): void {
    if (!this.#isCurrent(assignment)) return;
    clearTimeout(partition.timer);
    partition.timer = setTimeout(() => void this.#position(consumer, assignment, [partition]), ms);
  }

  #alarm(consumer: Consumer, assignment: Assignment, partition: OwnedPartition, alarm: Alarm): void {
    if (partition.alarm?.reason !== alarm.reason) {
      this.#logger.error(`${alarm.reason}. It stays paused: see "closeloop republish".`);
    }
    partition.alarm = alarm;
    this.#metrics.paused(partition.topic, 'alarm');
    // kafkajs may have put the default offset into Kafka: put back where it truly was, so that the next start is alarmed too.
    if (this.#options.mode === 'hop' && partition.position !== undefined) {
      const at = { topic: this.#options.prefix + partition.topic, partition: partition.partition };
      const offset = partition.position.toString();
      whileInGroup(() => void consumer.commitOffsets([{ ...at, offset }]).catch(() => undefined));
    }
    this.#retryLater(consumer, assignment, partition, this.#times.alarmMs);
  }

  /** Pauses a partition after an error that is not an event's own; it goes on from its position after a while. */
  #failed(consumer: Consumer, assignment: Assignment, partition: OwnedPartition, error: unknown): void {
    if (!this.#isCurrent(assignment)) return;
    this.#hold(consumer, [partition]);
    const waits = error instanceof BackPressure;
    if (!waits) {
      partition.failingSince ??= performance.now();
      partition.failure = describeError(error);
    }
    const told = `${partition.place} is paused and will be tried again: ${describeError(error)}`;
    if (partition.attempts === 0) this.#logger.warn(told);
    else this.#logger.debug(told);
    this.#metrics.paused(partition.topic, waits ? 'back-pressure' : 'error');
    const ms = waits ? 250 : backoff(partition.attempts, this.#times.backoffMs);
    partition.attempts++;
    this.#retryLater(consumer, assignment, partition, ms);
  }

  // Batches -----------------------------------------------------------------------------------------------------------------------

  async #eachBatch(consumer: Consumer, payload: EachBatchPayload): Promise<void> {
    const { batch } = payload;
    const { prefix } = this.#options;
    const topic = batch.topic.slice(prefix.length);
    const assignment = this.#assignment;
    const partition = assignment.partitions.get(`${topic}/${batch.partition}`);
    // Fetched before it was held back, or of a generation that is over.
    if (!partition || partition.busy || partition.position === undefined || partition.alarm || payload.isStale())
      return;
    const fetchedOffset = BigInt((batch as unknown as { fetchedOffset: string }).fetchedOffset);
    if (!partition.followsOn(fetchedOffset)) {
      this.#logger.debug(
        `${partition.place}: a batch fetched at ${fetchedOffset} is thrown away, ${partition.position} is next`,
      );
      this.#reposition(consumer, partition);
      return;
    }

    const begun = performance.now();
    const before = partition.position;
    partition.busy = true;
    // Heartbeats happen between batches only; an error of one shows itself at the next.
    const beat = setInterval(() => void payload.heartbeat().catch(() => undefined), heartbeatMs);
    try {
      const { messages } = batch;
      for (let at = 0; at < messages.length && payload.isRunning() && this.#isCurrent(assignment); at += maxPart) {
        const decode = this.#decoders.get(topic)!;
        const items = messages.slice(at, at + maxPart).map((message) => decode(message, batch.partition));
        // Behind the last message may be control records.
        const after = messages[at + maxPart];
        const next = after ? BigInt(after.offset) : BigInt(batch.lastOffset()) + 1n;
        await this.#handle(partition, items, next);
        partition.succeeded();
        if (after) await payload.heartbeat();
      }
    } catch (error) {
      if (isGroupError(error)) throw error;
      if (error instanceof FenceLost) {
        this.#logger.warn(`${error.message}: another has taken it on`);
        if (this.#isCurrent(assignment)) this.#reposition(consumer, partition);
      } else {
        this.#failed(consumer, assignment, partition, error);
      }
    } finally {
      clearInterval(beat);
      partition.busy = false;
      this.#metrics.batch(topic, (performance.now() - begun) / 1000);
    }
    const position = partition.position;
    if (position === before) return;
    payload.resolveOffset((position - 1n).toString());
    await payload.commitOffsetsIfNecessary({
      topics: [{ topic: batch.topic, partitions: [{ partition: batch.partition, offset: position.toString() }] }],
    });
  }

  /**
   * Applies a part. When an event fails by itself, the part is halved down to it, so that the ones around it go on.
   * @throws every other error: what was applied before it is done, and the position says how far
   */
  async #handle(partition: OwnedPartition, items: readonly Item[], next: bigint): Promise<void> {
    const isLetters = partition.topic.endsWith('.dead-letter');
    try {
      await this.#apply(partition, items, next);
      return;
    } catch (error) {
      if (isLetters || !isEventsOwn(error)) throw error;
      if (items.length > 1) {
        const middle = Math.ceil(items.length / 2);
        await this.#handle(partition, items.slice(0, middle), BigInt(items[middle]!.message.offset));
        await this.#handle(partition, items.slice(middle), next);
        return;
      }
      await this.#handleAlone(partition, items[0]!, next, error);
    }
  }

  async #handleAlone(partition: OwnedPartition, item: Item, next: bigint, first: unknown): Promise<void> {
    let error = first;
    for (let tries = 1; tries < triesAlone; tries++) {
      try {
        await this.#apply(partition, [item], next);
        return;
      } catch (again) {
        if (!isEventsOwn(again)) throw again;
        error = again;
      }
    }
    const told = describeFailure(error);
    if (this.#failuresInRow + 1 >= manyFailures) {
      throw new TooManyFailures(`${manyFailures} events in a row failed, the last with ${told.message}`);
    }
    await this.#apply(
      partition,
      [
        {
          message: item.message,
          kind: 'dead-letter',
          failure: { reason: 'handler-error', ...told, attempts: triesAlone },
        },
      ],
      next,
    );
    this.#failuresInRow++;
    this.#logger.warn(`${partition.place} offset ${item.message.offset} is a dead letter: ${told.message}`);
  }

  async #apply(partition: OwnedPartition, items: readonly Item[], next: bigint): Promise<void> {
    const { topic } = partition;
    const from = partition.position!;
    const part: Part = { topic, partition: partition.partition, cluster: this.#cluster!, items, from, next };
    const counts = await this.#parts.delivery.apply(part, this.#handlerOf(topic));
    partition.position = next;
    if (items.some(({ kind }) => kind === 'event')) this.#failuresInRow = 0;
    this.#metrics.applied(topic, counts);
  }
}

/** After a crash kafkajs has no group to pause, seek or resume in, and throws: the next assignment begins anew anyway. */
function whileInGroup(act: () => void): void {
  try {
    act();
  } catch (error) {
    if ((error as Error).name !== 'KafkaJSNonRetriableError') throw error;
  }
}

/** Errors by which kafkajs must learn that the group moves on. */
const isGroupError = (error: unknown): boolean =>
  typeof error === 'object' &&
  error !== null &&
  'type' in error &&
  ['REBALANCE_IN_PROGRESS', 'ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'NOT_COORDINATOR_FOR_GROUP'].includes(
    String(error.type),
  );

/** Name, message and stack, of the error that caused it all. */
function describeFailure(error: unknown): { message: string; stack?: string } {
  const { name, message, stack } = error as Error;
  return { message: `${name}: ${message}`, ...(stack !== undefined && { stack }) };
}

/** Doubles from the first to the longest, with jitter so that what failed together does not come back together. */
const backoff = (attempts: number, [first, longest]: readonly [number, number]): number =>
  Math.min(longest, first * 2 ** Math.min(attempts, 20)) * (0.5 + Math.random() / 2);
