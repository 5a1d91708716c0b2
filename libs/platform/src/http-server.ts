import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { type FastifyReply } from 'fastify';
import { type Socket } from 'node:net';

import { type HttpConfig } from './http.config.js';
import { type Metrics } from './metrics.js';
import { blank, problemOf } from './problem-mapping.js';
import { sendProblem } from './problem.filter.js';
import { type RouteTable } from './route-table.js';
import { traceOf, withTrace } from './trace.js';

const HEADERS_TIMEOUT_MS = 20_000;
/** Above the idle time of common load balancers (60 s), which otherwise send into a connection that is just being closed. */
const KEEP_ALIVE_MS = 72_000;
/** How long what is left of a refused body is read and thrown away, so that the sender gets to read the answer. */
const LINGER_MS = 5_000;

/** Fastify as the services use it: problem documents also where the request never gets as far as Nest. */
export function createHttpAdapter(): FastifyAdapter {
  return new FastifyAdapter({
    logger: false,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // Bodies have deadlines of their own, by what the route takes; an import may take hours.
    requestTimeout: 0,
    http: { headersTimeout: HEADERS_TIMEOUT_MS, connectionsCheckingInterval: 5_000 },
    // What comes in on an open connection during a stop is still served.
    return503OnClosing: false,
    routerOptions: { maxParamLength: 500 },
    // A malformed URL is refused by the router, before any route or hook.
    frameworkErrors(error: Error, _request: unknown, reply: FastifyReply) {
      const { status, document } = problemOf(error);
      void sendProblem(reply, status, document);
    },
    clientErrorHandler(error, socket) {
      answerBadRequest(error, socket);
    },
  });
}

export interface HttpParts {
  config: HttpConfig;
  metrics: Metrics;
  routes: RouteTable;
  isStopping: () => boolean;
}

/** Adds traces, measures, limits and time-outs; to be called before the routes are made. */
export function configureHttp(app: NestFastifyApplication, { config, metrics, routes, isStopping }: HttpParts): void {
  const fastify = app.getHttpAdapter().getInstance();
  fastify.server.setTimeout(config.idleTimeoutSeconds * 1000);

  // Bodies are handed over unread: the body interceptor reads them once the guards have let the request in.
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('*', (_request, _payload, done) => done(null, undefined));

  fastify.addHook('onRoute', (route) => {
    routes.add(route.url, [route.method].flat());
  });
  fastify.addHook('onRequest', (request, reply, done) => {
    const { traceparent } = request.headers;
    const trace = traceOf(typeof traceparent === 'string' ? traceparent : undefined);
    void reply.header('x-request-id', trace.traceId);
    withTrace(trace, done);
  });
  fastify.addHook('onSend', (_request, reply, _payload, done) => {
    if (isStopping()) void reply.header('connection', 'close');
    done();
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    metrics.httpSeconds.observe(
      { method: request.method, route: request.routeOptions.url ?? '(none)', status: String(reply.statusCode) },
      reply.elapsedTime / 1000,
    );
    if (!request.raw.complete) {
      const { socket } = request.raw;
      setTimeout(() => {
        if (!request.raw.complete) socket.destroy();
      }, LINGER_MS).unref();
    }
    done();
  });
}

/** Takes no more connections and waits for the answers that are owed, at most `graceSeconds`; then connections are cut. */
export async function drain(app: NestFastifyApplication, graceSeconds: number): Promise<void> {
  const fastify = app.getHttpAdapter().getInstance();
  if (!fastify.server.listening) return;
  const reap = setInterval(() => fastify.server.closeIdleConnections(), 50);
  const cut = setTimeout(() => fastify.server.closeAllConnections(), graceSeconds * 1000);
  try {
    await fastify.close();
  } finally {
    clearInterval(reap);
    clearTimeout(cut);
  }
}

/** What Node's parser refuses never becomes a request; it is answered on the bare socket. */
function answerBadRequest(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = { ERR_HTTP_REQUEST_TIMEOUT: 408, HPE_HEADER_OVERFLOW: 431 }[error.code ?? ''] ?? 400;
  const body = JSON.stringify(blank(status, 'The request is not well-formed HTTP, or did not come in time.'));
  socket.end(
    `HTTP/1.1 ${status} ${blank(status).title}\r\ncontent-type: application/problem+json\r\nconnection: close\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
