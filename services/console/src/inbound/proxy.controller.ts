import { Readable } from 'node:stream';
import { type ReadableStream } from 'node:stream/web';
import { AcceptsStream, currentTraceparent, Problem, Public } from '@closeloop/platform';
import { All, Body, Controller, Param, Req, Res, UseGuards } from '@nestjs/common';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { addressOf, allowedMethods, isBackend, type Backend } from '../domain/allowed-routes.js';
import { ServiceAway, ServiceGateway, ServiceLate } from '../domain/service-gateway.js';
import { SessionCookie } from './session-cookie.js';
import { SessionGuard, sessionOf } from './session.guard.js';

/** What a service is told of the request, and a page of the answer; nothing else passes. */
const asked = [
  'accept',
  'accept-language',
  'content-type',
  'if-match',
  'if-none-match',
  'idempotency-key',
  'last-event-id',
];
const answered = ['content-type', 'content-disposition', 'etag', 'location', 'retry-after', 'x-request-id'];

/** A file of feedback that rules are tried on. */
const maxBodyBytes = 64 * 1024 * 1024;

/** The services for the page: by the session's token, which the page never sees. */
@Controller('api')
@Public()
@UseGuards(SessionGuard)
export class ProxyController {
  constructor(
    private readonly services: ServiceGateway,
    private readonly cookie: SessionCookie,
  ) {}

  @All(':service/*')
  @AcceptsStream({
    mediaTypes: ['application/json', 'application/x-ndjson', 'application/ndjson', 'application/jsonl', 'text/csv'],
    maxBytes: maxBodyBytes,
  })
  async pass(
    @Param('service') name: string,
    @Body() body: Readable | undefined,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { service, address } = this.#targetOf(name, request);
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    const hasBody =
      request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined;
    let answer: Response;
    try {
      answer = await this.services.ask({
        address,
        method: request.method,
        headers: { ...headersOf(request), authorization: `Bearer ${sessionOf(request).token}` },
        ...(hasBody && body && { body }),
        signal: gone.signal,
      });
    } catch (error) {
      if (gone.signal.aborted) return;
      if (error instanceof ServiceLate) {
        throw new Problem('gateway-timeout', `The service ${service} did not answer in time.`, { service });
      }
      if (error instanceof ServiceAway) {
        throw new Problem('bad-gateway', `The service ${service} does not answer at the moment. Try again.`, {
          service,
        });
      }
      throw error;
    }
    // its keys have changed, or its clock says that the token is over: whoever it was is to sign in again
    if (answer.status === 401) this.cookie.clear(reply);
    for (const header of answered) {
      const value = answer.headers.get(header);
      if (value !== null) void reply.header(header, value);
    }
    await reply
      .code(answer.status)
      .header('cache-control', 'no-store')
      .header('x-accel-buffering', 'no')
      .send(answer.body ? Readable.fromWeb(answer.body as ReadableStream) : undefined);
  }

  /** @throws Problem where it is not for the page */
  #targetOf(name: string, request: FastifyRequest): { service: Backend; address: URL } {
    const nowhere = new Problem('not-found', 'There is nothing at this path.');
    if (!isBackend(name)) throw nowhere;
    const base = this.services.urlOf(name);
    const address = addressOf(base, request.url.slice(`/api/${name}`.length));
    if (!address) throw nowhere;
    const path = address.pathname.slice(new URL(base).pathname.replace(/\/$/, '').length);
    if (!allowedMethods(name, path).includes(request.method)) throw nowhere;
    return { service: name, address };
  }
}

function headersOf({ headers }: FastifyRequest): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const name of asked) {
    const value = headers[name];
    if (typeof value === 'string') passed[name] = value;
  }
  const traceparent = currentTraceparent();
  return { ...passed, ...(traceparent !== undefined && { traceparent }) };
}
