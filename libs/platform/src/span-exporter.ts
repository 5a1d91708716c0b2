import { Logger } from '@nestjs/common';
import { Agent, request as requestPlain } from 'node:http';
import { Agent as SecureAgent, request as requestSecure } from 'node:https';

import { describeError } from './problem-mapping.js';

export interface SpanExporterOptions {
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly queueSize: number;
  /** The resource and scope of all spans: what stands before and after them in the request, as JSON. */
  readonly before: string;
  readonly after: string;
}

/** Spans in one request, at most. */
const MAX_BATCH = 1_000;
/** How long the first of a batch waits for others. */
const LINGER_MS = 1_000;
const BACKOFF_MS = [1_000, 30_000] as const;
/** How long a stop waits for what is left. */
const FLUSH_MS = 2_000;

/**
 * Delivers spans, as JSON texts, to a collector by OTLP over HTTP: one request at a time, in the background. A collector that is away
 * costs no more than a bounded queue; what does not fit is dropped and counted. With nothing to deliver it sets no timer.
 */
export class SpanExporter {
  readonly #logger = new Logger('Tracing');
  readonly #url: URL;
  readonly #agent: Agent;
  #waiting: string[] = [];
  #timer: NodeJS.Timeout | undefined;
  #delivering: Promise<void> | undefined;
  #failures = 0;
  #closed = false;
  /** Spans that were delivered, and that were not for want of room or because the collector refused them */
  delivered = 0;
  dropped = 0;

  constructor(private readonly options: SpanExporterOptions) {
    this.#url = new URL(options.endpoint);
    const keepAlive = { keepAlive: true, maxSockets: 1 };
    this.#agent = this.#url.protocol === 'https:' ? new SecureAgent(keepAlive) : new Agent(keepAlive);
  }

  add(span: string): void {
    if (this.#waiting.length >= this.options.queueSize) {
      this.dropped++;
      return;
    }
    this.#waiting.push(span);
    if (this.#waiting.length === MAX_BATCH && this.#failures === 0) this.#deliverIn(0);
    else if (this.#timer === undefined) this.#deliverIn(LINGER_MS);
  }

  /** Delivers what is left, for at most two seconds. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    const left = (async () => {
      await this.#delivering;
      while (this.#waiting.length > 0 && this.#failures === 0) await this.#deliver();
    })();
    await Promise.race([left, new Promise((resolve) => setTimeout(resolve, FLUSH_MS).unref())]);
    this.#agent.destroy();
  }

  #deliverIn(ms: number): void {
    if (this.#delivering !== undefined || this.#closed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#delivering = this.#deliver().finally(() => {
        this.#delivering = undefined;
        this.#timer = undefined;
        if (this.#failures > 0) this.#deliverIn(Math.min(BACKOFF_MS[1], BACKOFF_MS[0] * 2 ** (this.#failures - 1)));
        else if (this.#waiting.length > 0) this.#deliverIn(this.#waiting.length >= MAX_BATCH ? 0 : LINGER_MS);
      });
    }, ms);
    this.#timer.unref();
  }

  /** One request. Never rejects. */
  async #deliver(): Promise<void> {
    const batch = this.#waiting.splice(0, MAX_BATCH);
    try {
      const status = await this.#post(`${this.options.before}${batch.join(',')}${this.options.after}`);
      if (status < 300) {
        this.delivered += batch.length;
        if (this.#failures > 0) this.#logger.log('The collector of traces takes them again.');
        this.#failures = 0;
        return;
      }
      // Those that the protocol says may be tried again.
      if ([429, 502, 503, 504].includes(status)) throw new Error(`it answered ${status}`);
      this.dropped += batch.length;
      this.#tell(`refuses them with ${status}`);
    } catch (error) {
      const room = this.options.queueSize - this.#waiting.length;
      this.dropped += Math.max(0, batch.length - room);
      this.#waiting = [...batch.slice(0, room), ...this.#waiting];
      this.#tell(`cannot be reached: ${describeError(error)}`);
    }
    this.#failures++;
  }

  #tell(what: string): void {
    if (this.#failures === 0) this.#logger.warn(`The collector of traces ${what}`);
  }

  #post(body: string): Promise<number> {
    const bytes = Buffer.from(body, 'utf8');
    return new Promise((resolve, reject) => {
      const request = (this.#url.protocol === 'https:' ? requestSecure : requestPlain)(
        this.#url,
        {
          method: 'POST',
          agent: this.#agent,
          timeout: this.options.timeoutMs,
          headers: { ...this.options.headers, 'content-type': 'application/json', 'content-length': bytes.length },
        },
        (response) => {
          response.resume();
          response.once('end', () => resolve(response.statusCode ?? 0));
          response.once('error', reject);
        },
      );
      request.once('error', reject);
      request.once('timeout', () => request.destroy(new Error('it did not answer in time')));
      request.end(bytes);
    });
  }
}
