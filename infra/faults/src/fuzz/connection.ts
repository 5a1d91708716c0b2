import { connect, type Socket } from 'node:net';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** How a request on a bare connection ended. */
export type End =
  | { readonly kind: 'answer'; readonly answer: Answer }
  /** The other side closed without an answer, or in the middle of one */
  | { readonly kind: 'cut'; readonly after: string }
  | { readonly kind: 'silence' };

/** Sends bytes as they are, and reads what comes back as HTTP/1.1; one request at a time, the connection kept where both allow it. */
export class Connection {
  #socket: Socket | undefined;
  #received = Buffer.alloc(0);
  #wake: (() => void) | undefined;
  #ended = false;

  constructor(private readonly url: URL) {}

  /** @param silenceMs how long an answer may take */
  async ask(parts: readonly Buffer[], { method, silenceMs }: { method: string; silenceMs: number }): Promise<End> {
    const kept = this.#socket !== undefined;
    const end = await this.#ask(parts, method, silenceMs);
    // A kept connection may be closed by the other side just when it is used again; a fresh one tells.
    return kept && end.kind === 'cut' && end.after === '' ? this.#ask(parts, method, silenceMs) : end;
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  async #ask(parts: readonly Buffer[], method: string, silenceMs: number): Promise<End> {
    const socket = (this.#socket ??= this.#open());
    this.#received = Buffer.alloc(0);
    for (const part of parts) {
      if (socket.writable) socket.write(part);
      // Parts are for sending in pieces.
      if (parts.length > 1) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const deadline = Date.now() + silenceMs;
    for (;;) {
      const answer = answerIn(this.#received, method, this.#ended);
      if (answer !== undefined) {
        if (this.#ended || answer.headers['connection'] === 'close' || isEndless(answer)) this.close();
        return { kind: 'answer', answer };
      }
      if (this.#ended) {
        this.close();
        return { kind: 'cut', after: this.#received.toString('latin1').slice(0, 100) };
      }
      const left = deadline - Date.now();
      if (left <= 0) {
        this.close();
        return { kind: 'silence' };
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  #open(): Socket {
    this.#ended = false;
    const socket = connect(Number(this.url.port), this.url.hostname);
    socket.setNoDelay(true);
    const ended = (): void => {
      if (this.#socket !== socket) return;
      this.#ended = true;
      this.#wake?.();
    };
    socket.on('data', (chunk) => {
      if (this.#socket !== socket) return;
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake?.();
    });
    socket.on('end', ended).on('close', ended).on('error', ended);
    return socket;
  }
}

/** It tells what happens for as long as anybody listens: that it began is the answer. */
const isEndless = ({ headers }: Pick<Answer, 'headers'>): boolean =>
  headers['content-type']?.startsWith('text/event-stream') ?? false;

/** The first whole answer in the bytes, of an endless one what is there; interim ones are passed over. */
function answerIn(bytes: Buffer, method: string, ended: boolean): Answer | undefined {
  const head = bytes.indexOf('\r\n\r\n');
  if (head === -1) return undefined;
  const [first = '', ...lines] = bytes.toString('latin1', 0, head).split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1] ?? 0);
  if (status >= 100 && status < 200) return answerIn(bytes.subarray(head + 4), method, ended);
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  const rest = bytes.subarray(head + 4);
  if (method === 'HEAD' || status === 204 || status === 304) return { status, headers, body: Buffer.alloc(0) };
  if (isEndless({ headers })) return { status, headers, body: rest };
  if (headers['transfer-encoding']?.toLowerCase() === 'chunked') {
    const body = unchunked(rest);
    return body && { status, headers, body };
  }
  if (headers['content-length'] === undefined) return ended ? { status, headers, body: rest } : undefined;
  const length = Number(headers['content-length']);
  return rest.length >= length ? { status, headers, body: rest.subarray(0, length) } : undefined;
}

function unchunked(bytes: Buffer): Buffer | undefined {
  const chunks: Buffer[] = [];
  for (let at = 0; ;) {
    const line = bytes.indexOf('\r\n', at);
    if (line === -1) return undefined;
    const size = Number.parseInt(bytes.toString('latin1', at, line), 16);
    if (bytes.length < line + 2 + size + 2) return undefined;
    if (size === 0) return Buffer.concat(chunks);
    chunks.push(bytes.subarray(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
  }
}
