/** Cuts a stream of bytes into the messages of a protocol. */
export interface Framing {
  /** Bytes in the order they came; the messages that are whole now */
  push(chunk: Buffer): Buffer[];
}

class Frames implements Framing {
  #rest: Buffer = Buffer.alloc(0);

  constructor(private readonly lengthOf: (bytes: Buffer) => number | undefined) {}

  push(chunk: Buffer): Buffer[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const frames: Buffer[] = [];
    for (;;) {
      const length = this.lengthOf(this.#rest);
      if (length === undefined || this.#rest.length < length) return frames;
      frames.push(this.#rest.subarray(0, length));
      this.#rest = this.#rest.subarray(length);
    }
  }
}

const NO_ENCRYPTION = new Set([80877103, 80877104]);

/** What a client says to Postgres: a start without a type, then a type and a length each. */
export function postgresRequests(): Framing {
  let begun = false;
  return new Frames((bytes) => {
    if (begun) return bytes.length < 5 ? undefined : 1 + bytes.readInt32BE(1);
    if (bytes.length < 8) return undefined;
    const length = bytes.readInt32BE(0);
    if (bytes.length >= length) begun = !NO_ENCRYPTION.has(bytes.readInt32BE(4));
    return length;
  });
}

/** Both directions of Kafka: a length, then a correlation id (answers) or an api key, version and correlation id (requests). */
export const kafkaFrames = (): Framing =>
  new Frames((bytes) => (bytes.length < 4 ? undefined : 4 + bytes.readInt32BE(0)));

/** Whether a message of a client to Postgres asks for a COMMIT: by the simple or by the extended protocol. */
export function isCommit(message: Buffer): boolean {
  const type = String.fromCharCode(message[0] ?? 0);
  if (type === 'Q') return /^\s*commit\b/i.test(message.toString('latin1', 5, 40));
  if (type !== 'P') return false;
  const query = message.indexOf(0, 5) + 1;
  return query > 0 && /^\s*commit\b/i.test(message.toString('latin1', query, query + 40));
}

const PRODUCE = 0;

/** The correlation id of a produce request; undefined for any other */
export const produceOf = (request: Buffer): number | undefined =>
  request.length >= 12 && request.readInt16BE(4) === PRODUCE ? request.readInt32BE(8) : undefined;

/** The correlation id that an answer of Kafka is for */
export const answerTo = (response: Buffer): number | undefined =>
  response.length >= 8 ? response.readInt32BE(4) : undefined;
