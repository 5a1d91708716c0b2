import { bare } from './wire.js';

/** Of the batch that a record is in */
export interface BatchContext {
  readonly firstOffset: string;
  readonly firstTimestamp: string;
  readonly maxTimestamp: string;
  readonly timestampType: unknown;
  readonly magicByte: number;
  readonly isControlBatch?: boolean;
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
