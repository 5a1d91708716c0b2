import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { Server, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';

import { type HttpConfig } from './http.config.js';
import { type Metrics } from './metrics.js';
import { blank, problemOf } from './problem-mapping.js';
import { sendProblem } from './problem.filter.js';
import { invalid } from './problem.js';
import { type RouteTable } from './route-table.js';
import { type Trace, withTrace } from './trace.js';
import { attributesOf, type Tracer } from './tracer.js';

/** How often headers that are late are looked for, at most. */
const CHECKING_MS = 5_000;
/** Above the idle time of common load balancers (60 s), which otherwise send into a connection that is just being closed. */
const KEEP_ALIVE_MS = 72_000;
/** How long what still comes after a refusal is read and thrown away, so that the sender gets to read the answer. */
const LINGER_MS = 5_000;

/** Fastify as the services use it: problem documents also where the request never gets as far as Nest. */
export function createHttpAdapter({ headersTimeoutSeconds }: HttpConfig): FastifyAdapter {
  const headersTimeout = headersTimeoutSeconds * 1000;
  return new FastifyAdapter({
    logger: false,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // Bodies have deadlines of their own, by what the route takes; an import may take hours.
    requestTimeout: 0,
    http: { headersTimeout, connectionsCheckingInterval: Math.min(CHECKING_MS, headersTimeout / 2) },
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
  tracer: Tracer;
  routes: RouteTable;
}

/** Adds traces, measures, limits and time-outs; to be called before the routes are made. */
export function configureHttp(app: NestFastifyApplication, { config, metrics, tracer, routes }: HttpParts): void {
  const fastify = app.getHttpAdapter().getInstance();
  fastify.server.setTimeout(config.idleTimeoutSeconds * 1000);
  fastify.server.maxConnections = config.maxConnections;

  // Bodies are handed over unread: the body interceptor reads them once the guards have let the request in.
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('*', (_request, _payload, done) => done(null, undefined));

  fastify.addHook('onRoute', (route) => {
    routes.add(route.url, [route.method].flat());
  });
  // The answer may go out in another asynchronous context than the request came in.
  const traces = new WeakMap<object, Trace>();
  fastify.addHook('onRequest', (request, reply, done) => {
    const { traceparent } = request.headers;
    const trace = tracer.step(typeof traceparent === 'string' ? traceparent : undefined);
    if (tracer.on) traces.set(request, trace);
    void reply.header('x-request-id', trace.traceId);
    // Node follows every promise of the process from the first context on, which costs a tenth of what a Kafka consumer does.
    if (isAskedByMachines(request)) done();
    else withTrace(trace, done);
  });
  fastify.addHook('onRequest', (request, reply, done) => {
    // No text that Postgres holds has it, so that no name or id in a URL can; elsewhere the bodies' own rules say so.
    if (!request.url.includes('%00')) return done();
    const { status, document } = problemOf(invalid('', 'forbiddenCharacters', 'The URL has a NUL character.'));
    void sendProblem(reply, status, document);
  });
  fastify.addHook('onSend', (_request, reply, _payload, done) => {
    // Not before the port is closed: whoever is told comes again at once, and would knock just while it closes.
    if (!fastify.server.listening) void reply.header('connection', 'close');
    done();
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    metrics.httpSeconds.observe(
      { method: request.method, route: request.routeOptions.url ?? '(none)', status: String(reply.statusCode) },
      reply.elapsedTime / 1000,
    );
    const trace = traces.get(request);
    if (trace !== undefined) tellOf(request, reply, trace, tracer);
    if (!request.raw.complete) {
      const { socket } = request.raw;
      setTimeout(() => {
        if (!request.raw.complete) socket.destroy();
      }, LINGER_MS).unref();
    }
    done();
  });
}

/** Every few seconds, and nothing comes of it. */
const isAskedByMachines = ({ routeOptions: { url } }: FastifyRequest): boolean =>
  url === '/metrics' || url?.startsWith('/health/') === true;

function tellOf(request: FastifyRequest, reply: FastifyReply, trace: Trace, tracer: Tracer): void {
  if (isAskedByMachines(request)) return;
  const { url } = request.routeOptions;
  const endMs = performance.timeOrigin + performance.now();
  tracer.tell(trace, {
    name: url === undefined ? request.method : `${request.method} ${url}`,
    kind: 'server',
    startMs: endMs - reply.elapsedTime,
    endMs,
    attributes: attributesOf({
      'http.request.method': request.method,
      'http.route': url,
      'http.response.status_code': reply.statusCode,
      'url.scheme': 'http',
    }),
    failed: reply.statusCode >= 500,
  });
}

/**
 * Takes no more connections and waits for the answers that are owed, at most `graceSeconds`; then connections are cut.
 * Whoever sends on an open connection within `farewellSeconds` is still served, and told that it closes: who sends into one that we close
 * unasked cannot know whether it was heard. What nobody used in that time is closed.
 */
export async function drain(app: NestFastifyApplication, graceSeconds: number, farewellSeconds: number): Promise<void> {
  const fastify = app.getHttpAdapter().getInstance();
  const { server } = fastify;
  if (!server.listening) return;
  const cut = setTimeout(() => server.closeAllConnections(), graceSeconds * 1000);
  let reap: NodeJS.Timeout | undefined;
  try {
    if (farewellSeconds > 0) {
      // Who knocks while the port closes is cut off: first those are let in who came while this thread was busy.
      await turn();
      await turn();
      // Not the HTTP server's own, which cuts idle connections at once.
      const left = new Promise((resolve) => Server.prototype.close.call(server, resolve));
      await Promise.race([left, new Promise((resolve) => setTimeout(resolve, farewellSeconds * 1000).unref())]);
      // What has arrived is read before anything is closed.
      await turn();
    }
    reap = setInterval(() => server.closeIdleConnections(), 50);
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
  // Half closed it would stay for as long as the other side goes on, and neither the parser nor its time-outs look at it again.
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}
