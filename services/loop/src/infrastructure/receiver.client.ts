import { lookup } from 'node:dns';
import { request as requestPlain } from 'node:http';
import { request as requestSecure } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import {
  assertPublicAddress,
  ForbiddenAddress,
  isPublicAddress,
  pinnedLookupBy,
  type Resolve,
} from '@closeloop/platform';
import { type UrlRefusal } from '../domain/courier.js';
import { type Answer, type DeliveryTimes } from '../domain/delivery.js';

/** Most that is read of an answer; nobody needs it. */
const maxAnswerBytes = 4 * 1024;

export interface ReceiverClientOptions {
  /** Receivers inside of the own network, and plain HTTP */
  readonly allowPrivate: boolean;
  /** For specs: how names are resolved */
  readonly resolve?: Resolve;
}

/**
 * Posts to addresses that people gave. What a name stands for is looked up here, and the connection goes to the very address
 * that was looked at: a name that means another one a moment later reaches nothing. No redirect is followed.
 */
export class ReceiverClient {
  readonly #lookup: LookupFunction;

  constructor(
    private readonly options: ReceiverClientOptions,
    private readonly times: Pick<DeliveryTimes, 'connectMs' | 'answerMs'>,
  ) {
    const isAllowed = options.allowPrivate ? () => true : isPublicAddress;
    this.#lookup = pinnedLookupBy(options.resolve ?? lookup, isAllowed);
  }

  /** Whether one may be told to send there; undefined: yes. */
  async refusalOf(address: string): Promise<UrlRefusal | undefined> {
    const url = urlOf(address);
    if (!url) return { rule: 'url', message: 'must be a URL' };
    const refusal = this.#refusalOfForm(url);
    if (refusal || this.options.allowPrivate) return refusal;
    try {
      await assertPublicAddress(url, this.#lookup);
      return undefined;
    } catch (error) {
      return error instanceof ForbiddenAddress
        ? { rule: 'publicAddress', message: 'must be on the public internet (LOOP_ALLOW_PRIVATE_ENDPOINTS)' }
        : { rule: 'resolvable', message: 'has a host that cannot be found' };
    }
  }

  /** Never throws: what went wrong is an answer. */
  async post(
    address: string,
    body: string,
    headers: Readonly<Record<string, string>>,
    stopping: AbortSignal,
  ): Promise<Answer> {
    const started = performance.now();
    const failed = (error: string): Answer => ({ kind: 'failed', error, milliseconds: since(started) });
    const url = urlOf(address);
    if (!url) return failed('the address is not a URL');
    const refusal = this.#refusalOfForm(url);
    if (refusal) return failed(`the URL ${refusal.message}`);
    // a literal address is never looked up
    if (!this.options.allowPrivate && isIP(hostOf(url)) !== 0 && !isPublicAddress(hostOf(url))) {
      return failed('the address is not on the public internet');
    }
    return this.#exchange(url, Buffer.from(body), headers, stopping, started);
  }

  #exchange(
    url: URL,
    body: Buffer,
    headers: Readonly<Record<string, string>>,
    stopping: AbortSignal,
    started: number,
  ): Promise<Answer> {
    return new Promise((resolve) => {
      const request = (url.protocol === 'https:' ? requestSecure : requestPlain)(url, {
        method: 'POST',
        // its own connection: one that is kept was looked at for an earlier request
        agent: false,
        lookup: this.#lookup,
        headers: { 'content-type': 'application/json', 'content-length': body.length, ...headers },
      });
      let status: number | undefined;
      let retryAfter: string | undefined;
      let isOver = false;
      const end = (answer: Answer): void => {
        if (isOver) return;
        isOver = true;
        clearTimeout(connecting);
        clearTimeout(answering);
        stopping.removeEventListener('abort', stop);
        request.destroy();
        resolve(answer);
      };
      const fail = (error: string): void =>
        end({ kind: 'failed', error, milliseconds: since(started), ...(status !== undefined && { status }) });
      const stop = (): void => end({ kind: 'stopped' });
      const connecting = setTimeout(() => fail('no connection in time'), this.times.connectMs);
      const answering = setTimeout(() => fail('no whole answer in time'), this.times.answerMs);
      const conclude = (): void => end(answerOf(status!, retryAfter, since(started)));
      request.on('error', (error: NodeJS.ErrnoException) =>
        fail(
          error instanceof ForbiddenAddress
            ? 'the name stands for an address that is not public'
            : (error.code ?? 'failed'),
        ),
      );
      request.on('socket', (socket) => {
        socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', () => clearTimeout(connecting));
      });
      request.on('response', (response) => {
        status = response.statusCode!;
        retryAfter = response.headers['retry-after'];
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          // it has answered; what it goes on saying is of no use
          if ((bytes += chunk.length) > maxAnswerBytes) conclude();
        });
        response.on('end', conclude);
        response.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? 'the answer broke off'));
        response.on('close', () => fail('the answer broke off'));
      });
      if (stopping.aborted) return stop();
      stopping.addEventListener('abort', stop);
      request.end(body);
    });
  }

  #refusalOfForm(url: URL): UrlRefusal | undefined {
    if (url.protocol !== 'https:' && !(this.options.allowPrivate && url.protocol === 'http:')) {
      return { rule: 'https', message: 'must begin with https://' };
    }
    if (url.username !== '' || url.password !== '') {
      return { rule: 'credentials', message: 'must hold no user and password' };
    }
    return undefined;
  }
}

const since = (started: number): number => Math.round(performance.now() - started);

const urlOf = (address: string): URL | undefined => (URL.canParse(address) ? new URL(address) : undefined);

const hostOf = (url: URL): string => url.hostname.replace(/^\[(.*)\]$/, '$1');

function answerOf(status: number, retryAfter: string | undefined, milliseconds: number): Answer {
  if (status >= 200 && status < 300) return { kind: 'taken', status, milliseconds };
  const retryAfterMs = waitOf(retryAfter);
  const error = status >= 300 && status < 400 ? 'it redirects, and redirects are not followed' : `status ${status}`;
  return {
    ...{ kind: status === 410 ? 'gone' : 'failed', status, milliseconds, error },
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
}

/** Seconds, or a date. */
function waitOf(retryAfter: string | undefined): number | undefined {
  if (retryAfter === undefined) return undefined;
  const ms = /^\d{1,9}$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - Date.now();
  return ms > 0 ? ms : undefined;
}
