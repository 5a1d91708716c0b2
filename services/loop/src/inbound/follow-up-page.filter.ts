import { describeError, problemOf, SenderGone } from '@closeloop/platform';
import { Catch, Injectable, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { failedPage, pageHeaders } from './follow-up-page.js';

/** Tells customers in a page what others are told in a problem document. */
@Catch()
@Injectable()
export class FollowUpPageFilter implements ExceptionFilter {
  private readonly logger = new Logger('FollowUpPage');

  catch(error: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (error instanceof SenderGone || reply.sent || reply.raw.headersSent) {
      reply.raw.destroy();
      return;
    }
    const { status, headers } = problemOf(error);
    if (status >= 500) this.logger.error(`a page could not be made: ${describeError(error)}`);
    const page = failedPage(status);
    void reply
      .code(status)
      .headers({ ...headers, ...pageHeaders, 'content-language': page.language })
      .send(page.html);
  }
}
