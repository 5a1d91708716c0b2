import { sizeOf, type WireMessage } from './wire.js';

/** Most that is kept, about: what waits behind a backlog while the relay sends. */
const maxBytes = 2 * 1024 * 1024;
/** What is as old may be of a transaction that was rolled back, or of a shard that another process sends: it goes where there is no room. */
const staleMs = 5_000;

interface Unsent {
  readonly message: WireMessage;
  readonly label: string;
  readonly bytes: number;
  /** Monotonic milliseconds */
  readonly since: number;
}

/**
 * Messages that this process has appended to the outbox and not sent yet, so that they need not be read back: as rows they would travel as
 * twice their size in hex. What is to be sent, and when, only the table says: what is kept is a row's only if its label is the row's, too, for
 * a database that has lost transactions (a standby that took over) gives an id twice.
 */
export class UnsentMessages {
  readonly #unsent = new Map<string, Unsent>();
  #bytes = 0;

  /** @param packed its headers, as its row has them */
  keep(id: string, message: WireMessage, packed: Buffer): void {
    const label = labelOf(message, packed);
    const bytes = sizeOf(message);
    const since = performance.now();
    if (label === undefined || !this.#makeRoom(bytes, since)) return;
    this.#unsent.set(id, { message, label, bytes, since });
    this.#bytes += bytes;
  }

  /** @param label as `labelSql` gives it */
  find(id: string, label: string): WireMessage | undefined {
    const found = this.#unsent.get(id);
    return found?.label === label ? found.message : undefined;
  }

  forget(ids: readonly string[]): void {
    for (const id of ids) {
      const found = this.#unsent.get(id);
      if (!found) continue;
      this.#unsent.delete(id);
      this.#bytes -= found.bytes;
    }
  }

  #makeRoom(bytes: number, now: number): boolean {
    for (const [id, { since }] of this.#unsent) {
      if (this.#bytes + bytes <= maxBytes || now - since < staleMs) break;
      this.forget([id]);
    }
    return this.#bytes + bytes <= maxBytes;
  }
}

/** Bytes of the headers that stand in a label: the id of an event of ours is among them. */
const headerBytes = 56;

/** What a row is known by beside its id: its sizes, its topic, and how its headers begin. */
export const labelSql = `octet_length(headers) || ',' || coalesce(octet_length(value), -1) || ',' || topic || ',' ||
  encode(substring(headers for ${headerBytes}), 'escape')`;

/** undefined where Postgres would escape something of it */
function labelOf({ topic, value }: WireMessage, packed: Buffer): string | undefined {
  const beginning = packed.toString('latin1', 0, headerBytes);
  return /^[\x20-\x5b\x5d-\x7e]*$/.test(beginning)
    ? `${packed.length},${value?.length ?? -1},${topic},${beginning}`
    : undefined;
}
