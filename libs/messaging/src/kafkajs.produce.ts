import { writeText } from '@closeloop/platform';

/** A message as kafkajs's producer passes it on. */
export interface OutgoingRecord {
  readonly key?: Buffer | string | null;
  readonly value?: Buffer | string | null;
  readonly headers?: Readonly<Record<string, RecordPart | readonly RecordPart[] | undefined>>;
  /** Milliseconds since 1970 */
  readonly timestamp?: string | number | null;
}
type RecordPart = Buffer | string | null;

/** What kafkajs's producer asks its broker for. */
export interface ProduceRequest {
  readonly acks: number;
  /** Milliseconds */
  readonly timeout: number;
  readonly transactionalId?: string | null;
  /** A number, or kafkajs's own of 64 bits */
  readonly producerId?: { toString(): string };
  readonly producerEpoch?: number;
  readonly compression?: number;
  readonly topicData: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly firstSequence?: number;
      readonly messages: readonly OutgoingRecord[];
    }[];
  }[];
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
  if (typeof part === 'string') return writeText(bytes, at, part, length);
  bytes.set(part, at);
  return at + length;
}

/** Records on their way into a buffer: their parts in order, and the lengths that were found when they were measured. */
class Measured {
  readonly #parts: RecordPart[] = [];
  readonly #lengths: number[] = [];
  #part = 0;
  #length = 0;

  /** @returns bytes that the record takes, its own length included */
  measure({ key = null, value = null, headers = {} }: OutgoingRecord, offsetDelta: number): number {
    const start = this.#lengths.push(0, 0) - 2;
    let size = 1 + sizeOfVarInt(0) + sizeOfVarInt(offsetDelta) + this.#add(key) + this.#add(value);
    let count = 0;
    for (const name of Object.keys(headers)) {
      const given = headers[name];
      if (given === undefined) continue;
      for (const part of Array.isArray(given) ? (given as RecordPart[]) : [given as RecordPart]) {
        size += this.#add(name) + this.#add(part);
        count++;
      }
    }
    size += sizeOfVarInt(count);
    this.#lengths[start] = size;
    this.#lengths[start + 1] = count;
    return sizeOfVarInt(size) + size;
  }

  #add(part: RecordPart): number {
    const length = lengthOf(part);
    this.#parts.push(part);
    this.#lengths.push(length);
    return sizeOfPart(length);
  }

  /** Writes the next of those that were measured. @returns where it ends */
  write(bytes: Buffer, start: number, offsetDelta: number): number {
    let at = writeVarInt(bytes, start, this.#lengths[this.#length++]!);
    const count = this.#lengths[this.#length++]!;
    // attributes, of which none is in use, and the time since the batch's, at which all of them are
    bytes[at++] = 0;
    bytes[at++] = 0;
    at = writeVarInt(bytes, at, offsetDelta);
    at = this.#write(bytes, this.#write(bytes, at));
    at = writeVarInt(bytes, at, count);
    for (let header = 0; header < count; header++) at = this.#write(bytes, this.#write(bytes, at));
    return at;
  }

  #write(bytes: Buffer, at: number): number {
    return writePart(bytes, at, this.#parts[this.#part++]!, this.#lengths[this.#length++]!);
  }
}

/** The sums of each byte, and of each byte that 1 to 7 zeros follow */
const tables = Array.from({ length: 8 }, () => new Int32Array(256));
for (let byte = 0; byte < 256; byte++) {
  let sum = byte;
  for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0x82f6_3b78 : sum >>> 1;
  tables[0]![byte] = sum;
}
for (const [zeros, table] of tables.entries()) {
  if (zeros > 0) table.set(tables[zeros - 1]!.map((sum) => tables[0]![sum & 0xff]! ^ (sum >>> 8)));
}
const [sum0, sum1, sum2, sum3, sum4, sum5, sum6, sum7] = tables as [
  ...[Int32Array, Int32Array, Int32Array, Int32Array],
  ...[Int32Array, Int32Array, Int32Array, Int32Array],
];

/**
 * CRC-32C (Castagnoli) of [start, end), eight bytes at a time ("slicing-by-8": Kounavis and Berry, 2005).
 * @see https://www.rfc-editor.org/rfc/rfc3720#appendix-B.4
 */
