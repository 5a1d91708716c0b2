import { Logger } from '@nestjs/common';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type FetchingCluster, type FetchingGroup, guardFetches } from './kafkajs.halves.js';
import { encodeProduce, isPlain, type ProduceRequest } from './kafkajs.produce.js';
import { type BatchContext, ReadRecord } from './kafkajs.records.js';

interface RequestQueue {
  readonly pending: readonly unknown[];
  readonly inflight: ReadonlyMap<unknown, { sentAt: number | null; requestTimeout: number; timeoutRequest(): void }>;
  enforceRequestTimeout: boolean;
  isConnected(): boolean;
  destroy(): void;
  scheduleCheckPendingRequests(): void;
  scheduleRequestTimeoutCheck(): void;
}

interface Connection {
  readonly socket?: Socket;
  chunks: Buffer[];
  bytesBuffered: number;
  bytesNeeded: number;
  isConnected(): boolean;
  connect(): Promise<boolean>;
  send(request: unknown): Promise<unknown>;
}

interface Coordinator {
  readonly connectionPool: { readonly pool: readonly Connection[] };
}

interface Cluster {
  findGroupCoordinator(group: object): Promise<Coordinator>;
}

interface ConsumerGroup {
  readonly cluster: Cluster;
  readonly coordinator?: Coordinator | null;
  maxWaitTime: number;
  memberId: string | null;
  joinAndSync(): Promise<void>;
  fetch(nodeId: string): Promise<readonly unknown[]>;
  leave(): Promise<void>;
}

/** What a member of a group is called by its coordinator; kept from one consumer to the next. */
export interface Member {
  id?: string | undefined;
  /** How long a fetch may wait for events, and how long is waited while there is nothing that may be fetched */
  pace?: ((ms: number) => void) | undefined;
  /** Whether its group has it: not from when it begins to join until it has joined */
  isIn?: (() => boolean) | undefined;
  /** When its consumers are to stop: what a fetch still waits for is nobody's then */
  readonly stop?: AbortSignal;
}

/** Why a connection was broken off by ourselves: nothing to tell anybody. */
export const givenUp = 'the client was given up';

const version = '2.2.4';
const timeoutCheckMs = 500;
const guarded = Symbol.for('closeloop:kafkajs-guarded');

const members = new WeakMap<object, Member>();
/** Whose connection it is, of those to a group's coordinator */
const askers = new WeakMap<Connection, Member>();
const begun = new WeakSet<ConsumerGroup>();
/** Those that join, or could not */
const outside = new WeakSet<ConsumerGroup>();

/**
 * The consumer on this cluster (of kafkajs's, as its assigners get it) goes by this member: it joins as the one that it was, so that
 * the group does not wait for the one that it was to be given up.
 */
export const joinAs = (cluster: object, member: Member): void => void members.set(cluster, member);

/**
 * Mends, at run time, what no release of kafkajs does. Each has a spec that shows the fault without it.
 * @returns whether the guards stand; a kafkajs that looks different is left alone
 */
export function guardKafkajs(): boolean {
  try {
    const load = createRequire(import.meta.url);
    const found = load('kafkajs/package.json') as { version: string };
    if (found.version !== version) throw new Error(`kafkajs ${found.version} is not ${version}`);
    const { prototype: queue } = load('kafkajs/src/network/requestQueue/index.js') as {
      prototype: RequestQueue & { [guarded]?: boolean };
    };
    if (queue[guarded]) return true;
    const { prototype: connection } = load('kafkajs/src/network/connection.js') as { prototype: Connection };
    const { prototype: group } = load('kafkajs/src/consumer/consumerGroup.js') as { prototype: ConsumerGroup };
    const { prototype: cluster } = load('kafkajs/src/cluster/index.js') as { prototype: Cluster };
    guardTimers(queue);
    guardHungConnections(connection);
    guardHalfAnswers(connection);
    guardMembership(group, cluster);
    guardFetches(group as unknown as FetchingGroup, cluster as unknown as FetchingCluster);
    guardStop(group);
    guardRecords(load);
    queue[guarded] = true;
    return true;
  } catch (error) {
    new Logger('Kafka').warn(`kafkajs is not guarded: ${(error as Error).message}`);
    return false;
  }
}

/**
 * Every connection keeps a timer of 1 ms for ever: with nothing pending it computes a delay in the past and sets itself again
 * (kafkajs#1751; fixed in PR 1755, never released). Nothing pending needs no check, so none is set. The other timer, which looks for
 * requests without an answer, runs each 100 ms; half a second is as good.
 */
