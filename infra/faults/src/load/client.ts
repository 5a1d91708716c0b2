import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Attempt, type Journal } from './journal.js';

/** What came back. */
export interface Reply {
  readonly status: number;
  /** Lower-case names */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

export interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A request had no answer: `refused` where nobody listened, so that certainly nothing was done. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
  constructor(
    readonly code: string,
    readonly refused: boolean,
  ) {
    super(code);
  }
}

const requestTimeoutMs = 15_000;
/** First and longest pause before a request is sent again */
const pauseMs = [50, 2_000] as const;

/** Connections to the replicas; each request has at most 15 s. */
export class Client {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64, maxFreeSockets: 16, timeout: requestTimeoutMs });

  /** @throws NoAnswer */
  async send(url: string, { method, path, headers, body }: Call, signal?: AbortSignal): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const fail = (error: NodeJS.ErrnoException): void => {
        clearTimeout(timer);
        const code = error.code ?? error.name;
        reject(new NoAnswer(code, code === 'ECONNREFUSED'));
      };
      const outgoing = request(`${url}${path}`, {
        method,
        agent: this.#agent,
        headers: { ...headers, ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }) },
        ...(signal && { signal }),
      });
      const timer = setTimeout(
        () => outgoing.destroy(Object.assign(new Error('no answer'), { code: 'timeout' })),
        requestTimeoutMs,
      );
      outgoing.on('error', fail);
      outgoing.on('response', (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', fail);
        response.on('end', () => {
          clearTimeout(timer);
          // an answer that was cut in the middle says nothing
          if (!response.complete) return reject(new NoAnswer('cut', false));
          const { statusCode: status = 0, headers: given } = response;
          resolve({ status, headers: given, text: Buffer.concat(parts).toString('utf8') });
        });
      });
      outgoing.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** What a patient sender needs. */
export interface Patience {
  readonly client: Client;
  readonly journal: Journal;
  /** Aborted when nothing is to be sent again any more */
  readonly signal: AbortSignal;
}

/**
 * Sends a request until it is answered for good, the same each time, on one replica after the other: a refused or cut connection, a
 * timeout, 429 and every 5xx are tried again, after Retry-After where that is given.
 * @returns undefined where it was given up: whether it was done is not known
 */
export async function sendUntilAnswered(
  { client, journal, signal }: Patience,
  urls: readonly string[],
  first: number,
  call: Call,
  noted: Pick<Attempt, 'phase' | 'what' | 'nos'>,
): Promise<Reply | undefined> {
  for (let attempt = 0; ; attempt++) {
    const url = urls[(first + attempt) % urls.length]!;
    const begun = performance.now();
    const note = (was: Attempt['was'], told: string): void =>
      journal.attempted({ ...noted, to: url, was, told, ms: Math.round((performance.now() - begun) * 10) / 10 });
    let wait: number | undefined;
    try {
      const reply = await client.send(url, call, signal);
      if (reply.status < 500 && reply.status !== 429) {
        note('answered', String(reply.status));
        return reply;
      }
      note(reply.status === 429 ? 'refused' : 'undetermined', String(reply.status));
      const asked = Number(reply.headers['retry-after']);
      // another replica may have what this one lacks, so an honest sender need not wait as long where there are two
      if (Number.isFinite(asked)) wait = Math.min(10_000, (asked * 1000) / urls.length);
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      if (signal.aborted) {
        note('undetermined', 'given up');
        return undefined;
      }
      note(error.refused ? 'refused' : 'undetermined', error.code);
    }
    // the other replica is asked at once
    if (wait === undefined) {
      const round = Math.floor(attempt / urls.length);
      wait = attempt % urls.length < urls.length - 1 ? 0 : Math.min(pauseMs[1], pauseMs[0] * 2 ** round);
    }
    try {
      await sleep(wait * (0.8 + Math.random() * 0.4), undefined, { signal });
    } catch {
      return undefined;
    }
  }
}
