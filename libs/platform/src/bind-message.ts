import { ByteParts } from './byte-parts.js';
import { writeText } from './write-text.js';

/** As pg hands it to its connection. */
export interface Bind {
  readonly portal?: string | undefined;
  readonly statement?: string | undefined;
  readonly values?: readonly unknown[] | undefined;
  /** Whether the answer is to be in binary */
  readonly binary?: boolean | undefined;
  /** What a parameter is sent as: bytes in binary, all else as text */
  readonly valueMapper?: ((value: unknown, index: number) => unknown) | undefined;
}

type Parameter = string | Uint8Array | ByteParts | null;

/**
 * The message that binds parameters to a statement, in one buffer of its size. pg's writer begins with 256 bytes and copies what it has each time
 * that it grows: of a batch three times as much as is sent, and as much garbage, outside of the heap, for which V8 collects the whole of it.
 * @see https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-BIND
 * @throws what `valueMapper` throws
 */
export function bindMessage({ portal, statement, values = [], binary = false, valueMapper }: Bind): Buffer {
  const count = values.length;
  const parameters = new Array<Parameter>(count);
  const lengths = new Array<number>(count);
  const portalLength = portal ? Buffer.byteLength(portal) : 0;
  const statementLength = statement ? Buffer.byteLength(statement) : 0;
  // its code; its length and names, the formats and values of parameters, one format for all of the answer
  let size = 1 + 4 + portalLength + 1 + statementLength + 1 + 2 + 2 * count + 2 + 4 * count + 2 + 2;
  for (let index = 0; index < count; index++) {
    const value = values[index];
    const parameter = value instanceof ByteParts || !valueMapper ? value : valueMapper(value, index);
    const length = lengthOf((parameters[index] = (parameter ?? null) as Parameter));
    lengths[index] = length;
    if (length > 0) size += length;
  }

  const bytes = Buffer.allocUnsafe(size);
  bytes[0] = 0x42;
  let at = bytes.writeInt32BE(size - 1, 1);
  at = writeName(bytes, at, portal, portalLength);
  at = writeName(bytes, at, statement, statementLength);
  at = bytes.writeInt16BE(count, at);
  for (const parameter of parameters) {
    bytes[at++] = 0;
    bytes[at++] = typeof parameter === 'string' || parameter === null ? 0 : 1;
  }
  at = bytes.writeInt16BE(count, at);
  for (let index = 0; index < count; index++) {
    at = bytes.writeInt32BE(lengths[index]!, at);
    at = writeParameter(bytes, at, parameters[index]!, lengths[index]!);
  }
  at = bytes.writeInt16BE(1, at);
  bytes.writeInt16BE(binary ? 1 : 0, at);
  return bytes;
}

/** -1 for null, as it is sent */
function lengthOf(parameter: Parameter): number {
  if (parameter === null) return -1;
  return typeof parameter === 'string' ? Buffer.byteLength(parameter) : parameter.length;
}

function writeName(bytes: Buffer, at: number, name: string | undefined, length: number): number {
  const end = length > 0 ? writeText(bytes, at, name!, length) : at;
  bytes[end] = 0;
  return end + 1;
}

function writeParameter(bytes: Buffer, at: number, parameter: Parameter, length: number): number {
  if (parameter === null) return at;
  if (typeof parameter === 'string') return writeText(bytes, at, parameter, length);
  if (!(parameter instanceof ByteParts)) {
    bytes.set(parameter, at);
    return at + length;
  }
  for (const part of parameter.parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return at;
}
