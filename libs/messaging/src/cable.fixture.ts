import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A way of TCP to a port of this machine, on which things can go wrong. */
export class Cable {
  readonly #pairs = new Set<readonly [near: Socket, far: Socket]>();
  #swallows = false;

  private constructor(
    private readonly server: Server,
    private readonly to: () => number,
  ) {
    server.on('connection', (near) => this.#join(near));
  }

  /** @param to the port it leads to, asked at each connection */
  static async lay(to: () => number): Promise<Cable> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Cable(server, to);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  #join(near: Socket): void {
    const far = connect(this.to(), '127.0.0.1');
    const pair = [near, far] as const;
    this.#pairs.add(pair);
    // What came while it swallowed is lost to both ends, and what follows on that connection with it.
    let dead = this.#swallows;
    for (const [from, into] of [pair, [far, near]] as const) {
      from.on('data', (bytes) => {
        dead ||= this.#swallows;
        if (!dead) into.write(bytes);
      });
      from.on('error', () => undefined);
      from.on('close', () => {
        into.destroy();
        this.#pairs.delete(pair);
      });
    }
  }

  /** Breaks off every connection; new ones go through. */
  cut(): void {
    for (const [near, far] of this.#pairs) {
      near.resetAndDestroy();
      far.destroy();
    }
  }

  /** Takes everything in, lets nothing out and ends nothing, until it is mended: connections made till then stay so. */
  swallow(): void {
    this.#swallows = true;
  }

  mend(): void {
    this.#swallows = false;
  }

  close(): void {
    this.cut();
    this.server.close();
  }
}
