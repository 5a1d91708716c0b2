import { Injectable } from '@nestjs/common';
import { ConsoleConfig } from '../console.config.js';
import { type Backend } from '../domain/allowed-routes.js';
import { ServiceAway, ServiceGateway, ServiceLate, type ServiceRequest } from '../domain/service-gateway.js';

/** The services over HTTP. */
@Injectable()
export class ServicesClient extends ServiceGateway {
  readonly #urls: Readonly<Record<Backend, string>>;
  readonly #timeoutMs: number;

  constructor(config: ConsoleConfig) {
    super();
    this.#timeoutMs = config.serviceTimeoutSeconds * 1000;
    this.#urls = {
      ...{ ingestion: config.ingestionUrl, sentiment: config.sentimentUrl, learning: config.learningUrl },
      ...{ routing: config.routingUrl, rehearsal: config.rehearsalUrl, loop: config.loopUrl },
      insights: config.insightsUrl,
    };
  }

  override urlOf(backend: Backend): string {
    return this.#urls[backend];
  }

  override async ask({ address, method, headers, body, signal }: ServiceRequest): Promise<Response> {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), this.#timeoutMs);
    const broken: { by?: Error } = {};
    try {
      return await fetch(address, {
        ...{ method, headers, redirect: 'manual', signal: AbortSignal.any([signal, late.signal]) },
        ...(body && { body: noting(body, broken), duplex: 'half' }),
      } as RequestInit);
    } catch (error) {
      if (broken.by) throw broken.by;
      if (signal.aborted) throw error;
      throw late.signal.aborted
        ? new ServiceLate(address.host, { cause: error })
        : new ServiceAway(address.host, { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }
}

/** What breaks the body, as it was thrown: fetch says no more than that it failed. */
async function* noting(body: AsyncIterable<Uint8Array>, broken: { by?: Error }): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    broken.by = error as Error;
    throw error;
  }
}
