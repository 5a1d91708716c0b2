import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { answerTo, isCommit, kafkaFrames, postgresRequests, produceOf, type Framing } from './framing.js';

/** What a proxy does with connections, the open ones too: `black-hole` takes and swallows, both ways; `hold` takes and reads
 * nothing, so that nothing is lost; `delay` is 200 ms each way; `reset` breaks off in the middle of an answer. */
export type ProxyMode = 'pass' | 'refuse' | 'black-hole' | 'hold' | 'delay' | 'reset';

/** Where the moment is that the proxy waits for, once:
 * `statement`: the first one that names what is touched is held back ·
 * `commit` is held back · `commit-answer` the commit is done, its answer held · `produce` is held back ·
 * `produce-answer` the records are written, the acknowledgement held. */
export type Moment = 'statement' | 'commit' | 'commit-answer' | 'produce' | 'produce-answer';

type Protocol = 'postgres' | 'kafka' | 'http';

const DELAY_MS = 200;

/** One end each of a client and a server, and what is between them. */
class Pair {
  #held = false;
  /** Chunks on their way, for each direction: what comes after them must not overtake them */
  readonly #delayed = { up: { count: 0, last: Promise.resolve() }, down: { count: 0, last: Promise.resolve() } };
  readonly #requests: Framing | undefined;
  readonly #answers: Framing | undefined;
  /** The produce whose answer is waited for */
  #correlation: number | undefined;
  /** Broken off: nothing more goes through */
  #silent = false;
  /** The transaction that is open has said what the moment is to touch */
  #touched = false;
  /** At the moment that was waited for: what came since, in its order */
  #kept: { readonly to: Socket; readonly bytes: Buffer }[] | undefined;
  #closed = false;

  constructor(
    private readonly proxy: TcpProxy,
    readonly client: Socket,
    readonly server: Socket,
    protocol: Protocol,
  ) {
    this.#requests = protocol === 'postgres' ? postgresRequests() : protocol === 'kafka' ? kafkaFrames() : undefined;
    this.#answers = protocol === 'kafka' ? kafkaFrames() : undefined;
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      from.setNoDelay(true);
      from.on('data', (chunk: Buffer) => this.#take(from === client, chunk));
      from.on('error', () => this.close());
      // Half closed is closed: neither protocol lives on one leg.
      from.on('end', () => to.end());
      from.on('close', () => this.close());
      to.on('drain', () => this.#resume(from));
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.client.destroy();
    this.server.destroy();
    this.proxy.forget(this);
  }

  /** As a network does it that is cut: with a reset */
  cut(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const socket of [this.client, this.server]) {
      // libuv refuses a reset while it says goodbye, Node then never closes the socket, and the process never ends.
      if (socket.writableEnded && !socket.writableFinished) socket.destroy();
      else socket.resetAndDestroy();
    }
    this.proxy.forget(this);
  }

  hold(on: boolean): void {
    this.#held = on;
    for (const socket of [this.client, this.server]) {
      if (on) socket.pause();
      else socket.resume();
    }
  }

  #resume(socket: Socket): void {
    if (!this.#held) socket.resume();
  }

  #take(fromClient: boolean, chunk: Buffer): void {
    const { mode } = this.proxy;
    if (mode === 'black-hole' || this.#silent) return;
    const [from, to] = fromClient ? [this.client, this.server] : [this.server, this.client];
    if (this.#kept) {
      const framing = fromClient ? this.#requests : this.#answers;
      this.#kept.push({ to, bytes: framing ? Buffer.concat(framing.push(chunk)) : chunk });
      return;
    }
    const pass = fromClient ? this.#request(chunk) : this.#answer(chunk);
    if (pass.length === 0) return;
    if (mode === 'reset' && !fromClient && this.proxy.resets()) {
      this.#silent = true;
      // A reset that comes at once would take the half back from the client.
      to.write(pass.subarray(0, Math.max(1, pass.length >> 1)), () => setTimeout(() => this.cut(), 10));
      return;
    }
    const queue = this.#delayed[fromClient ? 'up' : 'down'];
    if (mode === 'delay' || queue.count > 0) {
      const due = pause(DELAY_MS);
      queue.count += 1;
      queue.last = queue.last
        .then(() => due)
        .then(() => {
          queue.count -= 1;
          if (!to.destroyed) to.write(pass);
        });
      return;
    }
    if (!to.write(pass)) from.pause();
  }

  /** Goes on from the moment at which it was held; as late as that may be. */
  release(): void {
    const kept = this.#kept;
    this.#kept = undefined;
    for (const { to, bytes } of kept ?? []) if (!to.destroyed) to.write(bytes);
  }

  /** What of it goes on to the server */
  #request(chunk: Buffer): Buffer {
    if (!this.#requests) return chunk;
    const frames = this.#requests.push(chunk);
    for (const [at, frame] of frames.entries()) {
      const { moment, touching } = this.proxy;
      if (touching !== undefined && frame.includes(touching)) {
        this.#touched = true;
        if (moment === 'statement') return this.#reached(frames, at, this.server);
      }
      if (moment?.startsWith('commit') && isCommit(frame)) {
        const touched = touching === undefined || this.#touched;
        this.#touched = false;
        if (!touched) continue;
        if (moment === 'commit') return this.#reached(frames, at, this.server);
        this.#correlation = 0;
      } else if (moment?.startsWith('produce') && produceOf(frame) !== undefined) {
        if (moment === 'produce') return this.#reached(frames, at, this.server);
        this.#correlation = produceOf(frame);
      }
    }
    return Buffer.concat(frames);
  }

  #answer(chunk: Buffer): Buffer {
    const awaited = this.proxy.moment ? this.#correlation : undefined;
    if (!this.#answers) {
      this.#correlation = undefined;
      return awaited === undefined ? chunk : this.#reached([chunk], 0, this.client);
    }
    const frames = this.#answers.push(chunk);
    const at = awaited === undefined ? -1 : frames.findIndex((frame) => answerTo(frame) === awaited);
    return at < 0 ? Buffer.concat(frames) : this.#reached(frames, at, this.client);
  }

