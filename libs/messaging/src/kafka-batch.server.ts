import { deadLetterTopic, type Station } from '@closeloop/contracts';
import { describeError, sqlStateOf, type Tracer } from '@closeloop/platform';
import { Logger } from '@nestjs/common';
import { type CustomTransportStrategy, Server } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';
import {
  type Admin,
  type Consumer,
  type ConsumerGroupJoinEvent,
  type EachBatchPayload,
  type KafkaMessage,
  type LogEntry,
  PartitionAssigners,
} from 'kafkajs';
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Assignment, OwnedPartition } from './assignment.js';
import {
  Alarm,
  type BatchHandler,
  type Delivery,
  FenceLost,
  type Item,
  type Log,
  type LogRange,
  type OutcomeCounts,
  type Part,
  type Tally,
} from './batch.js';
import { decoderOf } from './cloud-event.js';
import { readDeadLetter } from './dead-letter.js';
import { Gathering } from './gathering.js';
import { type EffectContext } from './incoming.js';
import { type KafkaClient } from './kafka.client.js';
import { joinAs, type Member } from './kafkajs.guards.js';
import { fetchByHalves } from './kafkajs.halves.js';
import { type MessagingMetrics } from './messaging.metrics.js';
import { type Outcome } from './outcome.js';
import { PartTrace } from './part-trace.js';
import { type PartitionStatus } from './station-status.js';
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
  backoffMs: [200, 3_000],
  // No heartbeat for nearly a session: the partitions are another's, or soon will be.
  silenceMs: 5_500,
  // Longer than a group may take to join again: the session of a member that is gone, or the rebalance.
  deadMs: 20_000,
  failingMs: 5_000,
  alarmMs: 10_000,
};

/** Most events that a handler gets at once, of however many partitions: what a hop has in hand is memory, an effect's also a transaction saved. */
const maxTogether = { hop: 250, effect: 400 } as const;
/** Most bytes of a fetch, about what is delivered at once: all of it is in memory, as bytes, text and objects. A larger event comes alone. */
const fetchBytes = { hop: 768 * 1024, effect: 512 * 1024, resting: 1024 * 1024 } as const;
/** Partitions that are worked on at once: about all that a fetch brings something of, so that they are done together. Each costs, also where there are fewer. */
const concurrency = 64;
/** Deliveries under way at once: while one waits for the database or the broker, another is computed. */
const lanes = 2;
/** A delivery costs some milliseconds of processor, however few events it has: so often at most, and what comes meanwhile goes together. */
const deliveryEveryMs = 10;
/** How often an effect's positions, which Kafka has only for those who watch, are committed to it. */
const watchersMs = 1_000;
/** Tries of an event that fails alone, before it is a dead letter. */
const triesAlone = 3;
/** So many events that fail one after another are the fault of a deployment. */
const manyFailures = 20;
/** A member that is not heard of for so long is gone, and its partitions go to others. */
const sessionMs = 6_000;
const heartbeatMs = 1_500;
/** How long a group waits for a member that finishes its batches. */
const rebalanceMs = 10_000;
/** How old the end of a log may be that is told, and how long is waited for a newer one. */
const freshMs = 2_000;
/** How long a fetch waits for events. */
const waitMs = 2_000;
/** The same while a partition is held back after a failure: let go, it waits for the fetch at hand when no other one has anything. */
const heldWaitMs = 250;
/** The same while partitions are to get their positions. */
const impatientMs = 25;
/** What a member asks its group's coordinator while it joins or stays; not commits, which those who watch make whatever the member waits for. */
const asksOfMember: ReadonlySet<string> = new Set(['JoinGroup', 'SyncGroup', 'Heartbeat']);
/** First and longest pause before a consumer is made anew */
const rejoinMs = [200, 2_000] as const;

/** A part that was tried together with others, and then failed by itself. */
class UndoneAlone {
  constructor(readonly error: unknown) {}
}

interface CommitRequest {
  readonly payload: EachBatchPayload;
  /** As Kafka calls it */
  readonly topic: string;
  readonly partition: number;
  readonly position: bigint;
}

/** One request for what was done together. @throws what kafkajs throws, by which it learns that the group moves on */
async function commitTogether(requests: readonly CommitRequest[]): Promise<readonly void[]> {
  const topics = new Map<string, { partition: number; offset: string }[]>();
  for (const { topic, partition, position } of requests) {
    const partitions = topics.get(topic) ?? [];
    topics.set(topic, [...partitions, { partition, offset: position.toString() }]);
  }
  await requests.at(-1)!.payload.commitOffsetsIfNecessary({
    topics: [...topics].map(([topic, partitions]) => ({ topic, partitions })),
  });
  return requests.map(() => undefined);
}

