import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';

/** A webhook that came, its signature checked. */
export interface Received {
  readonly id: string;
  readonly path: string;
  /** Undefined where it was refused on purpose */
  readonly data?: Record<string, unknown>;
}

/**
 * What stands on the other side of webhooks: the team's own system, and the place where customers read what is sent to them. Signatures
 * are checked by the words of Standard Webhooks, without a library of ours.
 */
export class Receiver {
  readonly received: Received[] = [];
  readonly #server: Server;
  readonly #secrets = new Map<string, string>();
  readonly #toRefuse = new Map<string, number>();

  private constructor() {
    this.#server = createServer((request, answer) => {
      void this.#take(request).then((status) => answer.writeHead(status).end());
    });
  }

  static async start(): Promise<Receiver> {
    const receiver = new Receiver();
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  urlOf(path: string): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${path}`;
  }

  /** `refuse`: so many are answered 503 at first. */
  expects(path: string, secret: string, refuse = 0): void {
    this.#secrets.set(path, secret);
    this.#toRefuse.set(path, refuse);
  }

  stop(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  async #take(request: IncomingMessage): Promise<number> {
    const path = request.url ?? '';
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    const secret = this.#secrets.get(path);
    const header = (name: string): string => String(request.headers[name] ?? '');
    const id = header('webhook-id');
    if (secret === undefined || !isSigned(secret, id, header('webhook-timestamp'), body, header('webhook-signature'))) {
      return 401;
    }
    const toRefuse = this.#toRefuse.get(path) ?? 0;
    if (toRefuse > 0) {
      this.#toRefuse.set(path, toRefuse - 1);
      this.received.push({ id, path });
      return 503;
    }
    const { data } = JSON.parse(body.toString()) as { data: Record<string, unknown> };
    this.received.push({ id, path, data });
    return 204;
  }
}

/** https://www.standardwebhooks.com: HMAC-SHA256 over `id.timestamp.body`, one of several signatures, the time within five minutes. */
function isSigned(secret: string, id: string, timestamp: string, body: Buffer, signatures: string): boolean {
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > 300) return false;
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest();
  return signatures.split(' ').some((signature) => {
    const given = Buffer.from(signature.replace(/^v1,/, ''), 'base64');
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}
