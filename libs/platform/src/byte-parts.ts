/**
 * One parameter of a statement, of bytes that lie in parts: they are copied once, into the message that takes them to Postgres.
 */
export class ByteParts {
  /** Bytes of all parts */
  readonly length: number;

  constructor(readonly parts: readonly Uint8Array[]) {
    this.length = parts.reduce((sum, { length }) => sum + length, 0);
  }

  /** For a client that knows nothing of parts: what pg asks objects for. */
  toPostgres(): Buffer {
    return Buffer.concat(this.parts, this.length);
  }
}