function guardTimers(prototype: RequestQueue): void {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its own this below
  const schedule = prototype.scheduleCheckPendingRequests;
  prototype.scheduleCheckPendingRequests = function () {
    if (this.pending.length > 0) schedule.call(this);
  };
  prototype.scheduleRequestTimeoutCheck = function () {
    if (!this.enforceRequestTimeout) return;
    this.destroy();
    watched.add(this);
    watch ??= setInterval(giveUpLate, timeoutCheckMs);
  };
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its own this below
  const destroy = prototype.destroy;
  prototype.destroy = function () {
    destroy.call(this);
    watched.delete(this);
    if (watched.size === 0) {
      clearInterval(watch);
      watch = undefined;
    }
  };
}

/** Connections whose requests are looked after, all by one timer: each wake-up of an idle process costs. */
const watched = new Set<RequestQueue>();
let watch: NodeJS.Timeout | undefined;

function giveUpLate(): void {
  const now = Date.now();
  for (const queue of [...watched]) {
    for (const request of [...queue.inflight.values()]) {
      if (request.sentAt !== null && now - request.sentAt > request.requestTimeout) request.timeoutRequest();
    }
    if (!queue.isConnected()) queue.destroy();
  }
}

/**
 * A request without an answer is given up, but its connection is kept, and everything after it goes the same dead way (kafkajs#1163).
 * It is broken off instead, and the next request makes a new one.
 */
function guardHungConnections(prototype: Connection): void {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its own this below
  const send = prototype.send;
  prototype.send = async function (request) {
    try {
      return await send.call(this, request);
    } catch (error) {
      const { name, memberId } = error as Error & { memberId?: string };
      const member = askers.get(this);
      // Already one that the group waits for, whatever becomes of the connection before kafkajs has noted it.
      if (name === 'KafkaJSMemberIdRequired' && member) member.id = memberId;
      if ((error as Error).name === 'KafkaJSRequestTimeoutError' && this.socket && !this.socket.destroyed) {
        const closed = once(this.socket, 'close').catch(() => undefined);
        this.socket.destroy(error as Error);
        await closed;
      }
      throw error;
    }
  };
}

/**
 * A connection that broke in the middle of an answer keeps the half of it and is used again: what comes by the next socket is read as
 * the rest, nothing matches any more, and a length read out of place ends the process with a RangeError that nobody can catch.
 */
function guardHalfAnswers(prototype: Connection): void {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its own this below
  const connect = prototype.connect;
  prototype.connect = function () {
    if (!this.isConnected()) {
      this.chunks = [];
      this.bytesBuffered = 0;
      this.bytesNeeded = 4;
    }
    return connect.call(this);
  };
}

/** What kafkajs takes for an encoder that was written to: its bytes, and how far they go. */
interface WrittenEncoder {
  buf: Buffer;
  offset: number;
  /** Where `buf` is the rest of what has room before it */
  framed?: { readonly whole: Buffer; readonly from: number };
  ensureAvailable(length: number): void;
  writeEncoder(written: WrittenEncoder): this;
}

/** For what kafkajs puts before a request: its size, what it asks for, and the client's name, of some ten characters */
const frameRoom = 256;

/** Records are written and read by what is several times faster. kafkajs loads its own when it first sends, and first fetches. */
function guardRecords(load: NodeJS.Require): void {
  const { prototype } = load('kafkajs/src/protocol/encoder.js') as { prototype: WrittenEncoder };
  const { LOG_APPEND_TIME } = load('kafkajs/src/protocol/timestampTypes.js') as { LOG_APPEND_TIME: unknown };
  const replace = <T>(path: string, by: (theirs: T) => T): void => {
    const theirs = load(path) as T;
    load.cache[load.resolve(path)]!.exports = by(theirs);
  };
  // kafkajs fills with zeros what it writes over.
  prototype.ensureAvailable = function (length) {
    if (this.offset + length <= this.buf.length) return;
    const larger = Buffer.allocUnsafe(Math.max(2 * this.buf.length, this.offset + length));
    this.buf.copy(larger, 0, 0, this.offset);
    this.buf = larger;
  };
  // A request is written into another, for its head, and into a third, for its size: 256 KB each. Its head goes where there is room before it.
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its own this below
  const { writeEncoder } = prototype;
  prototype.writeEncoder = function (written) {
    const { framed, offset } = written;
    if (!framed || framed.from < this.offset || framed.whole.length - framed.from !== offset) {
      return writeEncoder.call(this, written) as typeof this;
    }
    const from = framed.from - this.offset;
    this.buf.copy(framed.whole, from, 0, this.offset);
    this.framed = { whole: framed.whole, from };
    this.buf = framed.whole.subarray(from);
    this.offset += offset;
    return this;
  };
  replace<(given: ProduceRequest) => { encode: () => Promise<WrittenEncoder> }>(
    'kafkajs/src/protocol/requests/produce/v3/request.js',
    (theirs) => (given) => {
      const request = theirs(given);
      if (!isPlain(given)) return request;
      return Object.assign(request, {
        encode: () => {
          const whole = encodeProduce(given, Date.now(), frameRoom);
          const buf = whole.subarray(frameRoom);
          const written = Object.create(prototype) as WrittenEncoder;
          return Promise.resolve(
            Object.assign(written, { buf, offset: buf.length, framed: { whole, from: frameRoom } }),
          );
        },
      });
    },
  );
  replace<(decoder: { buffer: Buffer }, context: BatchContext) => object>(
    'kafkajs/src/protocol/recordBatch/record/v0/decoder.js',
    () =>
      ({ buffer }, context) =>
        new ReadRecord(buffer, context, context.timestampType === LOG_APPEND_TIME),
  );
}

