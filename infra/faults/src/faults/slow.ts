import { connect, type Socket } from 'node:net';
import { limits, type Fault, type FaultContext } from './fault.js';

const CONNECTIONS = 150;
const head = 'POST /v1/feedback HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';

type Slowness = 'headers' | 'body' | 'silent' | 'half-open';

/** One client that holds a connection and gives next to nothing. */
class SlowClient {
  readonly #socket: Socket;
  ended = false;

  constructor(port: number, how: Slowness) {
    this.#socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
    this.#socket.on('error', () => undefined);
    this.#socket.on('close', () => (this.ended = true));
    this.#socket.on('data', () => undefined);
    this.#socket.on('connect', () => {
      if (how === 'headers') this.#socket.write(head);
      if (how === 'body') this.#socket.write(`${head}Content-Length: 1000\r\nAuthorization: Bearer none\r\n\r\n{`);
      // It says that it is done, and never reads on.
      if (how === 'half-open') this.#socket.end(`${head}Content-Length: 1000\r\n\r\n{"channel"`).pause();
    });
  }

  drip(how: Slowness): void {
    if (this.ended || how === 'silent' || how === 'half-open') return;
    this.#socket.write(how === 'headers' ? 'X-Slow: 1\r\n' : ' ');
  }

  end(): void {
    this.#socket.destroy();
  }
}

const kinds: readonly Slowness[] = ['headers', 'body', 'silent', 'half-open'];

export const slow: Fault = {
  name: 'slow',
  what: 'slowloris and half-open connections against ingestion while others work',
  async inject(context) {
    const { rig, quick } = context;
    const seconds = quick ? 8 : 90;
    const clients = rig.of('ingestion').flatMap(({ options: { port } }) =>
      Array.from({ length: CONNECTIONS }, (_, index) => {
        const how = kinds[index % kinds.length]!;
        return { how, client: new SlowClient(port, how) };
      }),
    );
    context.injected(clients.length);
    try {
      await flowsMeanwhile(context, seconds, () => clients.forEach(({ how, client }) => client.drip(how)));
      const held = clients.filter(({ client }) => !client.ended).length;
      context.fact('connections still held', held);
      // Headers have 20 s, and whoever is silent in a body two minutes: of the slowest kind none may be left.
      const slowHeaders = clients.filter(({ how, client }) => how === 'headers' && !client.ended).length;
      if (!quick && slowHeaders > 0)
        context.problem(`${slowHeaders} connections without an end of headers are still open`);
    } finally {
      for (const { client } of clients) client.end();
    }
    await context.recovers(limits.server, 'the slow ones left');
  },
};

async function flowsMeanwhile(context: FaultContext, seconds: number, drip: () => void): Promise<void> {
  const timer = setInterval(drip, 1000);
  try {
    await context.pause(Math.min(seconds, 3));
    await context.recovers(limits.server, 'the slow ones came');
    await context.pause(Math.max(0, seconds - 5));
  } finally {
    clearInterval(timer);
  }
}
