import { type ArgumentsHost, Catch, type ExceptionFilter, Injectable, Logger } from '@nestjs/common';
import { type FastifyReply, type FastifyRequest } from 'fastify';

import { SenderGone } from './body.interceptor.js';
import { problemOf, type ProblemResponse, StatusProblem } from './problem-mapping.js';
import { Problem, type ProblemDocument } from './problem.js';
import { RouteTable } from './route-table.js';

/** As bytes, because Fastify would add a charset to the media type of a text. */
export function sendProblem(reply: FastifyReply, status: number, document: ProblemDocument): FastifyReply {
  return reply
    .code(status)
    .header('content-type', 'application/problem+json')
    .send(Buffer.from(JSON.stringify(document)));
}

/** Answers everything that is thrown in a request as an RFC 9457 document. */
@Catch()
@Injectable()
export class ProblemFilter implements ExceptionFilter {
  readonly #logger = new Logger('Problem');

  constructor(private readonly routes: RouteTable) {}

  catch(error: unknown, host: ArgumentsHost): void {
    if (host.getType() !== 'http') throw error;
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    if (error instanceof SenderGone || (isPrematureClose(error) && reply.raw.destroyed)) {
      reply.raw.destroy();
      return;
    }
    const answer = problemOf(this.routes.isUnknown(request) ? this.refusalOf(request) : error);
    this.tell(answer, request);
    if (reply.sent || reply.raw.headersSent) {
      // Half an answer is out: a broken connection tells the caller that it is not whole.
      reply.raw.destroy();
      return;
    }
    void sendProblem(reply.headers(answer.headers), answer.status, answer.document);
  }

  private refusalOf(request: FastifyRequest): Error {
    const path = request.url.split('?', 1)[0] ?? '/';
    const methods = this.routes.methodsOf(path);
    if (methods.length === 0) return new Problem('not-found', 'There is nothing at this path.');
    return new StatusProblem(405, `This takes ${methods.join(', ')}.`, { allow: methods.join(', ') });
  }

  private tell({ log, status }: ProblemResponse, request: FastifyRequest): void {
    if (log === undefined) return;
    const message = `${request.method} ${request.routeOptions?.url ?? '(no route)'} → ${status}: ${log.message}`;
    const about = aboutOf(request);
    if (log.level === 'warn') this.#logger.warn(message, ...about);
    else this.#logger.error(message, ...about, log.stack);
  }
}

/** What Fastify makes of an answer in pieces that nobody is there to take any more. */
const isPrematureClose = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The feedback or the loop that a path names; nothing where it is no id, for then it may be anything. */
function aboutOf({ params }: FastifyRequest): Record<string, string>[] {
  const about = Object.entries((params ?? {}) as Record<string, unknown>).filter(
    ([name, value]) => (name === 'feedbackId' || name === 'loopId') && typeof value === 'string' && UUID.test(value),
  );
  return about.length === 0 ? [] : [Object.fromEntries(about) as Record<string, string>];
}