  /** What of the messages goes on all the same: those before that one */
  #reached(frames: readonly Buffer[], at: number, to: Socket): Buffer {
    this.#correlation = undefined;
    this.#kept = [{ to, bytes: Buffer.concat(frames.slice(at)) }];
    this.proxy.reached();
    return Buffer.concat(frames.slice(0, at));
  }
}

/** A TCP proxy on loopback between one replica and one server, which can do to their connections what networks do. */
export class TcpProxy {
  #mode: ProxyMode = 'pass';
  #moment: Moment | undefined;
  #onMoment: (() => void) | undefined;
  #touching: string | undefined;
  #cutting: NodeJS.Timeout | undefined;
  #answersUntilReset = 0;
  readonly #pairs = new Set<Pair>();

  private constructor(
    private readonly listener: Server,
    readonly port: number,
    private readonly protocol: Protocol,
    private readonly targets: readonly number[],
  ) {
    listener.on('connection', (client) => this.#accept(client));
  }

  /** Passes on to the first of `targets` that takes the connection, beginning with another one each time. */
  static async start(port: number, protocol: Protocol, ...targets: readonly number[]): Promise<TcpProxy> {
    const listener = createServer({ allowHalfOpen: true });
    await new Promise<void>((resolve, reject) => {
      listener.once('error', reject);
      listener.listen({ host: '127.0.0.1', port }, resolve);
    });
    return new TcpProxy(listener, port, protocol, targets);
  }

  get mode(): ProxyMode {
    return this.#mode;
  }

  get touching(): string | undefined {
    return this.#touching;
  }

  get moment(): Moment | undefined {
    return this.#moment;
  }

  /** Open connections */
  get connections(): number {
    return this.#pairs.size;
  }

  set(mode: ProxyMode): void {
    const before = this.#mode;
    this.#mode = mode;
    if (mode === 'reset') this.#answersUntilReset = 0;
    for (const pair of [...this.#pairs]) {
      // What was swallowed is missing in the middle of a stream: such a connection never works again.
      if (mode === 'refuse' || (before === 'black-hole' && mode !== 'black-hole')) pair.cut();
      else pair.hold(mode === 'hold');
    }
  }

  cutAll(): void {
    for (const pair of [...this.#pairs]) pair.cut();
  }

  /** Cuts everything so often until `set` or `pass` */
  cutEvery(milliseconds: number): void {
    clearInterval(this.#cutting);
    this.#cutting = setInterval(() => this.cutAll(), milliseconds);
  }

  pass(): void {
    clearInterval(this.#cutting);
    this.#cutting = undefined;
    this.#moment = undefined;
    this.#onMoment = undefined;
    this.set('pass');
  }

  /**
   * Resolves when a connection stands still at that moment, and it does until release(); false where it did not come in time.
   * `touching`: a commit of a transaction only that has named it in one of its statements or their parameters.
   */
  async at(moment: Moment, seconds: number, signal?: AbortSignal, touching?: string): Promise<boolean> {
    this.#moment = moment;
    this.#touching = touching;
    const reached = new Promise<true>((resolve) => (this.#onMoment = () => resolve(true)));
    const timer = new AbortController();
    const late = pause(seconds * 1000, false, {
      signal: signal ? AbortSignal.any([signal, timer.signal]) : timer.signal,
    }).catch(() => false);
    try {
      return await Promise.race([reached, late]);
    } finally {
      timer.abort();
      this.#moment = undefined;
      this.#onMoment = undefined;
    }
  }

  /** What was held at a moment goes on. */
  release(): void {
    for (const pair of this.#pairs) pair.release();
  }

  async close(): Promise<void> {
    clearInterval(this.#cutting);
    for (const pair of [...this.#pairs]) pair.close();
    await new Promise<void>((resolve) => this.listener.close(() => resolve()));
  }

  /** For its pairs */
  forget(pair: Pair): void {
    this.#pairs.delete(pair);
  }

  reached(): void {
    this.#moment = undefined;
    this.#onMoment?.();
  }

  resets(): boolean {
    this.#answersUntilReset = (this.#answersUntilReset + 1) % 12;
    return this.#answersUntilReset === 0;
  }

  #accept(client: Socket): void {
    // Nobody may have a handler yet when it fails.
    client.on('error', () => client.destroy());
    if (this.#mode === 'refuse') {
      client.resetAndDestroy();
      return;
    }
    const [first, ...others] = this.targets;
    if (others.length > 0) (this.targets as number[]).push((this.targets as number[]).shift()!);
    this.#connect(client, [first!, ...others]);
  }

  #connect(client: Socket, [target, ...others]: readonly number[]): void {
    // Until the server takes it the client's bytes wait in its socket.
    client.pause();
    const server = connect({ host: '127.0.0.1', port: target!, allowHalfOpen: true });
    const failed = () => {
      server.destroy();
      if (others.length > 0 && !client.destroyed) this.#connect(client, others);
      else client.resetAndDestroy();
    };
    server.once('error', failed);
    server.once('connect', () => {
      server.off('error', failed);
      if (client.destroyed || this.#mode === 'refuse') {
        server.destroy();
        client.resetAndDestroy();
        return;
      }
      const pair = new Pair(this, client, server, this.protocol);
      this.#pairs.add(pair);
      pair.hold(this.#mode === 'hold');
    });
  }
}
