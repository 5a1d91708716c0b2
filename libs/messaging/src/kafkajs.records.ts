import { bare } from './wire.js';

/** A record as kafkajs hands it to its encoder. */
export interface OutgoingRecord {
  readonly offsetDelta?: number;
  /** Milliseconds */
  readonly timestampDelta?: number;
  readonly key?: Buffer | string | null;
  readonly value?: Buffer | string | null;
  readonly headers?: Readonly<Record<string, RecordPart | readonly RecordPart[] | undefined>>;
}
type RecordPart = Buffer | string | null;

/** What kafkajs takes for an encoder that was written to: its bytes, and how far they go. */
export interface WrittenEncoder {
  buf: Buffer;
  offset: number;
}

/** Of the batch that a record is in */
export interface BatchContext {
  readonly firstOffset: string;
  readonly firstTimestamp: string;
  readonly maxTimestamp: string;
  readonly timestampType: unknown;
  readonly magicByte: number;
  readonly isControlBatch?: boolean;
}

/** At most five bytes a length: seven bits each, the sign in the lowest. */
const sizeOfVarInt = (value: number): number => {
  const zigZag = ((value << 1) ^ (value >> 31)) >>> 0;
  if (zigZag < 0x80) return 1;
  if (zigZag < 0x4000) return 2;
  if (zigZag < 0x20_0000) return 3;
  return zigZag < 0x1000_0000 ? 4 : 5;
};

