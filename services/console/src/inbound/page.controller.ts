import { Problem, Public } from '@closeloop/platform';
import { Controller, Get, Req, Res } from '@nestjs/common';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { codingFor, WebPage } from '../domain/web-page.js';
import { PageDocument } from './page-document.js';

/** The page and what it is made of. Which of its places a path is, the page itself knows. */
@Controller()
@Public()
export class PageController {
  constructor(
    private readonly page: WebPage,
    private readonly document: PageDocument,
  ) {}

  @Get()
  home(@Res() reply: FastifyReply): void {
    this.document.send(reply);
  }

  @Get('*')
  any(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    const path = request.url.split('?', 1)[0]!;
    const file = this.page.find(path);
    if (!file) {
      // a script that is not there any more must not be answered by a page
      if (path.startsWith('/api/') || /\.\w+$/.test(path))
        throw new Problem('not-found', 'There is nothing at this path.');
      return this.document.send(reply);
    }
    const coding = codingFor(file, request.headers['accept-encoding']);
    void reply
      .header('content-type', file.type)
      .header('cache-control', file.isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache')
      .header('vary', 'accept-encoding')
      .headers(coding === 'identity' ? {} : { 'content-encoding': coding })
      .send(file.as[coding]);
  }
}