/** Not an event's fault: too many of them failed in a row. */
class TooManyFailures extends Error {
  override readonly name = 'TooManyFailures';
}

export interface ServerOptions {
  readonly station: Station;
  readonly prefix: string;
  readonly mode: 'hop' | 'effect';
  /** How long from one fetch that brought something to the next, at least */
  readonly restMs: number;
  readonly times?: Partial<ServerTimes>;
}

/** What the server works with. */
export interface ServerParts {
  readonly delivery: Delivery;
  readonly client: (observeLog: (entry: LogEntry) => void) => KafkaClient;
  readonly withAdmin: <T>(use: (admin: Admin) => Promise<T>) => Promise<T>;
  readonly metrics: (server: KafkaBatchServer) => MessagingMetrics;
  readonly tracer: Tracer;
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
  #ends: Promise<void> | undefined;
  #endsAsked = -Infinity;
  /** Partitions that are worked on */
  #busy = 0;
  /** Until Kafka is told how far an effect has come */
  #watchers: NodeJS.Timeout | undefined;
  readonly #member: Member = { stop: this.#stop.signal };
  /** Parts of different partitions go together, as soon as the one before them is done: a transaction, or a send, for all that waits. */
  readonly #deliveries: Gathering<Part, Tally | UndoneAlone>;
  readonly #commits: Gathering<CommitRequest, void>;

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
    this.#deliveries = new Gathering<Part, Tally | UndoneAlone>({
      answer: (together) => this.#deliver(together),
      // what was tried before may fail again, and is nobody else's matter
      alike: (first, other) => first.topic === other.topic && first.attempts === 1 && other.attempts === 1,
      sizeOf: ({ messages }) => messages.length,
      ...{ most: maxTogether[options.mode], lanes, everyMs: deliveryEveryMs },
    });
    this.#commits = new Gathering<CommitRequest, void>({ answer: commitTogether });
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
    for (const { alarm, failingSince, failure, place, position, heldSince } of this.#assignment.partitions.values()) {
      if (alarm) return alarm.reason;
      // Without a position it has waited since it was held, whether asking failed or had no answer yet.
      const since = position === undefined ? heldSince : failingSince;
      if (since !== undefined && now - since > this.#times.failingMs) {
        return `${place} is paused since ${Math.round((now - since) / 1000)} s: ${failure ?? 'it has no position yet'}`;
      }
    }
    return undefined;
  }

  /** The consumer group, without the environment's prefix. */
  get group(): string {
    return this.#options.station.group;
  }

  /** Events by outcome, since the start. */
  get events(): OutcomeCounts {
    return this.#metrics.totals;
  }

  /** The partitions that this member owns, as it knows them by itself. */
  get owned(): readonly OwnedPartition[] {
    return [...this.#assignment.partitions.values()];
  }

  /** The partitions that this member owns; asks Kafka how far their logs go, and does without while it does not answer. */
  async partitions(): Promise<PartitionStatus[]> {
    await this.readEnds();
    return this.owned.map((partition) => this.#statusOf(partition));
  }

  /** Asks how far the logs go, unless that was done just now; several who ask at once share the answer. Never fails. */
  async readEnds(): Promise<void> {
    if (this.#ends === undefined && performance.now() - this.#endsAsked < freshMs) return;
    this.#ends ??= (async () => {
      this.#endsAsked = performance.now();
      const stale = this.owned.filter(({ end }) => end === undefined || performance.now() - end.at > freshMs);
      try {
        if (stale.length > 0) await this.#logOf(stale);
      } catch (error) {
        this.#logger.debug(`The ends of the logs are not known: ${describeError(error)}`);
      }
    })().finally(() => (this.#ends = undefined));
    await Promise.race([this.#ends, sleep(freshMs, undefined, { ref: false })]);
  }

  #statusOf(partition: OwnedPartition): PartitionStatus {
    const { state, position, end, lag, alarm, failure, heldSince, lastEventAt } = partition;
    const number = (offset: bigint | undefined) => (offset === undefined ? null : Number(offset));
    const waitsFor = {
      running: undefined,
      positioning: 'Kafka to say where its log begins and ends',
      waiting: failure,
      failing: failure,
      alarm: alarm && `${alarm.reason}; see "closeloop republish"`,
    }[state];
    // What was told long ago, and could not be asked again, is not known.
    const known = end !== undefined && performance.now() - end.at < 5 * freshMs;
    return {
      topic: partition.topic,
      partition: partition.partition,
      position: number(position),
      end: known ? number(end.offset) : null,
      lag: known ? number(lag) : null,
      state,
      ...(waitsFor !== undefined && { waitsFor }),
      ...(state !== 'running' && heldSince !== undefined && { since: rfc3339(heldSince) }),
      attempts: partition.attempts,
      ...(lastEventAt !== undefined && { lastEventAt: new Date(lastEventAt).toISOString() }),
    };
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
        // what kafkajs itself would try again is no more than late: a broker that has only just begun, say
        const passes = (error as { retriable?: boolean }).retriable === true;
        this.#logger[passes ? 'warn' : 'error'](
          `The consumer of ${this.#options.station.group} cannot run: ${this.#trouble}`,
        );
      }
      this.#consumer = undefined;
      this.#left();
      if (performance.now() - begun > 60_000) failures = 0;
      await this.#pause(backoff(failures, rejoinMs));
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
    const { prefix, station, mode, restMs } = this.#options;
    // who rests after each fetch takes more by it
    const maxBytes = fetchBytes[restMs > 0 ? 'resting' : mode];
    const client = this.#parts.client((entry) => this.#observeLog(entry));
    const consumer = client.kafka.consumer({
      groupId: prefix + station.group,
      sessionTimeout: sessionMs,
      rebalanceTimeout: rebalanceMs,
      heartbeatInterval: heartbeatMs,
      // One may have all of it: of a partition whose next records do not fit into its part Kafka sends what is thrown away. But who rests
      // has few fetches, and something of each by all of them.
      maxBytesPerPartition: restMs > 0 ? maxBytes / 4 : maxBytes,
      maxBytes,
      minBytes: 1,
      maxWaitTimeInMs: waitMs,
      allowAutoTopicCreation: false,
      partitionAssigners: [
        (config) => {
          joinAs(config.cluster, this.#member);
          if (restMs === 0) fetchByHalves(config.cluster);
          return PartitionAssigners.roundRobin(config);
        },
      ],
      // A crash is followed by a consumer of our own making: kafkajs does not follow each (kafkajs#1443).
      retry: { initialRetryTime: 200, maxRetryTime: 1_000, retries: 5, restartOnFailure: () => Promise.resolve(false) },
    });
    this.#consumer = consumer;
    const { GROUP_JOIN, HEARTBEAT, COMMIT_OFFSETS, START_BATCH_PROCESS, CRASH, REBALANCING, REQUEST } = consumer.events;
    // A coordinator that was away and refuses a heartbeat is there again: who joins then has as long as anybody who joins.
    let answered = -Infinity;
    consumer.on(REQUEST, ({ payload }) => {
      if (asksOfMember.has(payload.apiName)) answered = performance.now();
    });
    const hear = (): void => {
      this.#heard = performance.now();
    };
    consumer.on(HEARTBEAT, hear);
    consumer.on(COMMIT_OFFSETS, hear);
    // Not FETCH, which comes also when nothing was asked for, nor a batch's beginning, which may come long after its answer.
    consumer.on(REBALANCING, hear);
    consumer.on(GROUP_JOIN, (event) => {
      if (this.#consumer !== consumer || this.#stop.signal.aborted) return;
      hear();
      this.#assigned(consumer, event);
    });
    consumer.on(START_BATCH_PROCESS, ({ payload }) => {
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
          resolve(payload.error);
        });
        watch = setInterval(() => {
          if (performance.now() - Math.max(this.#heard, answered) > this.#times.deadMs)
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
      const patience = (ms: number) => sleep(ms, undefined, { ref: false });
      const joined = await Promise.race([running.then(() => true), patience(1_000)]).catch(() => false);
      const left = consumer
        .stop()
        .then(() => {
          // Out of the group. A disconnect would wait for the fetch that waits for events.
          client.hangUp();
          return consumer.disconnect();
        })
        .catch((error: unknown) => this.#logger.debug(`The consumer did not leave: ${describeError(error)}`));
      // At a stop the batch is finished, however long that takes; but one that hangs may not hold up the next consumer.
      await (this.#stop.signal.aborted && joined ? left : Promise.race([left, patience(2_000)]));
      // What is still under way in it ends here: it would join after all, or take a batch.
      client.hangUp();
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
    if (owned.length === 0) return;
    this.#member.pace?.(impatientMs);
    void this.#position(consumer, assignment, owned).finally(() => {
      if (assignment === this.#assignment) this.#pace();
    });
  }

  #pace(): void {
    const held = [...this.#assignment.partitions.values()].some(({ attempts }) => attempts > 0);
    this.#member.pace?.(held ? heldWaitMs : waitMs);
  }

  #succeeded(partition: OwnedPartition): void {
    const wasHeld = partition.attempts > 0;
    partition.succeeded();
    if (wasHeld) this.#pace();
  }

  #hold(consumer: Consumer, owned: readonly OwnedPartition[]): void {
    const { prefix } = this.#options;
    whileInGroup(() =>
      consumer.pause(owned.map(({ topic, partition }) => ({ topic: prefix + topic, partitions: [partition] }))),
    );
  }

  /** Reads where to go on, seeks there and lets go; until it can be read, it tries again. */
  async #position(consumer: Consumer, assignment: Assignment, owned: readonly OwnedPartition[]): Promise<void> {
    const { prefix } = this.#options;
    let positions: Map<string, bigint | Alarm>;
    try {
      const known = new Map(
        owned.flatMap(({ place, position }) => (position === undefined ? [] : [[place, position]])),
      );
      positions = await this.#parts.delivery.positions(owned, () => this.#logOf(owned), known);
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
      const wasAlarmed = partition.alarm !== undefined;
      partition.alarm = undefined;
      partition.position = position;
      // Tries of events that failed still count: only one that is done ends them. There may be none for long.
      if (!partition.eventsFailed) this.#succeeded(partition);
      if (wasAlarmed) {
        this.#logger.log(`${partition.place} goes on at ${position}.`);
        this.#commitPosition(consumer, partition);
      }
      if (this.#options.mode === 'effect') this.#commitForWatchers(consumer);
      const topic = prefix + partition.topic;
      whileInGroup(() => {
        consumer.seek({ topic, partition: partition.partition, offset: position.toString() });
        consumer.resume([{ topic, partitions: [partition.partition] }]);
      });
    }
  }

  /** @throws when a topic or partition is not there, or Kafka cannot be asked */
  async #logOf(owned: readonly OwnedPartition[]): Promise<Log> {
    const { prefix } = this.#options;
    return this.#parts.withAdmin(async (admin) => {
      const cluster = (this.#cluster = (await admin.describeCluster()).clusterId);
      const ranges: LogRange[] = [];
      const topics = [...new Set(owned.map((partition) => partition.topic))];
      const found = await Promise.all(
        topics.map(async (topic) => [topic, await admin.fetchTopicOffsets(prefix + topic)] as const),
      );
      for (const [topic, offsets] of found) {
        for (const { partition } of owned.filter((one) => one.topic === topic)) {
          const range = offsets.find((one) => one.partition === partition);
          if (!range) throw new Error(`${prefix}${topic} has no partition ${partition}`);
          const high = BigInt(range.high);
          ranges.push({ topic, partition, low: BigInt(range.low), high });
          const current = this.#assignment.partitions.get(`${topic}/${partition}`);
          if (current) current.end = { offset: high, at: performance.now() };
        }
      }
      return { cluster, ranges };
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
    if (!partition.alarm) partition.heldSince = performance.now();
    partition.alarm = alarm;
    this.#metrics.paused(partition.topic, 'alarm');
    // kafkajs may have put the default offset into Kafka: put back where it truly was, so that the next start is alarmed too.
    this.#commitPosition(consumer, partition);
    this.#retryLater(consumer, assignment, partition, this.#times.alarmMs);
  }

  /** A hop's position is Kafka's; an effect's is not, and what Kafka has there counts for nothing. */
  #commitPosition(consumer: Consumer, { topic, partition, position }: OwnedPartition): void {
    if (this.#options.mode !== 'hop' || position === undefined) return;
    const at = { topic: this.#options.prefix + topic, partition, offset: position.toString() };
    this.#commit(consumer, [at]);
  }

  /**
   * Not while it joins: a broker reads nothing more on a connection until it has answered who joins, and one that gets no answer is broken
   * off, so that it would not join at all. It is done again with the positions that come of joining.
   */
  #commit(consumer: Consumer, places: Parameters<Consumer['commitOffsets']>[0]): void {
    if (this.#member.isIn?.() === false) return;
    whileInGroup(() => void consumer.commitOffsets(places).catch(() => undefined));
  }

  /** Pauses a partition after an error that is not an event's own; it goes on from its position after a while. */
  #failed(consumer: Consumer, assignment: Assignment, partition: OwnedPartition, error: unknown): void {
    if (!this.#isCurrent(assignment)) return;
    this.#hold(consumer, [partition]);
    const waits = error instanceof BackPressure;
    if (!waits) partition.failingSince ??= performance.now();
    partition.heldSince ??= performance.now();
    partition.failure = describeError(error);
    const told = `${partition.place} is paused and will be tried again: ${describeError(error)}`;
    if (partition.attempts === 0) this.#logger.warn(told);
    else this.#logger.debug(told);
    this.#metrics.paused(partition.topic, waits ? 'back-pressure' : 'error');
    const ms = waits ? 250 : backoff(partition.attempts, this.#times.backoffMs);
    if (partition.attempts++ === 0) this.#pace();
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
    this.#busy++;
    partition.end = { offset: BigInt(batch.highWatermark), at: begun };
    partition.oldest = Number(batch.messages[0]?.timestamp);
    this.#metrics.fetched(topic, batch.messages.length);
    // Heartbeats happen between batches only; an error of one shows itself at the next.
    const beat = setInterval(() => void payload.heartbeat().catch(() => undefined), heartbeatMs);
    try {
      const { messages } = batch;
      for (let at = 0, end = 0; at < messages.length && payload.isRunning() && this.#isCurrent(assignment); at = end) {
        // As much as is delivered at once, shared by all that have something.
        end = at + Math.ceil((maxTogether[this.#options.mode] * lanes) / Math.max(lanes, this.#busy));
        // Behind the last message may be control records.
        const after = messages[end];
        const next = after ? BigInt(after.offset) : BigInt(batch.lastOffset()) + 1n;
        await this.#handle(partition, messages.slice(at, end), next);
        this.#succeeded(partition);
        partition.lastEventAt = Date.now();
        partition.oldest = after && Number(after.timestamp);
        if (after) await payload.heartbeat();
      }
    } catch (error) {
      if (isGroupError(error)) throw error;
      if (error instanceof FenceLost) {
        this.#logger.warn(`${error.message}: another has taken it on`);
        if (this.#isCurrent(assignment)) this.#reposition(consumer, partition);
      } else {
        partition.eventsFailed = true;
        this.#failed(consumer, assignment, partition, error);
      }
    } finally {
      clearInterval(beat);
      partition.busy = false;
      this.#busy--;
      this.#metrics.batch(topic, (performance.now() - begun) / 1000);
    }
    const position = partition.position;
    if (position === before) return;
    payload.resolveOffset((position - 1n).toString());
    if (this.#options.mode === 'hop')
      await this.#commits.ask({ payload, topic: batch.topic, partition: batch.partition, position });
    else this.#commitForWatchers(consumer);
    const rest = begun + this.#options.restMs - performance.now();
    if (rest > 0) await this.#pause(rest);
  }

  /** An effect's position lies in its database: Kafka's is for those who look how far a group has come, and may be late. */
  #commitForWatchers(consumer: Consumer): void {
    if (this.#watchers) return;
    this.#watchers = setTimeout(() => {
      this.#watchers = undefined;
      const { prefix } = this.#options;
      const done = this.owned.filter(({ position, alarm }) => position !== undefined && !alarm);
      const places = done.map(({ topic, partition, position }) => ({
        topic: prefix + topic,
        partition,
        offset: position!.toString(),
      }));
      if (this.#consumer === consumer && places.length > 0) this.#commit(consumer, places);
    }, watchersMs).unref();
  }

  /**
   * One delivery for all of them. Where an event fails, or another owner has taken one of the partitions on, each is done by itself, so that
   * it is nobody else's matter.
   */
  async #deliver(parts: readonly Part[]): Promise<readonly (Tally | UndoneAlone)[]> {
    const handler = this.#handlerOf(parts[0]!.topic);
    try {
      return await this.#parts.delivery.apply(parts, handler);
    } catch (error) {
      if (parts.length === 1 || !(isEventsOwn(error) || error instanceof FenceLost)) throw error;
    }
    const answers: (Tally | UndoneAlone)[] = [];
    for (const part of parts) {
      try {
        answers.push(...(await this.#parts.delivery.apply([part], handler)));
      } catch (error) {
        answers.push(new UndoneAlone(error));
      }
    }
    return answers;
  }

  /**
   * Applies a part. When an event fails by itself, the part is halved down to it, so that the ones around it go on.
   * @throws every other error: what was applied before it is done, and the position says how far
   */
  async #handle(partition: OwnedPartition, messages: readonly KafkaMessage[], next: bigint): Promise<void> {
    const isLetters = partition.topic.endsWith('.dead-letter');
    try {
      await this.#apply(partition, messages, next);
      return;
    } catch (error) {
      if (isLetters || !isEventsOwn(error)) throw error;
      if (messages.length > 1) {
        const middle = Math.ceil(messages.length / 2);
        await this.#handle(partition, messages.slice(0, middle), BigInt(messages[middle]!.offset));
        await this.#handle(partition, messages.slice(middle), next);
        return;
      }
      await this.#handleAlone(partition, messages[0]!, next, error);
    }
  }

  async #handleAlone(partition: OwnedPartition, message: KafkaMessage, next: bigint, first: unknown): Promise<void> {
    let error = first;
    for (let tries = 1; tries < triesAlone; tries++) {
      try {
        await this.#apply(partition, [message], next, { tries });
        return;
      } catch (again) {
        if (!isEventsOwn(again)) throw again;
        error = again;
      }
    }
    // An error's own words may quote the event: they go into the dead letter, and nowhere else.
    const kind = kindOf(error);
    if (this.#failuresInRow + 1 >= manyFailures) {
      throw new TooManyFailures(`${manyFailures} events in a row failed, the last with ${kind}`);
    }
    const failure = { reason: 'handler-error' as const, ...describeFailure(error), attempts: triesAlone };
    await this.#apply(partition, [message], next, { read: () => ({ message, kind: 'dead-letter', failure }) });
    this.#failuresInRow++;
    this.#logger.warn(
      `${partition.place} offset ${message.offset} is a dead letter: ${kind}`,
      aboutOf(this.#read(partition, message)),
    );
  }

  #read({ topic, partition }: OwnedPartition, message: KafkaMessage): Item {
    return this.#decoders.get(topic)!(message, partition);
  }

  /** @param how.tries how often the part was handed over before, in this batch */
  async #apply(
    partition: OwnedPartition,
    messages: readonly KafkaMessage[],
    next: bigint,
    { tries = 0, read = (message: KafkaMessage) => this.#read(partition, message) } = {},
  ): Promise<void> {
    const { topic } = partition;
    const trace = new PartTrace(this.#parts.tracer, partition, this.#options.station.group);
    const tally = await this.#deliveries.ask({
      ...{ topic, partition: partition.partition, cluster: this.#cluster!, messages },
      ...{ attempts: partition.attempts + tries + 1, from: partition.position!, next },
      read: (message) => trace.of(read(message)),
    });
    if (tally instanceof UndoneAlone) throw tally.error;
    trace.done();
    partition.position = next;
    if (tally.events > 0) this.#failuresInRow = 0;
    this.#metrics.applied(topic, messages, tally);
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

const kindOf = (error: unknown): string =>
  sqlStateOf(error) === undefined ? (error as Error).name : describeError(error);

/** Of monotonic milliseconds. */
const rfc3339 = (at: number): string => new Date(performance.timeOrigin + at).toISOString();

/** Name, message and stack, of the error that caused it all. */
function describeFailure(error: unknown): { message: string; stack?: string } {
  const { name, message, stack } = error as Error;
  return { message: `${name}: ${message}`, ...(stack !== undefined && { stack }) };
}

/** Doubles from the first to the longest, with jitter so that what failed together does not come back together. */
const backoff = (attempts: number, [first, longest]: readonly [number, number]): number =>
  Math.min(longest, first * 2 ** Math.min(attempts, 20)) * (0.5 + Math.random() / 2);

/** What a line of the log says of an event: ids, where they are some. */
function aboutOf(item: Item): Record<string, string> {
  if (item.kind !== 'event' || !('subject' in item.payload)) return {};
  const { subject, topic, headers } = item.payload;
  const { traceparent = '' } = headers;
  return {
    ...(/^[0-9a-f-]{36}$/.test(subject) && { [topic.startsWith('loop.') ? 'loopId' : 'feedbackId']: subject }),
    ...(/^[0-9a-f]{2}-[0-9a-f]{32}-/.test(traceparent) && { traceId: traceparent.slice(3, 35) }),
  };
}
