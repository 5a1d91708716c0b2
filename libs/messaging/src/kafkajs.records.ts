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

/** Numbers that Kafka counts in 64 bits, as kafkajs gives them */
const sum = (base: string, delta: number): string => {
  const together = Number(base) + delta;
  return Number.isSafeInteger(together) ? String(together) : String(BigInt(base) + BigInt(delta));
};

/**
 * A record as kafkajs gives it, of the bytes behind its length. kafkajs makes a new object of headers for each header, and several of 64-bit
 * arithmetic for each number.
 * @param isLogAppendTime the broker's time counts, which is the batch's
 */
export function decodeRecord(bytes: Buffer, context: BatchContext, isLogAppendTime: boolean) {
  position = 0;
  const attributes = bytes.readInt8(position++);
  const timestampDelta = readVarInt(bytes);
  const offsetDelta = readVarInt(bytes);
  const key = readPart(bytes);
  const value = readPart(bytes);
  // a header may be called `__proto__`, or `constructor`
  const headers = Object.create(null) as Record<string, Buffer | null | (Buffer | null)[]>;
  for (let left = readVarInt(bytes); left > 0; left--) {
    const name = String(readPart(bytes));
    const part = readPart(bytes);
    const known = headers[name];
    if (known === undefined) headers[name] = part;
    else headers[name] = Array.isArray(known) ? [...known, part] : [known, part];
  }
  return {
    magicByte: context.magicByte,
    attributes,
    timestamp:
      isLogAppendTime && context.maxTimestamp ? context.maxTimestamp : sum(context.firstTimestamp, timestampDelta),
    offset: sum(context.firstOffset, offsetDelta),
    ...{ key, value, headers },
    isControlRecord: context.isControlBatch ?? false,
    batchContext: context,
  };
}
