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

/** A header may be called `__proto__`. */
const bare = <T>(): Record<string, T> => Object.create(null) as Record<string, T>;

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

/** A part of headers that is not UTF-8 stands as [base64]; several of one name as a list of such parts. */
type Packed = string | [string] | { all: (string | [string])[] };

const packOne = (value: string | Buffer): string | [string] => {
  if (typeof value === 'string') return value;
  const text = value.toString('utf8');
  return Buffer.from(text, 'utf8').equals(value) ? text : [value.toString('base64')];
};
const unpackOne = (value: string | [string]): Buffer | string =>
  typeof value === 'string' ? value : Buffer.from(value[0], 'base64');

/** Headers as bytes that any column of bytes can hold, whatever is in them. */
export function packHeaders(headers: WireHeaders): Buffer {
  const packed = bare<Packed>();
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) continue;
    packed[name] = Array.isArray(value) ? { all: value.map(packOne) } : packOne(value);
  }
  return Buffer.from(JSON.stringify(packed), 'utf8');
}

export function unpackHeaders(bytes: Buffer): WireHeaders {
  const headers: WireHeaders = bare();
  for (const [name, value] of Object.entries(JSON.parse(bytes.toString('utf8')) as Record<string, Packed>)) {
    headers[name] = typeof value === 'object' && 'all' in value ? value.all.map(unpackOne) : unpackOne(value);
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
    else if (Array.isArray(given)) for (const part of given) size += Buffer.byteLength(part);
    else size += given?.length ?? 0;
  }
  return size;
}