export function crc32c(bytes: Buffer, start: number, end: number): number {
  let sum = -1;
  let at = start;
  for (; at + 8 <= end; at += 8) {
    sum ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    sum =
      sum7[sum & 0xff]! ^
      sum6[(sum >>> 8) & 0xff]! ^
      sum5[(sum >>> 16) & 0xff]! ^
      sum4[sum >>> 24]! ^
      sum3[bytes[at + 4]!]! ^
      sum2[bytes[at + 5]!]! ^
      sum1[bytes[at + 6]!]! ^
      sum0[bytes[at + 7]!]!;
  }
  for (; at < end; at++) sum = sum0[(sum ^ bytes[at]!) & 0xff]! ^ (sum >>> 8);
  return (sum ^ -1) >>> 0;
}

/** Bytes of a record batch before its records: what the checksum does not cover, and what it does */
const batchHead = 21;
const batchBody = 40;
const magic = 2;

/** Whether it can be written by `encodeProduce`: as our services send, neither compressed nor in a transaction, and at the time of the send. */
export const isPlain = ({ compression, transactionalId, topicData }: ProduceRequest): boolean =>
  !compression &&
  transactionalId == null &&
  topicData.every(({ partitions }) =>
    partitions.every(({ messages }) => messages.every(({ timestamp }) => timestamp == null)),
  );

/**
 * The body of a plain produce request, version 3 to 7, in one buffer of its size. kafkajs makes a buffer for each header and each number, and
 * copies what it has written nine times, each time into a larger one filled with zeros: together more than what a service does with an event.
 * @see https://kafka.apache.org/protocol#The_Messages_Produce
 * @see https://kafka.apache.org/documentation/#recordbatch
 * @param now milliseconds since 1970, the time of all records
 * @param room bytes that are left in front of it, for what goes before it
 */
export function encodeProduce(
  { acks, timeout, producerId = -1, producerEpoch = 0, topicData }: ProduceRequest,
  now: number,
  room = 0,
): Buffer {
  const measured = new Measured();
  const recordBytes: number[] = [];
  let size = room + 12;
  for (const { topic, partitions } of topicData) {
    size += 2 + Buffer.byteLength(topic) + 4;
    for (const { messages } of partitions) {
      let records = 0;
      for (const [offsetDelta, message] of messages.entries()) records += measured.measure(message, offsetDelta);
      recordBytes.push(records);
      size += 8 + batchHead + batchBody + records;
    }
  }

  const bytes = Buffer.allocUnsafeSlow(size);
  const producer = BigInt(producerId.toString());
  // no transaction
  let at = bytes.writeInt16BE(-1, room);
  at = bytes.writeInt16BE(acks, at);
  at = bytes.writeInt32BE(timeout, at);
  at = bytes.writeInt32BE(topicData.length, at);
  let batch = 0;
  for (const { topic, partitions } of topicData) {
    const length = Buffer.byteLength(topic);
    at = bytes.writeInt16BE(length, at);
    at += bytes.write(topic, at, length, 'utf8');
    at = bytes.writeInt32BE(partitions.length, at);
    for (const { partition, firstSequence = 0, messages } of partitions) {
      const records = recordBytes[batch++]!;
      at = bytes.writeInt32BE(partition, at);
      at = bytes.writeInt32BE(batchHead + batchBody + records, at);
      // its first offset, which the broker gives, and its length from here on
      at = bytes.writeBigInt64BE(0n, at);
      at = bytes.writeInt32BE(batchHead - 12 + batchBody + records, at);
      // the leader's epoch
      at = bytes.writeInt32BE(0, at);
      at = bytes.writeInt8(magic, at);
      const checksumAt = at;
      const checkedFrom = (at += 4);
      // attributes
      at = bytes.writeInt16BE(0, at);
      at = bytes.writeInt32BE(messages.length - 1, at);
      at = bytes.writeBigInt64BE(BigInt(now), at);
      at = bytes.writeBigInt64BE(BigInt(now), at);
      at = bytes.writeBigInt64BE(producer, at);
      at = bytes.writeInt16BE(producerEpoch, at);
      at = bytes.writeInt32BE(firstSequence, at);
      at = bytes.writeInt32BE(messages.length, at);
      for (let offsetDelta = 0; offsetDelta < messages.length; offsetDelta++) {
        at = measured.write(bytes, at, offsetDelta);
      }
      bytes.writeUInt32BE(crc32c(bytes, checkedFrom, at), checksumAt);
    }
  }
  return bytes;
}
