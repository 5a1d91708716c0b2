import { type DeadLetterReason } from '@closeloop/contracts';
import { type KafkaMessage } from 'kafkajs';
import { type Failure } from './dead-letter.js';
import { type EffectContext, type IncomingDeadLetter, type IncomingEvent } from './incoming.js';
import { type Outcome } from './outcome.js';
import { NotTheEvents } from './whose-error.js';

/** A message of a batch, and what is known of it before a handler sees it. */
export type Item = { readonly message: KafkaMessage } & (
  | { readonly kind: 'event'; readonly payload: IncomingEvent<unknown> | IncomingDeadLetter }
  /** For another group */
  | { readonly kind: 'skip' }
  | { readonly kind: 'dead-letter'; readonly failure: Failure }
);

/** A part of one partition, in order. */
export interface Part {
  readonly topic: string;
  readonly partition: number;
  readonly cluster: string;
  readonly messages: readonly KafkaMessage[];
  /** What a message is. It is read when it is worked on, so that what waits takes the room of its bytes alone. */
  readonly read: (this: void, message: KafkaMessage) => Item;
  /** How often it was handed to the handler, this time included */
  readonly attempts: number;
  /** Position before the part, and after it */
  readonly from: bigint;
  readonly next: bigint;
}

export type BatchHandler = (payloads: readonly unknown[], context?: EffectContext) => Promise<readonly Outcome[]>;

export interface Place {
  readonly topic: string;
  readonly partition: number;
}

/** Where a partition's log begins and ends. */
export interface LogRange extends Place {
  readonly low: bigint;
  readonly high: bigint;
}

export interface Log {
  /** Kafka's id of itself */
  readonly cluster: string;
  readonly ranges: readonly LogRange[];
}

/** What a service does with a batch, and where it remembers how far it came. */
export interface Delivery {
  /**
   * Does all that parts of one topic cause, once and for good, and moves their positions, all or none of them: where it throws it has done
   * nothing that does not bear being done again. Returns how many events of each part had which outcome.
   */
  apply(parts: readonly Part[], handler: BatchHandler): Promise<readonly Tally[]>;

  /**
   * The positions to go on from.
   * @param log asked when the positions were read: another owner may move one on meanwhile, and none goes past where the log ends later
   * @param known by `topic/partition`: how far this owner knows that it came
   * @returns by `topic/partition`: the position, or why there is none to trust
   */
  positions(
    places: readonly Place[],
    log: () => Promise<Log>,
    known: ReadonlyMap<string, bigint>,
  ): Promise<Map<string, bigint | Alarm>>;
}

export type OutcomeCounts = Readonly<Record<'ok' | 'drop' | 'skip' | 'dead-letter', number>>;

/** What became of a part's events. */
export class Tally {
  readonly counts = { ok: 0, drop: 0, skip: 0, 'dead-letter': 0 };
  /** That a handler was asked about */
  events = 0;
  /** Of the dead letters */
  readonly reasons = new Map<DeadLetterReason, number>();

  died(reason: DeadLetterReason): void {
    this.counts['dead-letter']++;
    this.reasons.set(reason, (this.reasons.get(reason) ?? 0) + 1);
  }
}

/** A position that cannot be gone on from, for people. */
export class Alarm {
  constructor(readonly reason: string) {}
}

/** Another owner has moved the position: what was begun is rolled back. */
export class FenceLost extends NotTheEvents {
  override readonly name = 'FenceLost';
}

/** A handler broke the rules for outcomes: a mistake of a deployment, not of an event. */
export class WrongOutcomes extends NotTheEvents {
  override readonly name = 'WrongOutcomes';
}

export const placeOf = (topic: string, partition: number): string => `${topic}/${partition}`;

/** The position, unless it lies outside of the log. */
export const withinLog = (position: bigint, { topic, partition, low, high }: LogRange): bigint | Alarm =>
  position >= low && position <= high
    ? position
    : new Alarm(`${placeOf(topic, partition)} goes on at ${position}, but its log holds ${low} to ${high}`);

/** Asks the handler about those that are events, of one topic. @returns in their order @throws what the handler throws; WrongOutcomes */
export async function outcomesOf(
  topic: string,
  items: readonly Item[],
  handler: BatchHandler,
  context?: EffectContext,
): Promise<Outcome[]> {
  const payloads = items.flatMap((item) => (item.kind === 'event' ? [item.payload] : []));
  if (payloads.length === 0) return [];
  const outcomes: unknown = await handler(payloads, context);
  if (!Array.isArray(outcomes) || outcomes.length !== payloads.length) {
    const given = Array.isArray(outcomes) ? `${outcomes.length} outcomes` : typeof outcomes;
    throw new WrongOutcomes(`the handler of ${topic} returned ${given} for ${payloads.length} events`);
  }
  if (topic.endsWith('.dead-letter') && (outcomes as Outcome[]).some(({ kind }) => kind === 'dead-letter')) {
    throw new WrongOutcomes(`the handler of ${topic} wants a dead letter of a dead letter`);
  }
  return outcomes as Outcome[];
}
