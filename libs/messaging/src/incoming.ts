import { type EntityManager } from 'typeorm';
import { type WireHeaders } from './wire.js';

/** An event as a handler gets it: decoded, and valid as its declaration says. */
export interface IncomingEvent<T> {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly subject: string;
  /** RFC 3339; the Kafka timestamp where the producer gave none */
  readonly time: string;
  readonly data: T;
  /** The data as it came, in UTF-8, so that what only passes through need not be written anew */
  readonly json: Buffer;
  readonly key: string | null;
  /** Without the environment's prefix */
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  /** Sent again on purpose: for this group alone out of a dead letter, or by a republish, here or at a step before */
  readonly replayed: boolean;
  /** All of them, as UTF-8 */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * A dead letter as a handler of `<topic>.dead-letter` gets it: key, value and headers as they were. There is no dead letter of a
 * dead letter: one whose own headers cannot be read comes all the same, with group '', offset '-1' and an id of its place.
 */
export interface IncomingDeadLetter {
  readonly id: string;
  /** The group that could not handle it, and where: without the environment's prefix */
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  /** One of `deadLetterReasons`, unless someone else wrote it */
  readonly reason: string;
  readonly message: string;
  readonly stack?: string;
  readonly attempts: number;
  /** RFC 3339 */
  readonly time: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** Those it came with, without `dl_…`, as UTF-8 */
  readonly headers: Readonly<Record<string, string>>;
  /** The same as they were on the wire: bytes that are no UTF-8, and several of one name */
  readonly wireHeaders: WireHeaders;
}

/** What an effect handler works in. */
export class EffectContext {
  constructor(
    /** Commits with the offset of the batch, or rolls back with it */
    readonly transaction: EntityManager,
    /** The database's clock, read in this transaction */
    readonly now: Date,
    /** How often this part was handed to the handler, this time included */
    readonly attempts = 1,
  ) {}
}