function writeVarInt(bytes: Buffer, start: number, value: number): number {
  let at = start;
  let rest = ((value << 1) ^ (value >> 31)) >>> 0;
  while (rest >= 0x80) {
    bytes[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[at++] = rest;
  return at;
}

const lengthOf = (part: RecordPart): number =>
  part === null ? -1 : typeof part === 'string' ? Buffer.byteLength(part) : part.length;
const sizeOfPart = (length: number): number => sizeOfVarInt(length) + Math.max(length, 0);

function writePart(bytes: Buffer, start: number, part: RecordPart, length: number): number {
  const at = writeVarInt(bytes, start, length);
  if (part === null) return at;
  if (typeof part === 'string') bytes.write(part, at, length, 'utf8');
  else part.copy(bytes, at);
  return at + length;
}

/**
 * A record of Kafka's message format v2, in one buffer of its size. kafkajs makes a buffer of 512 bytes for each header, and another for each
 * number, and copies them together: with the nine headers of an event that is most of what a send costs.
 * @see https://kafka.apache.org/documentation/#record
 * @param encoder an empty one of kafkajs's
 */
export function encodeRecord<E extends WrittenEncoder>(encoder: E, record: OutgoingRecord): E {
  const { offsetDelta = 0, timestampDelta = 0, key = null, value = null, headers = {} } = record;
  // name, part, and the lengths of both
  const parts: (RecordPart | number)[] = [];
  let count = 0;
  let size = 1 + sizeOfVarInt(timestampDelta) + sizeOfVarInt(offsetDelta);
  const add = (name: string, part: RecordPart): void => {
    const nameLength = Buffer.byteLength(name);
    const length = lengthOf(part);
    size += sizeOfPart(nameLength) + sizeOfPart(length);
    parts.push(name, nameLength, part, length);
    count++;
  };
  for (const name of Object.keys(headers)) {
    const given = headers[name];
    if (given === undefined) continue;
    if (Array.isArray(given)) for (const part of given as RecordPart[]) add(name, part);
    else add(name, given as RecordPart);
  }
  const keyLength = lengthOf(key);
  const valueLength = lengthOf(value);
  size += sizeOfPart(keyLength) + sizeOfPart(valueLength) + sizeOfVarInt(count);

  const bytes = Buffer.allocUnsafe(sizeOfVarInt(size) + size);
  let at = writeVarInt(bytes, 0, size);
  // attributes: none is in use
  bytes[at++] = 0;
  at = writeVarInt(bytes, at, timestampDelta);
  at = writeVarInt(bytes, at, offsetDelta);
  at = writePart(bytes, at, key, keyLength);
  at = writePart(bytes, at, value, valueLength);
  at = writeVarInt(bytes, at, count);
  for (let part = 0; part < parts.length; part += 4) {
    at = writePart(bytes, at, parts[part] as string, parts[part + 1] as number);
    at = writePart(bytes, at, parts[part + 2] as RecordPart, parts[part + 3] as number);
  }
  encoder.buf = bytes;
  encoder.offset = at;
  return encoder;
}

/** Where reading goes on: nothing is read by two at once. */
let position = 0;

/** A signed number of up to 53 bits. */
function readVarInt(bytes: Buffer): number {
  let byte = bytes[position++]!;
  if (byte < 0x80) return byte & 1 ? -(byte + 1) / 2 : byte / 2;
  let result = byte & 0x7f;
  let factor = 0x80;
  do {
    byte = bytes[position++]!;
    result += (byte & 0x7f) * factor;
    factor *= 0x80;
  } while (byte >= 0x80);
  return result % 2 === 1 ? -(result + 1) / 2 : result / 2;
}

function readPart(bytes: Buffer): Buffer | null {
  const length = readVarInt(bytes);
  if (length < 0) return null;
  const part = bytes.subarray(position, position + length);
  position += length;
  return part;
}

/** What the headers of earlier records were, by their place: names and most values are the same from one to the next. */
const earlierNames: string[] = [];
const earlierValues: string[] = [];
/** More places than our own events have, and shorter ones: anybody may send others. */
const placesKept = 16;
const longestKept = 256;

/** The text at `position`; the one given where it is the same. */
function readText(bytes: Buffer, length: number, earlier: string | undefined): string {
  const start = position;
  position += length;
  if (earlier?.length === length) {
    let same = 0;
    while (same < length && bytes[start + same]! < 0x80 && bytes[start + same] === earlier.charCodeAt(same)) same++;
    if (same === length) return earlier;
  }
  return bytes.toString('utf8', start, position);
}

/** Numbers that Kafka counts in 64 bits, as kafkajs gives them */
const sum = (base: string, delta: number): string => {
  const together = Number(base) + delta;
  return Number.isSafeInteger(together) ? String(together) : String(BigInt(base) + BigInt(delta));
};

/**
 * A record as kafkajs gives it, of the bytes behind its length. kafkajs makes a new object of headers for each header, and several of 64-bit
 * arithmetic for each number. A fetch has hundreds of records, of which a few are worked on at a time: key, value and headers are read when
 * they are asked for, each time anew.
 */
export class ReadRecord {
  readonly magicByte: number;
  readonly attributes: number;
  readonly timestamp: string;
  readonly offset: string;
  readonly isControlRecord: boolean;
  readonly #bytes: Buffer;
  readonly #keyAt: number;

  /** @param isLogAppendTime the broker's time counts, which is the batch's */
  constructor(
    bytes: Buffer,
    readonly batchContext: BatchContext,
    isLogAppendTime: boolean,
  ) {
    position = 1;
    const timestampDelta = readVarInt(bytes);
    const offsetDelta = readVarInt(bytes);
    const { magicByte, firstTimestamp, maxTimestamp, firstOffset, isControlBatch = false } = batchContext;
    this.magicByte = magicByte;
    this.attributes = bytes.readInt8(0);
    this.timestamp = isLogAppendTime && maxTimestamp ? maxTimestamp : sum(firstTimestamp, timestampDelta);
    this.offset = sum(firstOffset, offsetDelta);
    this.isControlRecord = isControlBatch;
    this.#bytes = bytes;
    this.#keyAt = position;
  }

  get key(): Buffer | null {
    position = this.#keyAt;
    return readPart(this.#bytes);
  }

  get value(): Buffer | null {
    position = this.#keyAt;
    this.#skip();
    return readPart(this.#bytes);
  }

  /** As they are on the wire; several of one name are a list. */
  get headers(): Record<string, Buffer | null | (Buffer | null)[]> {
    const bytes = this.#bytes;
    const headers = bare<Buffer | null | (Buffer | null)[]>();
    for (let left = this.#toHeaders(); left > 0; left--) {
      const name = String(readPart(bytes));
      const part = readPart(bytes);
      const known = headers[name];
      if (known === undefined) headers[name] = part;
      else headers[name] = Array.isArray(known) ? [...known, part] : [known, part];
    }
    return headers;
  }

  /** The headers as UTF-8; of several of one name, the last, and none where that has no value. */
  textHeaders(): Record<string, string> {
    const bytes = this.#bytes;
    const headers = bare<string>();
    const count = this.#toHeaders();
    for (let place = 0; place < count; place++) {
      const name = readText(bytes, Math.max(readVarInt(bytes), 0), earlierNames[place]);
      const length = readVarInt(bytes);
      if (length < 0) {
        delete headers[name];
        continue;
      }
      const value = readText(bytes, length, earlierValues[place]);
      headers[name] = value;
      if (place < placesKept && length <= longestKept && name.length <= longestKept) {
        earlierNames[place] = name;
        earlierValues[place] = value;
      }
    }
    return headers;
  }

  #skip(): void {
    const length = readVarInt(this.#bytes);
    if (length > 0) position += length;
  }

  /** @returns how many there are */
  #toHeaders(): number {
    position = this.#keyAt;
    this.#skip();
    this.#skip();
    return readVarInt(this.#bytes);
  }
}
