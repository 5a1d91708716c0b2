import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { firstTeams } from '@closeloop/contracts';
import { loadSources } from '../load/sources.js';
import { type Random } from '../random.js';
import { type Subject } from '../subject.js';

/** A step of a loop that an endpoint took, whether or not the sender heard so. */
export interface Taking {
  readonly endpointId: string;
  /** `webhook-id` */
  readonly id: string;
  readonly loopId: string;
  readonly version: number;
}

/** Something said to a customer, as the place where customers read took it. */
export interface ReplyTaking {
  readonly source: string;
  /** `webhook-id` */
  readonly id: string;
  /** What the body calls it */
  readonly replyId: string;
  readonly loopId: string;
}

export interface Endpoint {
  readonly endpointId: string;
  readonly team: string;
}

/** What the other side of every webhook remembers, in the order in which it came. */
export interface Received {
  readonly endpoints: readonly Endpoint[];
  readonly takings: readonly Taking[];
  readonly replyTakings: readonly ReplyTaking[];
  /** Paths of requests that nobody had signed as is due; they were answered 401 */
  readonly unsigned: readonly string[];
}

/** What is behind a path. */
type Place = { readonly secret: string } & ({ readonly endpointId: string } | { readonly source: string });

/** Of requests: refused; cut before it is taken; taken, and cut before it is answered. Few enough that no endpoint rests. */
const REFUSED = 0.03;
const CUT_BEFORE = 0.03;
const CUT_AFTER = 0.03;

/**
 * What stands on the other side of webhooks: the systems of all teams, and where the customers of the load's HTTP sources read what is
 * sent to them. It fails now and then, by the seed. It does not mind the time of a signature: clocks are put wrong here.
 */
export class Receiver implements Received {
  readonly endpoints: Endpoint[] = [];
  readonly takings: Taking[] = [];
  readonly replyTakings: ReplyTaking[] = [];
  readonly unsigned: string[] = [];
  readonly #server: Server;
  readonly #places = new Map<string, Place>();

  private constructor(private readonly random: Random) {
    this.#server = createServer((request, answer) => {
      this.#take(request).then(
        (status) => (status === undefined ? request.socket.destroy() : answer.writeHead(status).end()),
        // who dies in the middle of a request is not answered
        () => request.socket.destroy(),
      );
    });
  }

  static async start(random: Random): Promise<Receiver> {
    const receiver = new Receiver(random);
    await new Promise<void>((resolve, reject) =>
      receiver.#server.once('error', reject).listen(0, '127.0.0.1', resolve),
    );
    return receiver;
  }

  /** Tells the services of it: an endpoint of each team of the seed, and who sends what the load's HTTP sources are answered. */
  async announce({ loopUrls, ingestionUrls, token }: Pick<Subject, 'loopUrls' | 'ingestionUrls' | 'token'>) {
    const asked = async (method: string, url: string, path: string): Promise<string> => {
      const answer = await fetch(url, {
        method,
        headers: {
          authorization: `Bearer ${await token({ sub: 'faults-admin', roles: ['admin'] })}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify({ kind: 'webhook', url: this.#urlOf(path) }),
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${text}`);
      return text;
    };
    for (const team of firstTeams) {
      const path = `/teams/${team}`;
      const text = await asked('POST', `${loopUrls[0]}/v1/teams/${team}/endpoints`, path);
      const { endpointId } = JSON.parse(text) as { endpointId: string };
      this.expects(path, { secret: secretIn(text), endpointId });
      this.endpoints.push({ endpointId, team });
    }
    for (const source of loadSources.http) {
      const path = `/customers/${source}`;
      const text = await asked('PUT', `${ingestionUrls[0]}/v1/reply-senders/${source}`, path);
      this.expects(path, { secret: secretIn(text), source });
    }
  }

  expects(path: string, place: Place): void {
    this.#places.set(path, place);
  }

  #urlOf(path: string): string {
    return `${this.url}${path}`;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  /** @returns undefined where it hangs up */
  async #take(request: IncomingMessage): Promise<number | undefined> {
    const path = request.url ?? '';
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    const place = this.#places.get(path);
    const header = (name: string): string => String(request.headers[name] ?? '');
    const id = header('webhook-id');
    const signatures = header('webhook-signature');
    if (!place || !isSigned(place.secret, `${id}.${header('webhook-timestamp')}.`, body, signatures)) {
      this.unsigned.push(path);
      return 401;
    }
    if (this.random.chance(REFUSED)) return 503;
    if (this.random.chance(CUT_BEFORE)) return undefined;
    const { data } = JSON.parse(body.toString()) as { data: { loopId: string; version: number; replyId: string } };
    const { loopId, version, replyId } = data;
    if ('source' in place) this.replyTakings.push({ source: place.source, id, replyId, loopId });
    else this.takings.push({ endpointId: place.endpointId, id, loopId, version });
    return this.random.chance(CUT_AFTER) ? undefined : 204;
  }
}

const secretIn = (text: string): string => {
  const secret = /whsec_[A-Za-z0-9+/=]+/.exec(text)?.[0];
  if (secret === undefined) throw new Error('there is no secret in what a webhook was answered with');
  return secret;
};

/** By the words of Standard Webhooks, without a library of ours: HMAC-SHA256 over `id.timestamp.body`, one of several signatures. */
function isSigned(secret: string, before: string, body: Buffer, signatures: string): boolean {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const expected = createHmac('sha256', key).update(before).update(body).digest();
  return signatures.split(' ').some((signature) => {
    const given = Buffer.from(signature.replace(/^v1,/, ''), 'base64');
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}
