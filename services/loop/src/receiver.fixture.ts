import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Milliseconds of this process's clock */
  readonly at: number;
}

/** How a receiver answers the nth request of a path, from 1 on. */
export type Behaviour = (response: ServerResponse, nth: number, received: Received) => void;

export const answers =
  (status: number, headers: Record<string, string> = {}): Behaviour =>
  (response) =>
    response.writeHead(status, headers).end();

/** A team's receiver: a real server that behaves, by path, as well or as badly as a spec says; well unless told otherwise. */
export class ReceiverFixture {
  readonly received: Received[] = [];
  readonly #behaviours = new Map<string, Behaviour>();
  readonly #server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const path = request.url!;
      const received = {
        ...{ path, headers: request.headers, at: performance.now() },
        body: Buffer.concat(chunks).toString(),
      };
      this.received.push(received);
      (this.#behaviours.get(path) ?? answers(204))(response, this.of(path).length, received);
    });
  });

  static async start(): Promise<ReceiverFixture> {
    const fixture = new ReceiverFixture();
    await new Promise<void>((resolve) => fixture.#server.listen(0, '127.0.0.1', resolve));
    return fixture;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  url(path: string): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  behaves(path: string, behaviour: Behaviour): void {
    this.#behaviours.set(path, behaviour);
  }

  of(path: string): Received[] {
    return this.received.filter((one) => one.path === path);
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
