import { type IHeaders } from 'kafkajs';

/** A Kafka message on its way out. */
export interface WireMessage {
  /** Without the environment's prefix */
  readonly topic: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: WireHeaders;
}

/** Values as they are on the wire; text is UTF-8. */
export type WireHeaders = Record<string, string | Buffer | (string | Buffer)[] | undefined>;

/** Unlike what Object.create(null) makes, V8 keeps its instances as it keeps those of a class: in a third of the room. */
const Bare = function () {} as unknown as new () => object;
Bare.prototype = Object.create(null) as object;

/** An object that inherits nothing: a header may be called `__proto__`. */
export const bare = <T>(): Record<string, T> => new Bare() as Record<string, T>;

const textOf = (value: string | Buffer): string => (typeof value === 'string' ? value : value.toString('utf8'));

/** The headers as text; of several of one name, the last. */
export function textHeaders(headers: IHeaders | undefined): Record<string, string> {
  const text = bare<string>();
  for (const name in headers) {
    const given = headers[name];
    const value = Array.isArray(given) ? given.at(-1) : given;
    if (value !== undefined && value !== null) text[name] = textOf(value);
  }
  return text;
}

/**
 * The headers as they were sent. kafkajs takes what every object inherits for an earlier header of that name: one called `constructor`,
 * as anybody may send it, comes as a function and a value.
 */
export function sentHeaders(headers: IHeaders | undefined): WireHeaders {
  const sent: WireHeaders = bare();
  for (const [name, given] of Object.entries(headers ?? {})) {
    if (!Array.isArray(given) || given.every(isPart)) {
      sent[name] = given;
      continue;
    }
    const parts = given.filter(isPart);
    sent[name] = parts.length === 1 ? parts[0] : parts;
  }
  return sent;
}

/** A header may also have no value, whatever kafkajs's types say. */
const isPart = (part: unknown): boolean => typeof part === 'string' || part === null || Buffer.isBuffer(part);

/** A part of headers that is not UTF-8 stands as [base64]; several of one name as a list of such parts. */
type PackedPart = string | [string] | null;
type Packed = PackedPart | { all: PackedPart[] };

/** Kafka has headers without a value, which kafkajs reads as null whatever its types say. */
const packOne = (value: string | Buffer | null): PackedPart => {
  if (typeof value === 'string' || value === null) return value;
  const text = value.toString('utf8');
  return Buffer.from(text, 'utf8').equals(value) ? text : [value.toString('base64')];
};
const unpackOne = (value: PackedPart): Buffer | string =>
  Array.isArray(value) ? Buffer.from(value[0], 'base64') : (value as string);

/** Headers as bytes that any column of bytes can hold, whatever is in them. */
export function packHeaders(headers: WireHeaders): Buffer {
  if (isText(headers)) return Buffer.from(JSON.stringify(headers), 'utf8');
  const packed = bare<Packed>();
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) continue;
    packed[name] = Array.isArray(value) ? { all: value.map(packOne) } : packOne(value);
  }
  return Buffer.from(JSON.stringify(packed), 'utf8');
}

/** As the headers of our own events are: JSON as they stand */
function isText(headers: WireHeaders): boolean {
  for (const name in headers) {
    const value = headers[name];
    if (typeof value !== 'string' && value !== undefined) return false;
  }
  return true;
}

export function unpackHeaders(bytes: Buffer): WireHeaders {
  const headers: WireHeaders = bare();
  for (const [name, value] of Object.entries(JSON.parse(bytes.toString('utf8')) as Record<string, Packed>)) {
    headers[name] =
      value !== null && typeof value === 'object' && 'all' in value ? value.all.map(unpackOne) : unpackOne(value);
  }
  return headers;
}

/** What a message takes in a record batch, at most. */
export function sizeOf({ key, value, headers }: WireMessage): number {
  let size = 80 + (key?.length ?? 0) + (value?.length ?? 0);
  for (const name in headers) {
    const given = headers[name];
    size += name.length + 8;
    if (typeof given === 'string') size += given.length * 3;
    else if (Array.isArray(given)) for (const part of given) size += Buffer.byteLength(part ?? '');
    else size += given?.length ?? 0;
  }
  return size;
}

/** A row of the outbox. */
export interface OutboxRow {
  readonly id: string;
  readonly topic: string;
  readonly key: Buffer | null;
  readonly headers: Buffer;
  readonly value: Buffer | null;
}
