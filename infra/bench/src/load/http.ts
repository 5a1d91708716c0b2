import { setTimeout as sleep } from 'node:timers/promises';
import { Pool, type Dispatcher } from 'undici';

export interface Requests {
  /** Without a slash at the end */
  readonly url: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly bodies: readonly Buffer[];
  readonly connections: number;
}

/** How long an answer may take */
const answeredWithinMs = 60_000;

const poolOf = ({ url, connections }: Requests): Pool =>
  new Pool(url, { connections, pipelining: 1, bodyTimeout: answeredWithinMs, headersTimeout: answeredWithinMs });

/** The answer's status is 2xx, or it throws with what was said. */
const post = (pool: Pool, { path, headers }: Requests, body: Buffer): Promise<void> =>
  new Promise((resolve, reject) => {
    let status = 0;
    const parts: Buffer[] = [];
    const handler: Dispatcher.DispatchHandler = {
      // by it undici knows which kind of handler this is
      onRequestStart: () => undefined,
      onResponseStart(_controller, statusCode) {
        status = statusCode;
      },
      onResponseData(_controller, part) {
        if (status >= 300) parts.push(part);
      },
      onResponseEnd() {
        if (status < 300) resolve();
        else reject(new Error(`${path} was answered ${status}: ${Buffer.concat(parts).toString().slice(0, 300)}`));
      },
      onResponseError(_controller, error) {
        reject(error);
      },
    };
    pool.dispatch({ method: 'POST', path, headers: { ...headers, 'content-type': 'application/json' }, body }, handler);
  });

/**
 * Sends all of them, each connection the next one when the last one is answered (a closed loop: as fast as they are taken).
 * @returns when each was answered: milliseconds since 1970. @throws where one is not answered 2xx
 */
export async function sendAll(requests: Requests): Promise<Float64Array> {
  const { bodies, connections } = requests;
  const pool = poolOf(requests);
  const answered = new Float64Array(bodies.length);
  let next = 0;
  const send = async (): Promise<void> => {
    for (let at = next++; at < bodies.length; at = next++) {
      await post(pool, requests, bodies[at]!);
      answered[at] = performance.timeOrigin + performance.now();
    }
  };
  try {
    await Promise.all(Array.from({ length: connections }, send));
  } finally {
    await pool.destroy();
  }
  return answered;
}

/**
 * Sends each at its time, whether or not the ones before were answered (an open loop: who waits does not slow down who comes after).
 * @returns when each was to be sent: milliseconds since 1970. @throws where one is not answered 2xx
 */
export async function sendBySchedule(requests: Requests, perSecond: number): Promise<Float64Array> {
  const { bodies } = requests;
  const pool = poolOf(requests);
  const begun = performance.timeOrigin + performance.now() + 50;
  const due = Float64Array.from(bodies, (_, at) => begun + (at * 1000) / perSecond);
  const answers: Promise<void>[] = [];
  let failure: Error | undefined;
  try {
    for (let at = 0; at < bodies.length && !failure;) {
      const now = performance.timeOrigin + performance.now();
      while (at < bodies.length && due[at]! <= now) {
        answers.push(post(pool, requests, bodies[at++]!).catch((error: Error) => void (failure ??= error)));
      }
      if (at < bodies.length) await sleep(1);
    }
    await Promise.all(answers);
    if (failure) throw failure;
  } finally {
    await pool.destroy();
  }
  return due;
}
