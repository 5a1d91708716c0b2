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
    if (error instanceof SenderGone) {
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
    if (log.level === 'warn') this.#logger.warn(message);
    else this.#logger.error(message, log.stack);
  }
}
