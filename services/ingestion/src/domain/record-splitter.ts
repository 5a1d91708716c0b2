/** A line of NDJSON or a record of CSV, as bytes without its line end. */
export interface RawRecord {
  /** Line of the file on which it starts, from 1 */
  readonly line: number;
  /** Undefined for one past the bound: its bytes were let go as they came. */
  readonly bytes: Uint8Array | undefined;
}

const enum State {
  FieldStart,
  Unquoted,
  Quoted,
  QuoteSeen,
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const quote = 0x22;
const space = 0x20;
const tab = 0x09;
const byteOrderMark = [0xef, 0xbb, 0xbf];

/**
 * Cuts a stream of bytes into records, holding no more than one of them, and of one past the bound not even that.
 * A line end inside a quoted field of CSV (RFC 4180) is part of the record. A quoted field that never ends takes the rest
 * of the file with it, as one record past the bound: looking for records inside it would let a customer's text forge them.
 */
export class RecordSplitter {
  /** Bytes that end a field; the first record of a file is cut with all that may, before it is known which one does. */
  delimiters: readonly number[] = [0x2c, 0x3b, tab];

  private parts: Uint8Array[] = [];
  private length = 0;
  private line = 1;
  private startLine = 1;
  private state = State.FieldStart;
  private start: number[] | undefined = [];

  constructor(
    private readonly format: 'ndjson' | 'csv',
    private readonly maxBytes: number,
  ) {}

  /** The records that end in this chunk. Blank lines are none. */
  *push(chunk: Uint8Array): Generator<RawRecord> {
    const bytes = this.withoutByteOrderMark(chunk);
    if (bytes) yield* this.format === 'csv' ? this.csvRecords(bytes) : this.lines(bytes);
  }

  /** The last record, when the file does not end with a line end. */
  *end(): Generator<RawRecord> {
    if (this.start?.length) {
      const bytes = Uint8Array.from(this.start);
      this.start = undefined;
      yield* this.format === 'csv' ? this.csvRecords(bytes) : this.lines(bytes);
    }
    const record = this.close();
    if (record) yield record;
  }

  private *lines(chunk: Uint8Array): Generator<RawRecord> {
    let from = 0;
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, from)) {
      this.keep(chunk.subarray(from, end));
      from = end + 1;
      this.line += 1;
      const record = this.close();
      if (record) yield record;
    }
    this.keep(chunk.subarray(from));
  }

  private *csvRecords(chunk: Uint8Array): Generator<RawRecord> {
    let from = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at]!;
      if (this.state === State.Quoted) {
        if (byte === quote) this.state = State.QuoteSeen;
        else if (byte === lineFeed) this.line += 1;
      } else if (byte === lineFeed) {
        this.keep(chunk.subarray(from, at));
        from = at + 1;
        this.line += 1;
        const record = this.close();
        if (record) yield record;
      } else if (byte === quote && (this.state === State.FieldStart || this.state === State.QuoteSeen)) {
        this.state = State.Quoted;
      } else {
        this.state = this.delimiters.includes(byte) ? State.FieldStart : State.Unquoted;
      }
    }
    this.keep(chunk.subarray(from));
  }

  private keep(part: Uint8Array): void {
    this.length += part.length;
    if (this.length > this.maxBytes) this.parts = [];
    // copied: a part must not hold the whole chunk that it was cut from
    else if (part.length > 0) this.parts.push(Uint8Array.from(part));
  }

  private close(): RawRecord | undefined {
    const record: RawRecord = {
      line: this.startLine,
      bytes: this.length > this.maxBytes ? undefined : withoutCarriageReturn(joined(this.parts, this.length)),
    };
    this.parts = [];
    this.length = 0;
    this.startLine = this.line;
    this.state = State.FieldStart;
    return record.bytes && isBlank(record.bytes) ? undefined : record;
  }

  private withoutByteOrderMark(chunk: Uint8Array): Uint8Array | undefined {
    if (!this.start) return chunk;
    const bytes =
      this.start.length > 0 ? joined([Uint8Array.from(this.start), chunk], this.start.length + chunk.length) : chunk;
    if (
      bytes.length < byteOrderMark.length &&
      byteOrderMark.every((byte, at) => at >= bytes.length || bytes[at] === byte)
    ) {
      this.start = [...bytes];
      return undefined;
    }
    this.start = undefined;
    return byteOrderMark.every((byte, at) => bytes[at] === byte) ? bytes.subarray(byteOrderMark.length) : bytes;
  }
}

const joined = (parts: readonly Uint8Array[], length: number): Uint8Array => {
  if (parts.length === 1) return parts[0]!;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
};

const withoutCarriageReturn = (bytes: Uint8Array): Uint8Array =>
  bytes.at(-1) === carriageReturn ? bytes.subarray(0, -1) : bytes;

const isBlank = (bytes: Uint8Array): boolean =>
  bytes.every((byte) => byte === space || byte === tab || byte === carriageReturn);