/**
 * A consumer that kafkajs makes anew after a crash, or that we do, is a new member, and the old one a ghost until its session ends.
 * And one that cannot join again, once its group knew it no more, fetches on all the same, without an id and therefore without a heartbeat:
 * of whoever has its partitions now it takes one event after the other, until somebody notices its silence.
 */
function guardMembership(prototype: ConsumerGroup, cluster: Cluster): void {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its own this below
  const { joinAndSync, leave, fetch } = prototype;
  prototype.joinAndSync = async function () {
    const member = members.get(this.cluster);
    if (!member) return joinAndSync.call(this);
    member.pace = (ms) => void (this.maxWaitTime = ms);
    member.isIn = () => !outside.has(this);
    // Only at first, and after a try that failed: else kafkajs knows better, and forgets an id that the coordinator does not know.
    if (member.id !== undefined && (!begun.has(this) || outside.has(this))) this.memberId ??= member.id;
    begun.add(this);
    if (member.stop?.aborted) return;
    outside.add(this);
    try {
      const joined = await unlessStopped(
        joinAndSync.call(this).then(() => true),
        member.stop,
        false,
      );
      if (joined) outside.delete(this);
      else await breakOffAsking(this.coordinator);
    } finally {
      if (this.memberId !== null) member.id = this.memberId;
    }
  };
  prototype.fetch = async function (nodeId) {
    // by this kafkajs joins again
    if (outside.has(this)) throw Object.assign(new Error('not in the group'), { type: 'REBALANCE_IN_PROGRESS' });
    return fetch.call(this, nodeId);
  };
  prototype.leave = async function () {
    const member = members.get(this.cluster);
    // given, but not yet noted by kafkajs, where it was to stop while it joined
    this.memberId ??= member?.id ?? null;
    await leave.call(this);
    if (member) member.id = undefined;
  };
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its own this below
  const find = cluster.findGroupCoordinator;
  cluster.findGroupCoordinator = async function (group) {
    const member = members.get(this);
    // whoever asks would join, while it leaves
    if (member?.stop?.aborted) throw new Error(givenUp);
    const coordinator = await find.call(this, group);
    // Not by AsyncLocalStorage: from its first use on Node follows every promise of the process.
    if (member) for (const connection of coordinator.connectionPool.pool) askers.set(connection, member);
    return coordinator;
  };
}

/** What comes of it, or this instead once it is to stop: what becomes of it is nobody's then. */
async function unlessStopped<T>(doing: Promise<T>, stop: AbortSignal | undefined, instead: T): Promise<T> {
  if (!stop) return doing;
  // not by events.once() and a signal of its own: an abort makes an error each time, with its stack
  let stopped!: () => void;
  const nothing = new Promise<T>((resolve) => (stopped = () => resolve(instead)));
  stop.addEventListener('abort', stopped);
  try {
    return await Promise.race([doing, nothing]);
  } finally {
    stop.removeEventListener('abort', stopped);
  }
}

/**
 * A group lets who joins wait until every other member has joined again, or was given up; and a broker reads nothing more on a connection
 * until it has answered it. Who leaves meanwhile says so on another one.
 */
async function breakOffAsking(coordinator: Coordinator | null | undefined): Promise<void> {
  const socket = coordinator?.connectionPool.pool[0]?.socket;
  if (!socket || socket.destroyed) return;
  const closed = once(socket, 'close').catch(() => undefined);
  socket.destroy(new Error(givenUp));
  await closed;
}

/**
 * A consumer leaves its group when its last fetch has been answered, which waits for events as long as it may; so long nobody has its
 * partitions. kafkajs drops that answer anyway.
 */
function guardStop(prototype: ConsumerGroup): void {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its own this below
  const fetch = prototype.fetch;
  prototype.fetch = async function (nodeId) {
    const stop = members.get(this.cluster)?.stop;
    if (stop?.aborted) {
      // until kafkajs is told too
      await sleep(10);
      return [];
    }
    return unlessStopped(fetch.call(this, nodeId), stop, []);
  };
}
